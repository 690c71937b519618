"""English sentences as they are spoken: words without punctuation, numbers and abbreviations spelled out."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby

_TOKEN = re.compile(r"[A-Za-z]+(?:['’‘][A-Za-z]+)*|\d+")
_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_LETTER = "spelled_"
_MAX_ABBREVIATION = 4

Words = tuple[str, ...]


def spoken_words(phrase: str) -> Words:
    """Return the words that somebody says who reads an English phrase out.

    ``"Where's my PDF? 12 days"`` gives ``where's``, ``my``, a word for each letter of ``PDF``, ``twelve``, ``days``.
    Accents are left out.
    """
    words: list[str] = []
    for token in _TOKEN.findall(_without_accents(phrase)):
        if token.isdigit():
            words.extend(_spoken_number(token))
        elif 2 <= len(token) <= _MAX_ABBREVIATION and token.isalpha() and token.isupper():
            words.extend(f"{_LETTER}{letter.lower()}" for letter in token)
        else:
            words.append(token.lower().replace("’", "'").replace("‘", "'"))
    return tuple(words)


def spelled_letter(word: str) -> str | None:
    """Return the letter whose name a word stands for."""
    return word.removeprefix(_LETTER) if word.startswith(_LETTER) else None


def written(words: Iterable[str]) -> str:
    """Write down words that were heard: letters that follow each other are an abbreviation."""
    tokens: list[str] = []
    for is_spelled, group in groupby(words, key=lambda word: spelled_letter(word) is not None):
        if is_spelled:
            tokens.append("".join(word.removeprefix(_LETTER).upper() for word in group))
        else:
            tokens.extend(re.sub(r"^i(?='|$)", "I", word) for word in group)
    return " ".join(tokens)


def _without_accents(phrase: str) -> str:
    return "".join(mark for mark in unicodedata.normalize("NFD", phrase) if not unicodedata.combining(mark))


def _spoken_number(digits: str) -> list[str]:
    """Read numbers below 100 as numbers, longer ones digit by digit."""
    if len(digits) > 2 or (len(digits) == 2 and digits[0] == "0"):
        return [_UNITS[int(digit)] for digit in digits]
    number = int(digits)
    if number < len(_UNITS):
        return [_UNITS[number]]
    tens, unit = divmod(number, 10)
    return [_TENS[tens], *([_UNITS[unit]] if unit else [])]
