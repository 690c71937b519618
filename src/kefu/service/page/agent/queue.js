// The list of conversations.

import { make } from "../view.js";
import { show } from "./show.js";
import { clock, waited } from "./time.js";

// Show the conversations in their groups; those that wait come first, whoever has waited longest at the top.
export function showQueue(words, parent, conversations, { me, openId }) {
  const groups = [
    ["waiting", ({ state }) => state === "waiting"],
    ["mine", ({ state, taken_by }) => state === "taken" && taken_by === me],
    ["others", ({ state, taken_by }) => state === "taken" && taken_by !== me],
    ["assistant", ({ state }) => state === "assistant"],
    ["closed", ({ state }) => state === "closed"],
  ];
  for (const [name, holds] of groups) {
    const members = conversations.filter(holds);
    let group = parent.querySelector(`[data-group=${name}]`);
    if (!group) {
      group = make("section", { "data-group": name }, make("h2", {}), make("ul", {}));
      parent.append(group);
    }
    group.hidden = members.length === 0;
    group.firstElementChild.textContent = `${words.say(`group_${name}`)} · ${members.length}`;
    const items = members.map((one) => ({ ...one, id: one.conversation_id, isOpen: one.conversation_id === openId }));
    show(group.lastElementChild, items, (item) => entry(words, item));
  }
}

// Return the ids of the conversations in the order in which they are shown.
export function shownIds(parent) {
  return [...parent.querySelectorAll("li")].map((item) => item.dataset.id);
}

// Let the times count up.
export function tick(words, parent) {
  for (const time of parent.querySelectorAll("time[data-since]")) time.textContent = waited(words, time.dataset.since);
}

function entry(words, conversation) {
  const { conversation_id, state, taken_by, language, reason, last_text, num_messages, isOpen } = conversation;
  const facts = [
    reason && (words.say(`reason_${reason}`) ?? reason),
    language && (words.say(`language_${language}`) ?? language),
    words.say(num_messages === 1 ? "message" : "messages", { count: num_messages }),
  ].filter(Boolean);
  const top = make("span", { class: "top" }, make("span", { class: `state state-${state}` }, stateName(words, state, taken_by)), time(words, conversation));
  const text = make("span", { class: "text" }, last_text || words.say("noText"));
  const link = make("a", { href: `#${conversation_id}`, "data-name": "open", "aria-current": isOpen ? "true" : null }, top, text);
  link.append(make("span", { class: "facts" }, facts.join(" · ")));
  return make("li", {}, link);
}

function time(words, { state, handed_over_at, last_message_at }) {
  if (state !== "waiting") return make("time", { datetime: last_message_at }, clock(words, last_message_at));
  const shown = make("time", { datetime: handed_over_at, "data-since": handed_over_at, title: words.say("waitsSince", { time: clock(words, handed_over_at) }) });
  shown.textContent = waited(words, handed_over_at);
  return shown;
}

export function stateName(words, state, takenBy) {
  return state === "taken" ? words.say("takenBy", { agent: takenBy }) : words.say(`state_${state}`);
}
