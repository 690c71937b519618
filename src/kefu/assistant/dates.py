"""Days that people name in English and Chinese: ``14 March``, ``last Friday``, ``3月14号``, ``上周五``.

A grammar of our own: a customer names a day in a few dozen ways, and whoever reads dates everywhere, as libraries for
any language do, finds them in sizes and prices, too.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from kefu.assistant.numerals import CHINESE_NUMERAL, ENGLISH_NUMERAL, parse_chinese, parse_english

AHEAD_DAYS = 31
"""A day without a year lies at most so far ahead, else it is past: customers speak of orders that they made."""


@dataclass(frozen=True)
class FoundDate:
    """A day, and where in the text it stands: from ``start`` up to, not including, ``end``."""

    day: date
    start: int
    end: int


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon 一", "tuesday tues tue 二", "wednesday wed 三", "thursday thurs thu 四", "friday fri 五",
            "saturday sat 六", "sunday sun 日 天",
        )
    )
    for name in names.split()
}  # fmt: skip
_UNIT_DAYS = {"day": 1, "week": 7, "天": 1, "日": 1, "周": 7, "星期": 7, "个星期": 7, "礼拜": 7, "个礼拜": 7}
_RELATIVE = {
    "the day before yesterday": -2, "day before yesterday": -2, "the day after tomorrow": 2, "day after tomorrow": 2,
    "yesterday": -1, "today": 0, "tonight": 0, "this morning": 0, "tomorrow": 1, "last night": -1,
    "大前天": -3, "前天": -2, "昨天": -1, "昨晚": -1, "今天": 0, "今早": 0, "今晚": 0, "明天": 1,
    "大后天": 3, "后天": 2,
}  # fmt: skip

_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>\d{4}))?"
_LONG_DAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_SHORT_DAY = "mon|tues|tue|wed|thurs|thu|fri|sat|sun"
_COUNT = rf"(?P<count>\d{{1,3}}|an?|a couple of|{ENGLISH_NUMERAL})"
_HAN_NUMBER = rf"(?:\d{{1,4}}|{CHINESE_NUMERAL})"
_NOT_A_DAY = "(?!店|线|楼|球|门|机|码|仓|库|电池|字|色|车)"


def find_dates(text: str, today: date) -> Iterator[FoundDate]:
    """Yield the days that a text names, in the order in which they stand.

    Args:
        text: English, Chinese or both; full-width digits should be made plain before.
        today: what ``yesterday`` is reckoned from. A day without a year is the latest such day that lies at most
            :data:`AHEAD_DAYS` ahead. ``4/3`` is the fourth of March; only where that is impossible, the third of April.
    """
    taken: list[FoundDate] = []
    for pattern, read in _GRAMMAR:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in taken):
                continue
            day = read(match, today)
            if day is not None:
                taken.append(FoundDate(day, match.start(), match.end()))
    yield from sorted(taken, key=lambda found: found.start)


def _number(written: str) -> int | None:
    written = written.strip().lower()
    if written.isdigit():
        return int(written)
    if written in {"a", "an"}:
        return 1
    if written == "a couple of":
        return 2
    return parse_chinese(written) if not written.isascii() else parse_english(written)


def _calendar_day(year: int | None, month: int | None, day: int | None, today: date) -> date | None:
    """Return a day of the calendar, the year reckoned where it is None; None where there is no such day."""
    if month is None or day is None:
        return None
    try:
        if year is not None:
            return date(year + 2000 if year < 100 else year, month, day)
        latest = today + timedelta(days=AHEAD_DAYS)
        # the 29th of February may be up to eight years back
        for candidate in range(latest.year, latest.year - 9, -1):
            if day <= monthrange(candidate, month)[1] and (found := date(candidate, month, day)) <= latest:
                return found
    except (ValueError, IndexError):
        return None
    return None


def _year_first(match: re.Match[str], today: date) -> date | None:
    return _calendar_day(int(match["year"]), int(match["month"]), int(match["day"]), today)


def _month_by_name(match: re.Match[str], today: date) -> date | None:
    year = int(match["year"]) if match["year"] else None
    return _calendar_day(year, _MONTHS[match["month"].lower()], int(match["day"]), today)


def _day_first(match: re.Match[str], today: date) -> date | None:
    if match.group() == "24/7":
        return None
    year = int(match["year"]) if match["year"] else None
    day, month = int(match["day"]), int(match["month"])
    return _calendar_day(year, month, day, today) or _calendar_day(year, day, month, today)


def _chinese_day(match: re.Match[str], today: date) -> date | None:
    year = _number(match["year"]) if match["year"] else None
    return _calendar_day(year, _number(match["month"]), _number(match["day"]), today)


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    """Read ``上个月3号``, ``本月3号`` and ``3号``, which is the latest third."""
    day = _number(match["day"])
    if day is None or not 1 <= day <= 31:
        return None
    which = match["which"] or ""
    first = today.replace(day=1)
    if which.startswith("上"):
        first = (first - timedelta(days=1)).replace(day=1)
    elif which.startswith("下"):
        first = (first + timedelta(days=31)).replace(day=1)
    found = _calendar_day(first.year, first.month, day, today)
    if not which and found is not None and found > today:
        before = (first - timedelta(days=1)).replace(day=1)
        found = _calendar_day(before.year, before.month, day, today)
    return found


def _relative(match: re.Match[str], today: date) -> date | None:
    return today + timedelta(days=_RELATIVE[match.group().lower()])


def _ago(match: re.Match[str], today: date) -> date | None:
    count = _number(match["count"])
    if count is None or count > 1000:
        return None
    is_past = match["direction"].lower() in {"ago", "前", "以前", "之前"}
    unit = match["unit"].lower().rstrip("s")
    signed = -count if is_past else count
    if unit in {"month", "个月"}:
        months = today.year * 12 + today.month - 1 + signed
        year, month = divmod(months, 12)
        return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
    return today + timedelta(days=signed * _UNIT_DAYS[unit])


def _english_weekday(match: re.Match[str], today: date) -> date | None:
    """Return the last such day before today, or the first after it where ``next`` or ``this coming`` stands before."""
    weekday = _WEEKDAYS[match["weekday"].lower()]
    if (match["which"] or "").lower() in {"next", "this coming"}:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)


def _chinese_weekday(match: re.Match[str], today: date) -> date | None:
    """Return the day of this week (from Monday), or of the weeks before or after it."""
    which = match["which"] or ""
    weeks = which.count("下") - which.count("上")
    return today + timedelta(days=7 * weeks + _WEEKDAYS[match["weekday"]] - today.weekday())


_Reader = Callable[[re.Match[str], date], date | None]
_BEFORE_WEEKDAY = "last|on|this coming|this|next|since|by|until"
_GRAMMAR: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), read)
    for pattern, read in (
        (rf"(?:(?P<year>{_HAN_NUMBER})年)?(?P<month>{_HAN_NUMBER})月(?P<day>{_HAN_NUMBER})[号日號]?", _chinese_day),
        (
            r"(?<![\d.])(?P<year>(?:19|20)\d\d)(?P<gap>[-/.])(?P<month>\d{1,2})(?P=gap)(?P<day>\d{1,2})(?!\d)",
            _year_first,
        ),
        (rf"(?<!\d)\b{_DAY}(?:\s+of)?\s+(?P<month>{_MONTH})\b\.?{_YEAR}", _month_by_name),
        (rf"\b(?P<month>{_MONTH})\b\.?\s+(?:the\s+)?{_DAY}(?!\d){_YEAR}", _month_by_name),
        (r"(?<![\d/.])(?P<day>\d{1,2})[/.](?P<month>\d{1,2})[/.](?P<year>\d{4}|\d\d)(?![\d/])", _day_first),
        (r"(?<![\d/.])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?P<year>)(?![\d/])", _day_first),
        ("|".join(f"\\b{name}\\b" if name.isascii() else name for name in _RELATIVE), _relative),
        (rf"\b{_COUNT}\s+(?P<unit>day|week|month)s?\s+(?P<direction>ago)\b", _ago),
        (rf"\b(?P<direction>in)\s+{_COUNT}\s+(?P<unit>day|week|month)s?\b", _ago),
        (
            rf"(?P<count>{_HAN_NUMBER})(?P<unit>天|日|周|个?星期|个?礼拜|个月)"
            "(?P<direction>以前|之前|前|以后|之后|后)",
            _ago,
        ),
        (rf"\b(?:(?P<which>{_BEFORE_WEEKDAY})\s+)?(?P<weekday>{_LONG_DAY})\b", _english_weekday),
        (rf"\b(?P<which>{_BEFORE_WEEKDAY})\s+(?P<weekday>{_SHORT_DAY})\b", _english_weekday),
        (
            r"(?P<which>上上个?|上个?|这个?|本|下下个?|下个?)?(?:周|星期|礼拜)"
            "(?P<weekday>[一二三四五六日天])(?![天个周])",
            _chinese_weekday,
        ),
        (
            r"(?P<which>上个?月|这个?月|本月|下个?月)?(?<![\d一二三四五六七八九十])"
            rf"(?P<day>{_HAN_NUMBER})[号號](?!码){_NOT_A_DAY}",
            _day_of_month,
        ),
    )
)
