"""Changed copies of a text: synonyms, swapped and dropped words, typing mistakes, in English and Chinese."""

import re

import numpy as np
from pydantic import Field, model_validator

from kefu.modalities.text.language import HAN
from kefu.modalities.text.lexicon import HAN_CHARACTER, Lexicon, read_lexicon
from kefu.parameters import Parameters

_WORD = re.compile(f"[^\\W\\d_{HAN}]+(?:['’-][^\\W\\d_{HAN}]+)*")


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
    lexicon = read_lexicon()
    pieces = lexicon.segment(text)
    words = [place for place, piece in enumerate(pieces) if _WORD.fullmatch(piece) or HAN_CHARACTER.match(piece)]
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


def _swap(pieces: list[str], place: int, following: int | None, lexicon: Lexicon) -> None:
    if following is None or lexicon.negates(pieces[following]):
        return
    if all(piece.isspace() for piece in pieces[place + 1 : following]):
        pieces[place], pieces[following] = pieces[following], pieces[place]


def _delete(pieces: list[str], place: int) -> None:
    pieces[place] = ""
    if place + 1 < len(pieces) and pieces[place + 1].isspace():
        pieces[place + 1] = ""
