"""How an English word sounds: from espeak-ng's phonemes to the ARPAbet that pocketsphinx knows."""

import re
from collections.abc import Mapping

from kefu.speech.espeak import phonemes

_VOICE = "gmw/en-US"
_STRESS = re.compile("[ˈˌ]")

# General American; the sounds are those that espeak-ng 1.52 writes, and the ARPAbet is that of the CMU dictionary
ARPABET: Mapping[str, tuple[str, ...]] = {
    "ɑː": ("AA",), "ɑ": ("AA",), "æ": ("AE",), "ʌ": ("AH",), "ə": ("AH",), "ɐ": ("AH",), "ɔː": ("AO",), "ɔ": ("AO",),
    "aʊ": ("AW",), "aɪ": ("AY",), "ɛ": ("EH",), "ɚ": ("ER",), "ɜː": ("ER",), "eɪ": ("EY",), "ɪ": ("IH",), "ᵻ": ("IH",),
    "i": ("IY",), "iː": ("IY",), "oʊ": ("OW",), "ɔɪ": ("OY",), "ʊ": ("UH",), "uː": ("UW",), "u": ("UW",),
    "b": ("B",), "tʃ": ("CH",), "d": ("D",), "ð": ("DH",), "f": ("F",), "ɡ": ("G",), "h": ("HH",), "dʒ": ("JH",),
    "k": ("K",), "l": ("L",), "m": ("M",), "n": ("N",), "ŋ": ("NG",), "p": ("P",), "ɹ": ("R",), "s": ("S",),
    "ʃ": ("SH",), "t": ("T",), "ɾ": ("T",), "θ": ("TH",), "v": ("V",), "w": ("W",), "j": ("Y",), "z": ("Z",),
    "ʒ": ("ZH",), "x": ("K",), "ʔ": ("T",), "r": ("R",), "ɑ̃": ("AA", "N"),
    "əl": ("AH", "L"), "n̩": ("AH", "N"), "iə": ("IY", "AH"), "aɪɚ": ("AY", "ER"), "aɪə": ("AY", "AH"),
    "ɑːɹ": ("AA", "R"), "ɔːɹ": ("AO", "R"), "oːɹ": ("AO", "R"), "ɛɹ": ("EH", "R"), "ɪɹ": ("IH", "R"), "ʊɹ": ("UH", "R"),
}  # fmt: skip
"""Phonemes of the ARPAbet, by sound of the International Phonetic Alphabet."""


def pronounce(word: str) -> tuple[str, ...] | None:
    """Return the ARPAbet phonemes of an English word.

    Returns:
        For instance ``("P", "EY", "P", "AE", "L")`` for ``paypal``; ``None`` for what holds a sound that English lacks,
        or nothing to say.

    Raises:
        SpeechUnavailableError: espeak-ng is not installed.
    """
    sounds = [_STRESS.sub("", sound) for sound in phonemes(word, _VOICE)]
    if not sounds or not all(sound in ARPABET for sound in sounds):
        return None
    return tuple(phoneme for sound in sounds for phoneme in ARPABET[sound])
