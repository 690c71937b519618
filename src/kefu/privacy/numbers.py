"""Payment cards and telephone numbers: runs of digits, however they are divided."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kefu.privacy.checksums import is_luhn
from kefu.privacy.context import is_of_goods, is_of_phone
from kefu.privacy.spans import Kind, Span, lower

_RUN = re.compile(r"[0-9]+(?:[ ./,()·\t-]{1,3}[0-9]+)*")
_GROUP = re.compile("[0-9]+")
_MIN_DIGITS, _MAX_DIGITS = 7, 19
# a number ends or begins where digits are divided by one of these; other signs hold a number together
_LOOSE = re.compile(r"[ \t,/()]")
_GLUED = re.compile(r"[A-Za-z0-9_]|[A-Za-z0-9][/#_-]+")
_EXTENSION = re.compile(r" ?(?:ext(?:ension)?\.?|x|转|分机号?) ?[0-9]{1,6}(?![0-9A-Za-z])", re.IGNORECASE)
_MAX_INTERNATIONAL = {"1": 11, "33": 11, "44": 12, "852": 11, "65": 10}
_DEFAULT_MAX_INTERNATIONAL = 13

_CARD_GROUPS = {(4, 6, 5), (4, 6, 4), (6, 10), (6, 13)}
_CARD_START = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})$|5[1-5]\d{14}$|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}$|3[47]\d{13}$"
    r"|3(?:0[0-5]|[689]\d)\d{11,16}$|35(?:2[89]|[3-8]\d)\d{12,15}$|6(?:011|4[4-9]\d|5\d\d)\d{12,15}$"
    r"|62\d{14,17}$|(?:5[06-8]|6[0-9])\d{14,17}$|9[0-9]{15,18}$"
)
_CHINESE_MOBILE = re.compile(r"(?:0?0?86|0)?1[3-9]\d{9}$")
_MOBILE_GROUPS = {(11,), (3, 4, 4), (3, 3, 5), (4, 4, 3), (4, 3, 4), (3, 8), (7, 4), (5, 6), (3, 2, 2, 2, 2)}
_NATIONAL_AS_ONE = re.compile(r"0[1-37]\d{9}$|010[2-8]\d{7}$|02\d[2-8]\d{7}$|0[3-9]\d\d[2-8]\d{6}$|01[5-7]\d{8,9}$")
_DIALLED = re.compile(r"00(?:1[2-9]\d{9}|33\d{9}|44\d{9,10}|49\d{9,11}|86\d{10,11}|852\d{8})$")
_AMERICAN = re.compile(r"1?[2-9]\d\d[2-9]\d{6}$")
_AMERICAN_GROUPS = {(3, 3, 4), (1, 3, 3, 4)}

_SAID_DIGIT = r"(?:(?:double|triple) )?(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_SAID = re.compile(rf"(?<![a-z]){_SAID_DIGIT}(?:[ ,.-]{{1,2}}{_SAID_DIGIT}){{5,24}}(?![a-z])")
_MIN_SAID_WORDS = 2  # different ones: `phone` and `someone` have one in them
_SAID_WORD = re.compile("[a-z]+")
_VALUES = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Number:
    """Neighbouring groups of digits, read as one number."""

    groups: tuple[str, ...]
    start: int
    end: int
    plus: bool
    """Whether a plus sign stands before it."""
    brackets: bool
    """Whether the first group is in brackets."""

    @property
    def digits(self) -> str:
        return "".join(self.groups)

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(map(len, self.groups))


def find_numbers(text: str) -> Iterator[tuple[Kind, Span]]:
    """Yield where payment cards (right by their check digit) and telephone numbers are."""
    for run in _RUN.finditer(text):
        if run.end() - run.start() >= _MIN_DIGITS:
            yield from _find_in_run(text, run.start(), run.end())
    small = lower(text)
    if sum(word in small for word in _VALUES) >= _MIN_SAID_WORDS:
        yield from _find_said(small)


def _find_in_run(text: str, start: int, end: int) -> Iterator[tuple[Kind, Span]]:
    spans = [match.span() for match in _GROUP.finditer(text, start, end)]
    opens = [_opens(text, spans, place) for place in range(len(spans))]
    closes = [*opens[1:], _closes(text, spans[-1][1])]
    first = 0
    while first < len(spans):
        found = _first_at(text, spans, closes, first) if opens[first] else None
        if found is None:
            first += 1
            continue
        kind, last, begins = found
        ends = spans[last][1]
        if kind == "phone" and (extension := _EXTENSION.match(text, ends)):
            ends = extension.end()
        yield kind, (begins, ends)
        first = last + 1


def _opens(text: str, spans: list[Span], place: int) -> bool:
    """Tell whether a number may begin at a group of digits: not within a code, a decimal, a word."""
    start = spans[place][0]
    if place:
        return _LOOSE.search(text, spans[place - 1][1], start) is not None
    before = text[max(0, start - 2) : start]
    if before.endswith("+"):
        return True
    if before[-1:].isascii() and (before[-1:].isalnum() or before[-1:] == "_"):
        return is_of_phone(text, start)
    return not _GLUED.fullmatch(before) or is_of_phone(text, start)


def _closes(text: str, end: int) -> bool:
    after = text[end : end + 2]
    if _EXTENSION.match(text, end):
        return True
    return not re.match(r"[A-Za-z0-9_]|[-_][A-Za-z]", after)


def _first_at(text: str, spans: list[Span], closes: list[bool], first: int) -> tuple[Kind, int, int] | None:
    """Return kind, last group and start of the number that begins with a group; None where none does."""
    start = spans[first][0]
    opening = re.search(r"\(?\+ ?\(?\Z|\(\Z", text[max(0, start - 3) : start])
    begins = start - len(opening.group()) if opening else start
    plus = opening is not None and "+" in opening.group()
    groups: list[str] = []
    candidates = []
    total = 0
    for last in range(first, len(spans)):
        group = text[slice(*spans[last])]
        total += len(group)
        if total > _MAX_DIGITS:
            break
        groups.append(group)
        if closes[last] and total >= _MIN_DIGITS:
            brackets = text[spans[first][1] : spans[first][1] + 1] == ")"
            candidates.append((last, _Number(tuple(groups), begins, spans[last][1], plus, brackets)))
    if not candidates:
        return None
    for last, number in reversed(candidates):
        if not plus and _is_card(number):
            return "card", last, start
    if first == 0 and not plus and is_of_goods(text, start):
        return None
    for last, number in reversed(candidates):
        if _is_phone(number):
            return "phone", last, begins
    if first == 0 and is_of_phone(text, begins):
        announced = [(last, number) for last, number in candidates if _may_be_announced(number)]
        if announced:
            return "phone", announced[-1][0], begins
    return None


def _is_card(number: _Number) -> bool:
    digits, lengths = number.digits, number.lengths
    is_even = len(set(lengths[:-1])) <= 1 and lengths[-1] <= max(lengths[0], 4)
    if not 13 <= len(digits) <= _MAX_DIGITS or not (is_even or lengths in _CARD_GROUPS):
        return False
    return _CARD_START.match(digits) is not None and len(set(digits)) > 1 and is_luhn(digits)


def _is_phone(number: _Number) -> bool:
    """Tell whether digits are a telephone number by themselves, without a word that announces one."""
    digits, lengths = number.digits, number.lengths
    if number.plus or (digits.startswith("00") and _is_written_international(number)):
        return _is_international(number)
    is_american = _AMERICAN.match(digits) is not None
    return (
        _is_chinese_mobile(number)
        or (is_american and (lengths in _AMERICAN_GROUPS or (number.brackets and lengths == (3, 7))))
        or (digits[0] == "0" and digits[1] != "0" and _is_national(number))
    )


def _is_chinese_mobile(number: _Number) -> bool:
    digits, lengths = number.digits, number.lengths
    has_prefix = digits[0] != "1" and len(lengths) > 1 and lengths[0] <= 4
    local = lengths[1:] if has_prefix else lengths
    return _CHINESE_MOBILE.match(digits) is not None and (
        local in _MOBILE_GROUPS or set(local) == {1} or len(lengths) == 1
    )


def _is_national(number: _Number) -> bool:
    """Tell whether digits that begin with one zero are area code and number."""
    digits, lengths = number.digits, number.lengths
    if len(lengths) == 1:
        return _NATIONAL_AS_ONE.match(digits) is not None
    if set(lengths) == {1}:
        return 10 <= len(digits) <= 11
    if len(lengths) == 3 and lengths[0] in {3, 4} and lengths[1] in {7, 8} and lengths[2] <= 5:
        return True  # Chinese, with the extension behind a hyphen
    is_whole = 9 <= len(digits) <= 12 and len(lengths) <= 4 and min(lengths) >= 2
    return is_whole and (number.brackets or 3 <= lengths[0] <= 5) and len(digits) - lengths[0] >= 5


def _is_international(number: _Number) -> bool:
    digits = number.digits.lstrip("0")
    most = next(
        (most for code, most in _MAX_INTERNATIONAL.items() if digits.startswith(code)), _DEFAULT_MAX_INTERNATIONAL
    )
    trunk = "0" in number.groups  # +49 (0)30 …
    return 8 <= len(digits) <= most + trunk and len(number.groups) <= 8


def _is_written_international(number: _Number) -> bool:
    return len(number.digits) >= 12 and (len(number.groups) > 1 or _DIALLED.match(number.digits) is not None)


def _may_be_announced(number: _Number) -> bool:
    """Tell whether digits behind a word for a telephone are its number, and not also what comes after it."""
    lengths = number.lengths
    if not _MIN_DIGITS <= sum(lengths) <= 15:
        return False
    return (
        len(lengths) == 1
        or set(lengths) == {1}
        or (lengths[0] < _MIN_DIGITS and min(lengths) >= 2 and sum(lengths) <= 13)
    )


def _find_said(text: str) -> Iterator[tuple[Kind, Span]]:
    for match in _SAID.finditer(text):
        digits, repeat = "", 1
        for word in _SAID_WORD.findall(match.group()):
            if word in _VALUES:
                digits, repeat = digits + repeat * _VALUES[word], 1
            else:
                repeat = 2 if word == "double" else 3
        number = _Number((digits,), *match.span(), plus=False, brackets=False)
        if is_of_goods(text, match.start()):
            continue
        if _is_card(number):
            yield "card", match.span()
        elif 10 <= len(digits) <= 12 or (len(digits) >= _MIN_DIGITS and is_of_phone(text, match.start())):
            yield "phone", match.span()
