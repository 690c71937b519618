"""Answers spoken: one sentence at a time, so that the first is heard while the next is made."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from kefu.parameters import Parameters
from kefu.speech.contract import Samples, SpeechUnavailableError
from kefu.speech.espeak import synthesise

if TYPE_CHECKING:
    from pysbd import Segmenter

_CODE = re.compile(r"(?<![A-Za-z0-9.])(?:[A-Z]{1,4}-?\d{3,}|\d{7,})(?![A-Za-z0-9])")
_LOUD_SHARE = 0.05  # of the highest sample: quieter ones are pauses and do not count as loudness


class Voices(Parameters):
    """How the assistant speaks."""

    voices: Mapping[str, str] = Field(
        {"en": "gmw/en-GB-x-rp+michel", "zh": "sit/cmn+michel"}, description="espeak-ng's voice for each language."
    )
    words_per_minute: int = Field(165, ge=80, le=450, description="Speed.")
    pitch: int = Field(50, ge=0, le=99, description="Pitch; 50 is the voice's own.")
    loudness_dbfs: float = Field(-20.0, lt=0, description="Root mean square of what is not pause.")
    peak_dbfs: float = Field(-1.0, le=0, description="Highest peak; takes precedence over loudness.")


class EspeakSynthesiser:
    """Speaks with espeak-ng, which has voices for both languages and needs no model.

    The library does one sentence at a time; calls from several threads wait for each other.
    """

    def __init__(self, params: Voices | None = None) -> None:
        self._params = params or Voices()

    @property
    def languages(self) -> frozenset[str]:
        """What it speaks."""
        return frozenset(self._params.voices)

    def speak(self, sentence: str, language: str) -> tuple[Samples, int]:
        """Speak a sentence; equal sentences give equal samples.

        Order numbers are read character by character.

        Args:
            sentence: What to say.
            language: One of ``languages``.

        Returns:
            Samples (T,) within [-1, 1], a moment of silence where there is nothing to say, and their rate in Hz.

        Raises:
            ValueError: There is no voice for the language.
            SpeechUnavailableError: The extra ``speech`` is not installed.
        """
        voice = self._params.voices.get(language)
        if voice is None:
            raise ValueError(f"no voice speaks {language!r}, only {sorted(self.languages)}; add one to `voices`")
        samples, rate_hz = synthesise(spell_codes(sentence), voice, self._params.words_per_minute, self._params.pitch)
        return _normalise(samples, self._params), rate_hz


def spell_codes(text: str) -> str:
    """Put spaces into order numbers and the like, ``KF-20391`` or ``6901234567892``, so that they are spelled out."""
    return _CODE.sub(lambda code: " ".join(code[0].replace("-", "")), text)


def sentences(text: str, language: str) -> list[str]:
    """Split a text into sentences, each without the white space around it; abbreviations and decimals stay whole.

    Args:
        text: Any text.
        language: ``en`` or ``zh``.

    Raises:
        SpeechUnavailableError: The extra ``speech`` is not installed.
    """
    return [stripped for sentence in _segmenter(language).segment(text) if (stripped := sentence.strip())]


@cache
def _segmenter(language: str) -> "Segmenter":
    try:
        from pysbd import Segmenter
    except ImportError as error:
        raise SpeechUnavailableError(f"sentences need pysbd ({error}): pip install 'kefu[speech]'") from error
    return Segmenter(language=language, clean=False)


def _normalise(samples: Samples, params: Voices) -> Samples:
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return samples
    loud = samples[np.abs(samples) > _LOUD_SHARE * peak]
    rms = float(np.sqrt(np.mean(np.square(loud))))
    return samples * np.float32(min(10 ** (params.loudness_dbfs / 20) / rms, 10 ** (params.peak_dbfs / 20) / peak))
