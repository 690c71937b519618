"""Hashed word and character n-grams of many texts at once, in English and Chinese."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kefu.modalities.text.hashing import code_points, mix
from kefu.modalities.text.language import HAN

# A unit is a Chinese character or a word of two letters and more, as in scikit-learn; a single letter counts only
# beside a Chinese character (T恤).
_UNIT = re.compile(f"[{HAN}]|[^\\W{HAN}]{{2,}}|[^\\W{HAN}](?=[{HAN}])|(?<=[{HAN}])[^\\W{HAN}]")
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_SPACE_OR_HAN = re.compile(f"[\\s{HAN}]+")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_WORD_SEED, _CHARACTER_SEED = np.uint64(1 << 32), np.uint64(2 << 32)


@dataclass(frozen=True, slots=True)
class NGrams:
    """One entry for each occurrence of an n-gram in a text."""

    rows: NDArray[np.int64]
    """Which text."""
    hashes: NDArray[np.uint64]
    """Which n-gram, scattered evenly over 64 bits."""


@dataclass(frozen=True, slots=True)
class Units:
    """The words and Chinese characters of N texts, one after the other."""

    num_texts: int
    rows: NDArray[np.int64]
    """Which text."""
    hashes: NDArray[np.uint64]
    is_han: NDArray[np.bool_]
    """Whether it is a Chinese character."""

    def han_shares(self) -> NDArray[np.float64]:
        """Return the part of each text's units (N,) that are Chinese characters; 0 for a text without any."""
        num_units = np.bincount(self.rows, minlength=self.num_texts)
        return np.bincount(self.rows[self.is_han], minlength=self.num_texts) / np.maximum(num_units, 1)


def find_units(texts: Sequence[str]) -> Units:
    """Cut texts into words and Chinese characters; case does not count."""
    units_of_text = [_UNIT.findall(text.lower()) for text in texts]
    units = [unit for found in units_of_text for unit in found]
    rows = np.repeat(np.arange(len(texts)), [len(found) for found in units_of_text])
    is_han = np.array([len(unit) == 1 and _HAN_CHARACTER.match(unit) is not None for unit in units], dtype=bool)
    return Units(len(texts), rows, _hash_strings(units), is_han)


def word_ngrams(units: Units, word_range: tuple[int, int], han_range: tuple[int, int]) -> NGrams:
    """Return n-grams of words, and of Chinese characters and the words beside them.

    Args:
        units: of some texts.
        word_range: shortest and longest n-gram without a Chinese character.
        han_range: shortest and longest n-gram with at least one.
    """
    rows, unit_hashes, is_han = units.rows, units.hashes, units.is_han
    hashes, with_han = np.zeros_like(unit_hashes), np.zeros_like(is_han)
    kept = []
    for length in range(1, max(word_range[1], han_range[1]) + 1):
        num = max(0, len(rows) - length + 1)
        hashes = hashes[:num] * _MULTIPLIER + unit_hashes[length - 1 :]
        with_han = with_han[:num] | is_han[length - 1 :]
        wanted = np.where(with_han, _within(length, han_range), _within(length, word_range))
        wanted &= rows[:num] == rows[length - 1 :]
        kept.append(NGrams(rows[:num][wanted], mix(hashes[wanted] + (_WORD_SEED + np.uint64(length)))))
    return _concatenate(kept)


def character_ngrams(texts: Sequence[str], char_range: tuple[int, int]) -> NGrams:
    """Return n-grams of the characters between two spaces, both spaces included (``char_wb`` of scikit-learn).

    Chinese characters are left to :func:`word_ngrams`, words with their spaces shorter than the shortest n-gram
    give none.
    """
    lines = ["".join(f" {chunk} \n" for chunk in _SPACE_OR_HAN.sub(" ", text.lower()).split()) for text in texts]
    rows = np.repeat(np.arange(len(texts)), [len(line) for line in lines])
    points = code_points("".join(lines))
    inside = points != ord("\n")
    point_hashes = mix(points)

    hashes, valid = np.zeros_like(point_hashes), np.ones_like(inside)
    kept = []
    for length in range(1, char_range[1] + 1):
        num = max(0, len(points) - length + 1)
        hashes = hashes[:num] * _MULTIPLIER + point_hashes[length - 1 :]
        valid = valid[:num] & inside[length - 1 :]
        if _within(length, char_range):
            kept.append(NGrams(rows[:num][valid], mix(hashes[valid] + (_CHARACTER_SEED + np.uint64(length)))))
    return _concatenate(kept)


def _within(length: int, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= length <= bounds[1]


def _hash_strings(strings: Sequence[str]) -> NDArray[np.uint64]:
    if not strings:
        return np.zeros(0, dtype=np.uint64)
    lengths = np.array([len(string) for string in strings])
    starts = np.cumsum(lengths) - lengths
    positions = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    powers = np.cumprod(np.full(lengths.max(), _MULTIPLIER))
    return mix(np.add.reduceat(mix(code_points("".join(strings))) * powers[positions], starts))


def _concatenate(parts: Sequence[NGrams]) -> NGrams:
    return NGrams(np.concatenate([part.rows for part in parts]), np.concatenate([part.hashes for part in parts]))
