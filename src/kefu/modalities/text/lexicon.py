"""Words and characters that stand, or are mistaken, for one another, in English and Chinese."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from kefu.modalities.text.language import HAN

# a run of Chinese, a word, a thing with digits (sizes, order numbers), or one other character
_PIECE = re.compile(f"[{HAN}]+|[^\\W\\d_{HAN}]+(?:['’-][^\\W\\d_{HAN}]+)*(?![\\w])|[^\\W{HAN}]+|\\s+|.", re.S)
HAN_CHARACTER = re.compile(f"[{HAN}]")
_MIN_CHARS_FOR_TYPO = 4


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What ``lexicon.json`` says, ready to be looked up."""

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
            if HAN_CHARACTER.match(piece):
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

    def mistaken_for(self, char: str) -> str:
        """Return what may be typed by mistake for a character, of the same case; empty where nothing is known."""
        if char in self.mistaken:
            return self.mistaken[char]
        keys = self.neighbours.get(char.lower(), "")
        return keys.upper() if char.isupper() else keys

    def mistype(self, word: str, rng: np.random.Generator) -> str:
        """Make one slip in a word; one that has no place for it stays as it is."""
        if HAN_CHARACTER.match(word):
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
def read_lexicon() -> Lexicon:
    """Return what stands in ``lexicon.json``, read once."""
    data = json.loads(files("kefu.modalities.text").joinpath("lexicon.json").read_text(encoding="utf-8"))
    groups = [group for language in data["synonyms"].values() for group in language]
    synonyms = {
        word: tuple(other for other in group if other != word)
        for group in groups
        for word in group
        if not HAN_CHARACTER.fullmatch(word)  # alone it may be half of a word that the lexicon does not know
    }
    han_words: dict[str, list[str]] = {}
    for word in sorted(synonyms, key=len, reverse=True):
        if HAN_CHARACTER.match(word):
            han_words.setdefault(word[0], []).append(word)
    mistaken: dict[str, str] = {}
    for group in data["mistaken_characters"]:
        for char in group:
            mistaken[char] = mistaken.get(char, "") + group.replace(char, "")
    return Lexicon(
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
