"""The espeak-ng synthesiser, called in this process through its C interface (speak_lib.h, version 1.52)."""

import ctypes
import re
from functools import cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from kefu.speech.contract import SpeechUnavailableError

ACCENTS = {
    "en": ("gmw/en-US", "gmw/en-GB-x-rp", "gmw/en-GB-x-gbclan", "gmw/en-029"),
    "zh": ("sit/cmn",),
}
# Speakers whose pitch does not flutter: the phase of the flutter lives on from one call to the next, so with any
# other the samples of a sentence depend on what was said before it.
SPEAKERS = ("shelby", "Denis", "Hugo", "michel", "Storm", "miguel")

_SYNCHRONOUS, _DO_NOT_EXIT = 2, 0x8000
_RATE, _VOLUME, _PITCH = 1, 2, 3
_UTF8 = 1
_SEPARATED_IPA = ord("_") << 8 | 0x02
_OK = 0
_BETWEEN_PHONEMES = "#"  # which is no part of any
_MODERATE_VOLUME = 30  # louder, the gain control cuts in and is not back to normal at the next sentence
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def synthesise(text: str, voice: str, words_per_minute: int, pitch: int) -> tuple[NDArray[np.float32], int]:
    """Speak a text; equal arguments give equal samples, whatever was said before.

    Args:
        text: What to say.
        voice: One of ``ACCENTS``, ``+``, one of ``SPEAKERS``.
        words_per_minute: Speed, 80 to 450.
        pitch: Pitch, 0 to 99; 50 is the speaker's own.

    Returns:
        Samples (T,) from -1 to 1, and the sampling rate in Hz.

    Raises:
        SpeechUnavailableError: The synthesiser is not installed, or does not have the voice.
    """
    return _open().synthesise(text, voice, words_per_minute, pitch)


def phonemes(word: str, voice: str) -> list[str]:
    """Return the sounds of a word in the International Phonetic Alphabet, as a voice would speak it.

    Args:
        word: What to say.
        voice: One of ``ACCENTS``.

    Raises:
        SpeechUnavailableError: The synthesiser is not installed, or does not have the voice.
    """
    return _open().phonemes(word, voice)


def spell_phonemes(text: str, voice: str) -> list[list[str]]:
    """Say how a text is pronounced, in the synthesiser's own notation.

    Args:
        text: What would be said.
        voice: As for :func:`synthesise`.

    Returns:
        The phonemes of each spoken word; stresses and pauses are left out, and ``(en)`` and ``(cmn)`` tell where
        the language changes.

    Raises:
        SpeechUnavailableError: The synthesiser is not installed, or does not have the voice.
    """
    return _open().spell_phonemes(text, voice)


class _Synthesiser:
    def __init__(self) -> None:
        try:
            import espeakng_loader

            self._library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
            data = str(espeakng_loader.get_data_path())
        except (ImportError, OSError) as error:
            raise SpeechUnavailableError(
                f"recordings need the speech synthesiser espeak-ng ({error}): pip install 'kefu[voice]'"
            ) from error
        self._chunks: list[bytes] = []
        self._lock = Lock()
        self._callback = _CALLBACK(self._collect)
        self.sample_rate_hz = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DO_NOT_EXIT))
        if self.sample_rate_hz <= 0:
            raise SpeechUnavailableError(
                f"espeak-ng cannot read its data in {data}: pip install --force-reinstall 'kefu[voice]'"
            )
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def synthesise(self, text: str, voice: str, words_per_minute: int, pitch: int) -> tuple[NDArray[np.float32], int]:
        with self._lock:
            self._choose(voice)
            self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
            self._library.espeak_SetParameter(_PITCH, pitch, 0)
            self._library.espeak_SetParameter(_VOLUME, _MODERATE_VOLUME, 0)
            data = text.encode() + b"\0"
            self._chunks.clear()
            self._library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, _UTF8, None, None)
            samples = np.frombuffer(b"".join(self._chunks), dtype=np.int16)
        return np.divide(samples, 32768, dtype=np.float32), self.sample_rate_hz

    def phonemes(self, word: str, voice: str) -> list[str]:
        clauses = self._pronounce(word, voice, _SEPARATED_IPA)
        return [sound for clause in clauses for sound in re.split("[_ ]+", clause) if sound]

    def spell_phonemes(self, text: str, voice: str) -> list[list[str]]:
        words = " ".join(self._pronounce(text, voice, ord(_BETWEEN_PHONEMES) << 8)).split()
        return [[mark for part in word.split(_BETWEEN_PHONEMES) if (mark := part.lstrip("',_|"))] for word in words]

    def _pronounce(self, text: str, voice: str, notation: int) -> list[str]:
        """Return how each clause of a text is pronounced."""
        with self._lock:
            self._choose(voice)
            rest = ctypes.c_char_p(text.encode())
            clauses: list[str] = []
            # moved on clause by clause, and null at the end; where it is empty, a last letter is still to come
            while rest.value is not None:
                clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, notation).decode())
        return clauses

    def _choose(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != _OK:
            raise SpeechUnavailableError(f"espeak-ng has no voice {voice!r}: pip install -U 'kefu[voice]'")

    def _collect(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, 2 * count))
        return 0


@cache
def _open() -> _Synthesiser:
    return _Synthesiser()
