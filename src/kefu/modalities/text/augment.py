"""Changed copies of a text: synonyms, swapped and dropped words, typing mistakes, in English and Chinese."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from pydantic import Field, model_validator

from kefu.modalities.text.language import HAN
from kefu.parameters import Parameters

# a run of Chinese, a word, a thing with digits (sizes, order numbers), or one other character
_PIECE = re.compile(f"[{HAN}]+|[^\\W\\d_{HAN}]+(?:['’-][^\\W\\d_{HAN}]+)*(?![\\w])|[^\\W{HAN}]+|\\s+|.", re.S)
_WORD = re.compile(f"[^\\W\\d_{HAN}]+(?:['’-][^\\W\\d_{HAN}]+)*")
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_MIN_CHARS_FOR_TYPO = 4


class Augmentation(Parameters):
    """How often a word is changed, and how much of a text may be.

    The first four are chances of a word (in Chinese: a word of the lexicon or a character). Words that negate and
    whatever has digits in it stay where they are and as they are.
    """

    synonym_rate: float = Field(
        0.15, ge=0, le=1, description="Chance that a word gives way to a synonym, if it has one."
    )
    swap_rate: float = Field(0.03, ge=0, le=1, description="Chance that a word changes places with the next one.")
    deletion_rate: float = Field(0.05, ge=0, le=1, description="Chance that a word is left out.")
    typo_rate: float = Field(0.04, ge=0, le=1, description="Chance of a slip on the keyboard, or of a like character.")
    max_changed_share: float = Field(0.2, ge=0, le=1, description="At most this part of the words is changed.")

    @model_validator(mode="after")
    def _check_sum(self) -> "Augmentation":
        total = self.synonym_rate + self.swap_rate + self.deletion_rate + self.typo_rate
        if total > 1:
            raise ValueError(f"a word is changed in one way at most, but the four rates add up to {total:g} > 1")
        return self


def augment(text: str, params: Augmentation, rng: np.random.Generator) -> str:
    """Return a changed copy that a person would still label the same; never empty for a text that is not.

    Synonym replacement, swap and deletion after Wei and Zou, EDA: Easy data augmentation techniques (2019); typing
    mistakes are keys beside the right one, and Chinese characters that sound or look alike.
    """
    lexicon = _lexicon()
    pieces = lexicon.segment(text)
    words = [place for place, piece in enumerate(pieces) if _WORD.fullmatch(piece) or _HAN_CHARACTER.match(piece)]
    rates = (params.synonym_rate, params.swap_rate, params.deletion_rate, params.typo_rate)
    bounds = np.cumsum(rates)
    draws = rng.random(len(words))
    hits = np.flatnonzero(draws < bounds[-1])
    most = max(1, int(params.max_changed_share * len(words))) if params.max_changed_share else 0
    if len(hits) > most:
        hits = np.sort(rng.choice(hits, most, replace=False))
    for hit in hits:
        place = words[hit]
        following = words[hit + 1] if hit + 1 < len(words) else None
        way = int(np.searchsorted(bounds, draws[hit], side="right"))
        if way == 0:
            pieces[place] = lexicon.synonym(pieces[place], rng)
        elif lexicon.negates(pieces[place]):
            continue
        elif way == 1:
            _swap(pieces, place, following, lexicon)
        elif way == 2:
            if len(words) > 1:
                _delete(pieces, place)
        else:
            pieces[place] = lexicon.mistype(pieces[place], rng)
    changed = "".join(pieces).strip()
    return changed or text


def _swap(pieces: list[str], place: int, following: int | None, lexicon: "_Lexicon") -> None:
    if following is None or lexicon.negates(pieces[following]):
        return
    if all(piece.isspace() for piece in pieces[place + 1 : following]):
        pieces[place], pieces[following] = pieces[following], pieces[place]


def _delete(pieces: list[str], place: int) -> None:
    pieces[place] = ""
    if place + 1 < len(pieces) and pieces[place + 1].isspace():
        pieces[place + 1] = ""


@dataclass(frozen=True, slots=True)
class _Lexicon:
    synonyms: Mapping[str, tuple[str, ...]]
    han_words: Mapping[str, tuple[str, ...]]
    """Chinese words of two characters and more by their first one, the longest first."""
    neighbours: Mapping[str, str]
    """Keys beside a key."""
    mistaken: Mapping[str, str]
    english_negations: frozenset[str]
    chinese_negations: frozenset[str]

    def segment(self, text: str) -> list[str]:
        """Cut a text into words and what is between them; joined they are the text."""
        pieces: list[str] = []
        for piece in _PIECE.findall(text):
            if _HAN_CHARACTER.match(piece):
                pieces.extend(self._segment_han(piece))
            else:
                pieces.append(piece)
        return pieces

    def _segment_han(self, run: str) -> list[str]:
        words, start = [], 0
        while start < len(run):
            candidates = self.han_words.get(run[start], ())
            word = next((word for word in candidates if run.startswith(word, start)), run[start])
            words.append(word)
            start += len(word)
        return words

    def negates(self, word: str) -> bool:
        """Tell whether a word turns the meaning round, so that it must stay."""
        lowered = word.lower().replace("’", "'")
        return (
            lowered in self.english_negations
            or lowered.endswith("n't")
            or any(char in self.chinese_negations for char in word)
        )

    def synonym(self, word: str, rng: np.random.Generator) -> str:
        """Return a word of the same meaning and case, or the word itself if none is known."""
        choices = self.synonyms.get(word.lower())
        if choices is None:
            return word
        chosen = choices[rng.integers(len(choices))]
        if len(word) > 1 and word.isupper():
            return chosen.upper()
        return chosen[0].upper() + chosen[1:] if word[0].isupper() else chosen

    def mistype(self, word: str, rng: np.random.Generator) -> str:
        """Make one slip in a word; one that has no place for it stays as it is."""
        if _HAN_CHARACTER.match(word):
            return self._mistype_han(word, rng)
        if len(word) < _MIN_CHARS_FOR_TYPO:
            return word
        place = int(rng.integers(1, len(word) - 1))  # seldom the first letter, as with people
        before, char, after = word[:place], word[place], word[place + 1 :]
        match rng.integers(4):
            case 0:
                return before + after
            case 1:
                return before + char + char + after
            case 2:
                return before + after[0] + char + after[1:]
            case _:
                keys = self.neighbours.get(char.lower(), char)
                key = keys[rng.integers(len(keys))]
                return before + (key.upper() if char.isupper() else key) + after

    def _mistype_han(self, word: str, rng: np.random.Generator) -> str:
        places = [place for place, char in enumerate(word) if char in self.mistaken]
        if not places:
            return word
        place = places[rng.integers(len(places))]
        others = self.mistaken[word[place]]
        return word[:place] + others[rng.integers(len(others))] + word[place + 1 :]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    data = json.loads(files("kefu.modalities.text").joinpath("lexicon.json").read_text(encoding="utf-8"))
    groups = [group for language in data["synonyms"].values() for group in language]
    synonyms = {
        word: tuple(other for other in group if other != word)
        for group in groups
        for word in group
        if not _HAN_CHARACTER.fullmatch(word)  # alone it may be half of a word that the lexicon does not know
    }
    han_words: dict[str, list[str]] = {}
    for word in sorted(synonyms, key=len, reverse=True):
        if _HAN_CHARACTER.match(word):
            han_words.setdefault(word[0], []).append(word)
    mistaken: dict[str, str] = {}
    for group in data["mistaken_characters"]:
        for char in group:
            mistaken[char] = mistaken.get(char, "") + group.replace(char, "")
    return _Lexicon(
        synonyms,
        {first: tuple(words) for first, words in han_words.items()},
        _neighbouring_keys(data["keyboard_rows"]),
        mistaken,
        frozenset(data["negations"]["en"]),
        frozenset(data["negations"]["zh"]),
    )


def _neighbouring_keys(rows: list[str]) -> dict[str, str]:
    """Return the keys that touch each key; every row is shifted by half a key to the right of the one above."""
    neighbours = {}
    for number, row in enumerate(rows):
        above, below = (rows[other] if 0 <= other < len(rows) else "" for other in (number - 1, number + 1))
        for place, key in enumerate(row):
            beside = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
            neighbours[key] = beside + above[place : place + 2] + below[max(0, place - 1) : place + 1]
    return neighbours
