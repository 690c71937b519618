"""What finders give, and the text that they are given."""

import re
from typing import Literal, get_args

Kind = Literal["card", "phone", "id_number", "email", "address", "name", "iban"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds of personal data, each with its placeholder: ``[card]``, ``[phone]``, …"""

Span = tuple[int, int]
"""Where something starts and ends, as characters of the text."""

WALL = "\x00"
"""What stands in the place of each character that was found: no pattern matches it or reaches beyond it."""

_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)})\]")
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63), "-")
_SPACES = dict.fromkeys((0xA0, 0xAD, *range(0x2000, 0x2010), 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF), " ")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DIGITS = {first + digit: str(digit) for first in (0x660, 0x6F0) for digit in range(10)}
_SIGNS: dict[int, str | int] = {ord("’"): "'", ord("‘"): "'", ord("•"): "·", ord("・"): "·", ord("‧"): "·"}
_FOLDED: dict[int, str | int] = {**_SIGNS, **_DASHES, **_SPACES, **_FULL_WIDTH, **_DIGITS}

_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

_CHINESE_DIGITS = "零〇幺一二三四五六七八九"
# a number that is read out digit by digit; years and counts are shorter
_READ_OUT = re.compile(f"[{_CHINESE_DIGITS}](?:[ ,、-]?[{_CHINESE_DIGITS}]){{6,}}")
_TO_DIGITS = str.maketrans(_CHINESE_DIGITS, "001123456789")


def fold(text: str) -> str:
    """Return the text as finders read it, of the same length: plain digits, signs and spaces, placeholders walled."""
    if not text.isascii():
        text = _READ_OUT.sub(lambda match: match.group().translate(_TO_DIGITS), text.translate(_FOLDED))
    return _PLACEHOLDER.sub(lambda match: WALL * len(match.group()), text) if "[" in text else text


def lower(text: str) -> str:
    """Return a text in small letters, of the same length."""
    small = text.lower()
    return small if len(small) == len(text) else text.translate(_SMALL)
