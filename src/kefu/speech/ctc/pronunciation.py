"""How Chinese is pronounced: by syllables, as the synthesiser says them.

A syllable is written in the notation of espeak-ng, which is near to X-SAMPA. The labels of a recording are so what was
said in it, and not what a dictionary would have said.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple

from kefu.speech.espeak import spell_phonemes

Units = Literal["syllables", "toned_syllables", "initials_finals", "characters"]
"""What an acoustic model tells apart."""

_TONED = re.compile(r"(.*?)(11|214|35|51|55)$")
_ENGLISH, _CHINESE = "(en)", "(cmn)"
_VOICE = "sit/cmn"


class Syllable(NamedTuple):
    """What one symbol sounds like: a character, or a letter that is said by its English name."""

    initial: str
    """Empty where it begins with a vowel."""
    final: str
    tone: str
    """Its pitch from 1 to 5 over time, such as ``35`` for a rise; empty for a letter."""


def pronounce(spoken: str) -> list[Syllable] | None:
    """Return how each symbol of a phrase is pronounced.

    Args:
        spoken: characters and capital letters, as :func:`kefu.speech.ctc.spoken.to_spoken` returns them.

    Returns:
        A syllable for each symbol; nothing where the synthesiser does not say one syllable a symbol, as it does for
        characters that it does not know.

    Raises:
        SpeechUnavailableError: The extra ``voice`` is not installed.
    """
    syllables: list[Syllable] = []
    is_english = False
    for word in spell_phonemes(read_out(spoken), _VOICE):
        is_english = is_english or _ENGLISH in word
        if is_english:
            letter = spoken[len(syllables) : len(syllables) + 1]
            if not (letter.isascii() and letter):
                return None
            syllables.append(Syllable("", letter, ""))
        else:
            syllables += _split(word, spoken[len(syllables) :])
        is_english = is_english and _CHINESE not in word
    fits = len(syllables) == len(spoken) and all(
        symbol.isascii() == (not syllable.tone) for symbol, syllable in zip(spoken, syllables, strict=True)
    )
    return syllables if fits else None


def read_out(spoken: str) -> str:
    """Return a phrase as the synthesiser should be given it: letters apart, or it would read them as a word."""
    return re.sub("([A-Z])", r" \1 ", spoken)


def units_of(symbol: str, syllable: Syllable, kind: Units) -> tuple[str, ...]:
    """Return the units that a symbol, pronounced so, consists of."""
    if kind == "characters" or not syllable.tone:
        return (symbol,)
    if kind == "initials_finals":
        return (f"{syllable.initial}-", syllable.final) if syllable.initial else (syllable.final,)
    tone = syllable.tone if kind == "toned_syllables" else ""
    return (syllable.initial + syllable.final + tone,)


def _split(word: Sequence[str], symbols: str) -> list[Syllable]:
    """Return the syllables of a word: phonemes up to a toned vowel, and the ``n`` or ``N`` that closes it.

    Args:
        word: phonemes of one symbol or several.
        symbols: those that it consists of, and what comes behind.
    """
    syllables: list[Syllable] = []
    initial = ""
    for place, phoneme in enumerate(word):
        toned = _TONED.match(phoneme)
        if toned:
            syllables.append(Syllable(initial, toned[1], toned[2]))
            initial = ""
        elif syllables and not initial and _closes(word, place, symbols[len(syllables) :][:1]):
            syllables[-1] = syllables[-1]._replace(final=syllables[-1].final + phoneme)
        else:
            initial += phoneme
    return syllables


def _closes(word: Sequence[str], place: int, following: str) -> bool:
    """Say whether a phoneme right behind a vowel belongs to it.

    An ``n`` before a vowel or its glide may do so (棉袄) or begin the next syllable (菜鸟): the next symbol tells.
    """
    if word[place] != "n":
        return word[place] == "N"
    is_between_vowels = any(phoneme == "j" or _TONED.match(phoneme) for phoneme in word[place + 1 : place + 2])
    return not (is_between_vowels and _begins_with_n(following))


@cache
def _begins_with_n(symbol: str) -> bool:
    return any(word[:1] == ["n"] for word in spell_phonemes(symbol, _VOICE))
