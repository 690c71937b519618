"""Ways in which a text is spoilt, by degrees."""

import numpy as np

from kefu.modalities.contract import Corruption
from kefu.modalities.text.lexicon import read_lexicon

_REPLACE, _LEAVE_OUT, _REPEAT, _SWAP = range(4)


def mistype(text: str, percent: float, rng: np.random.Generator) -> str:
    """Mistype a share of the letters, digits and Chinese characters of a text.

    A character gives way to a key beside it or to a Chinese one that sounds or looks alike, is left out, is typed
    twice, or changes places with the next, each equally often; where nothing is known to be mistaken for it, it is
    left out. These are the slips of Pruthi et al. 2019, "Combating Adversarial Misspellings with Robust Word
    Recognition"; white space and punctuation stay.

    Args:
        text: not empty.
        percent: share of the characters, 0 to 100. The expected number is exact: fractions are settled by a draw.
        rng: an equal generator mistypes the same characters in the same ways, and with a larger share more of them.
    """
    places = [place for place, char in enumerate(text) if char.isalnum()]
    order = rng.permutation(len(places))
    ways = rng.integers(4, size=len(places))
    picks = rng.random(len(places))
    count = int(percent / 100 * len(places) + rng.random())
    lexicon = read_lexicon()
    typed = list(text)
    for number in np.sort(order[:count]):
        place, way = places[number], ways[number]
        char = text[place]
        others = lexicon.mistaken_for(char)
        if way == _REPLACE and others:
            typed[place] = others[int(picks[number] * len(others))]
        elif way == _REPEAT:
            typed[place] = 2 * char
        elif way == _SWAP and place + 1 < len(text) and text[place + 1].isalnum():
            typed[place], typed[place + 1] = typed[place + 1], typed[place]
        else:
            typed[place] = ""
    mistyped = "".join(typed)
    return mistyped if mistyped.strip() else text


CORRUPTIONS = (Corruption("typos", "Mistyped characters, %", intact=0, levels=(2, 5, 10, 20, 30), apply=mistype),)
