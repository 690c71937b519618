"""Numbers as people say them in English and Chinese: digit by digit, or as words."""

import re

CHINESE_DIGITS = {
    "零": 0, "〇": 0, "一": 1, "幺": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000}
_CHINESE_GROUPS = {"万": 10_000, "亿": 100_000_000}

ENGLISH_DIGITS = {
    "zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9,
}  # fmt: skip
_ENGLISH_SMALL = {name: value for name, value in ENGLISH_DIGITS.items() if name != "oh"} | {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ENGLISH_GROUPS = {"thousand": 1000, "million": 1_000_000}
_REPEATS = {"double": 2, "triple": 3}

_ENGLISH_WORDS = "|".join(sorted((*_ENGLISH_SMALL, "hundred", *_ENGLISH_GROUPS), key=len, reverse=True))

CHINESE_NUMERAL = "[零〇一二两三四五六七八九十百千万亿]+"
"""A Chinese number in words, as a regular expression."""

ENGLISH_NUMERAL = (
    rf"(?:an?\s+(?=hundred|thousand|million))?\b(?:{_ENGLISH_WORDS})"
    rf"(?:(?:[\s-]+|\s+and\s+)(?:{_ENGLISH_WORDS}))*\b"
)
"""An English number in words, as a regular expression (to be matched without regard to case)."""

SPOKEN_DIGIT = (
    rf"(?:(?:double|triple)\s+)?(?:\d+|\b(?:{'|'.join(ENGLISH_DIGITS)})\b|[{''.join(CHINESE_DIGITS)}](?![十百千万亿]))"
)
"""A digit or a run of them, as it is typed or said within a number that is read out (to be matched without case)."""

_DIGIT_PARTS = re.compile(r"\d|[a-z]+|[^\W\d_a-z]")


def parse_chinese(numeral: str) -> int | None:
    """Return the value of a Chinese number, such as 320 of ``三百二十``; None where it is none.

    Colloquial endings count for the next lower unit (``三百二`` is 320, ``一万二`` is 12,000), and digits without units
    are read one by one (``二零二六`` is 2026).
    """
    if not numeral or any(c not in CHINESE_DIGITS and c not in _CHINESE_UNITS | _CHINESE_GROUPS for c in numeral):
        return None
    if all(c in CHINESE_DIGITS for c in numeral):
        return int("".join(str(CHINESE_DIGITS[c]) for c in numeral))
    total, group, digit, last_unit, follows_zero = 0, 0, 0, 1, False
    for c in numeral:
        if c in CHINESE_DIGITS:
            if digit:
                return None
            digit, follows_zero = CHINESE_DIGITS[c], follows_zero or CHINESE_DIGITS[c] == 0
        elif c in _CHINESE_UNITS:
            group += (digit or 1) * _CHINESE_UNITS[c]
            digit, last_unit, follows_zero = 0, _CHINESE_UNITS[c], False
        else:
            # 三万亿 multiplies what went before, 一亿零三万 adds to it
            section, value = group + digit, _CHINESE_GROUPS[c]
            total = total + section * value if total > value else (total + section) * value
            group, digit, last_unit, follows_zero = 0, 0, _CHINESE_GROUPS[c], False
    is_colloquial = digit and last_unit >= 100 and not follows_zero
    return total + group + digit * (last_unit // 10 if is_colloquial else 1)


def parse_english(numeral: str) -> int | None:
    """Return the value of an English number, such as 320 of ``three hundred and twenty``; None where it is none."""
    total, group, last = 0, 0, 0
    words = [word for word in re.split(r"[\s-]+", numeral.lower().strip()) if word not in {"and", "a", "an"}]
    if not words:
        return None
    for word in words:
        if word in _ENGLISH_SMALL:
            value = _ENGLISH_SMALL[word]
            if last and not (last >= 20 and last % 10 == 0 and 0 < value < 10) and last < 100:
                return None
            group, last = group + value, value
        elif word == "hundred":
            group, last = (group or 1) * 100, 100
        elif word in _ENGLISH_GROUPS:
            total, group, last = total + (group or 1) * _ENGLISH_GROUPS[word], 0, 1000
        else:
            return None
    return total + group


def parse_digits(spoken: str) -> str:
    """Return the digits that are read out: ``2055`` of ``two oh double five``, ``20391`` of ``二零三九幺``.

    Raises:
        KeyError: it holds a word that is no digit.
    """
    digits, repeats = "", 1
    for part in _DIGIT_PARTS.findall(spoken.lower()):
        if part in _REPEATS:
            repeats = _REPEATS[part]
            continue
        digit = part if part.isdigit() else str({**ENGLISH_DIGITS, **CHINESE_DIGITS}[part])
        digits += digit * repeats
        repeats = 1
    return digits
