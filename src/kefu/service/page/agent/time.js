// Times as people read them.

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

// How long ago it was: `0:42`, `12:05`, `3 h 05 min`, `2 d 4 h`.
export function waited(words, since, now = Date.now()) {
  const seconds = Math.max(0, Math.floor((now - new Date(since)) / 1000));
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)}:${two(seconds % MINUTE_S)}`;
  const minutes = Math.floor((seconds % HOUR_S) / MINUTE_S);
  if (seconds < DAY_S) return words.say("hours", { hours: Math.floor(seconds / HOUR_S), minutes: two(minutes) });
  return words.say("dayHours", { days: Math.floor(seconds / DAY_S), hours: Math.floor((seconds % DAY_S) / HOUR_S) });
}

// The time of day, with the date unless it is today's.
export function clock(words, time) {
  const at = new Date(time);
  const isToday = at.toDateString() === new Date().toDateString();
  const day = isToday ? {} : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(words.say("locale"), { ...day, hour: "2-digit", minute: "2-digit" }).format(at);
}

// A day of the calendar, `2026-03-14`.
export function dayName(words, day) {
  return new Intl.DateTimeFormat(words.say("locale"), { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

// How long something took, in seconds.
export function duration(words, seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return words.say("milliseconds", { milliseconds: Math.round(seconds * 1000) });
  if (seconds < MINUTE_S) return words.say("seconds", { seconds: seconds.toFixed(seconds < 10 ? 1 : 0) });
  if (seconds < HOUR_S) return words.say("minutes", { minutes: Math.round(seconds / MINUTE_S) });
  return words.say("hours", { hours: Math.floor(seconds / HOUR_S), minutes: String(Math.floor((seconds % HOUR_S) / MINUTE_S)).padStart(2, "0") });
}
