"""Chinese as it is spoken: numbers and letters said out, punctuation gone; and back to how it is written."""

import re
import unicodedata

DIGITS = "零一二三四五六七八九"
_YAO = "幺"  # how 一 is said among digits that are read out one by one
_UNITS = ("", "十", "百", "千")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TWO = re.compile(r"(?<![\d.A-Z])2(?=[个天次件张块])")
_MONEY = re.compile(r"[¥￥](\d+(?:\.\d+)?)元?")
_SPOKEN = re.compile(r"[A-Z\u4e00-\u9fff]")
_LONGEST_CARDINAL = 4
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

_SAID_DIGITS = f"[{DIGITS}{_YAO}]"
_CODE = re.compile(rf"[A-Z]+{_SAID_DIGITS}{{2,}}|{_SAID_DIGITS}{{4,}}")
_CARDINAL = rf"[{DIGITS}两十百千]+(?:点[{DIGITS}]+)?"
_DATE = re.compile(r"([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})([号日])")
_AMOUNT = re.compile(rf"((?:{_CARDINAL}){{2,}})([元块])")


def to_spoken(text: str) -> str:
    """Return what is said where a text is read out: Chinese characters, and capital letters that are said one by one.

    Numbers of up to four digits are said as numbers, longer ones and those behind letters digit by digit. All that
    is neither a character, a letter nor a number is left out.
    """
    text = unicodedata.normalize("NFKC", text).upper()
    text = _MONEY.sub(lambda found: f"{found[1]}元", text)
    text = _TWO.sub("两", text)
    text = _NUMBER.sub(lambda found: _say_number(found[0], text[: found.start()]), text)
    return "".join(_SPOKEN.findall(text))


def to_written(spoken: str) -> str:
    """Return digits where they are written so: order numbers, amounts, dates. Other numbers stay characters."""
    text = _CODE.sub(lambda found: _write_digits(found[0]), spoken)
    text = _DATE.sub(lambda found: f"{_write_cardinal(found[1])}月{_write_cardinal(found[2])}{found[3]}", text)
    return _AMOUNT.sub(lambda found: f"{_write_cardinal(found[1])}{found[2]}", text)


def say_digits(number: str) -> str:
    """Return digits said one by one: ``105`` as 一零五."""
    return "".join(DIGITS[int(digit)] for digit in number)


def say_cardinal(number: int) -> str:
    """Return a number from 0 to 9999 as it is said: 105 as 一百零五.

    Raises:
        ValueError: The number is negative or has more than four digits.
    """
    if not 0 <= number < 10**_LONGEST_CARDINAL:
        raise ValueError(f"{number} is not from 0 to {10**_LONGEST_CARDINAL - 1}")
    said = ""
    for place, digit in enumerate(reversed(str(number))):
        if digit != "0":
            said = DIGITS[int(digit)] + _UNITS[place] + said
        elif said and not said.startswith(DIGITS[0]):
            said = DIGITS[0] + said
    return said.removeprefix("一") if 10 <= number < 20 else said or DIGITS[0]


def _say_number(number: str, before: str) -> str:
    whole, _, decimals = number.partition(".")
    is_code = len(whole) > _LONGEST_CARDINAL or (len(whole) > 1 and whole[0] == "0") or before[-1:] in _LETTERS
    said = say_digits(whole) if is_code else say_cardinal(int(whole))
    return f"{said}点{say_digits(decimals)}" if decimals else said


def _write_digits(code: str) -> str:
    return "".join(
        "1" if symbol == _YAO else str(DIGITS.find(symbol)) if symbol in DIGITS else symbol for symbol in code
    )


def _write_cardinal(said: str) -> str:
    whole, _, decimals = said.partition("点")
    number, digit = 0, 0
    for symbol in whole.replace("两", "二"):
        if symbol in DIGITS:
            digit = DIGITS.index(symbol)
        else:
            number, digit = number + (digit or 1) * 10 ** _UNITS.index(symbol), 0
    written = str(number + digit)
    return f"{written}.{_write_digits(decimals)}" if decimals else written
