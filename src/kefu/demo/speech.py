"""Calls of customers: synthetic voices in noise."""

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from kefu.demo import chinese, english
from kefu.demo.intents import Evidence
from kefu.demo.parameters import DemoParameters
from kefu.demo.text import pick
from kefu.speech.espeak import ACCENTS, SPEAKERS, synthesise
from kefu.speech.wav import encode_wav

Samples = NDArray[np.float32]

_NUM_TALKERS = 5  # in the babble


@dataclass(frozen=True, slots=True)
class Voice:
    """How a customer speaks. ``throat`` scales all frequencies: below 1 a larger, above 1 a smaller speaker."""

    name: str
    words_per_minute: int
    pitch: int
    throat: float


def draw_voice(language: str, rng: np.random.Generator) -> Voice:
    """Draw the voice of a customer who speaks ``en`` or ``zh``."""
    return Voice(
        name=f"{pick(rng, ACCENTS[language])}+{pick(rng, SPEAKERS)}",
        words_per_minute=int(rng.integers(145, 200)),
        pitch=int(rng.integers(30, 80)),
        throat=float(rng.uniform(0.92, 1.1)),
    )


def choose_words(evidence: Evidence, language: str, rng: np.random.Generator) -> str:
    """Choose a few words that fit the ``evidence`` and give nothing else away, as customers say them on a hotline."""
    grammar = chinese if language == "zh" else english
    parts = [pick(rng, grammar.SPOKEN[evidence])]
    dice = rng.random()
    if dice < 0.25:
        parts.insert(0, pick(rng, grammar.SPOKEN_OPENINGS))
    elif dice < 0.4:
        parts.append(pick(rng, grammar.SPOKEN_CLOSINGS))
    return ("，" if language == "zh" else ", ").join(parts)


def record_call(words: str, voice: Voice, params: DemoParameters, rng: np.random.Generator) -> bytes:
    """Speak ``words`` in noise and return a WAV file: mono, 16 bit, ``params.sample_rate_hz``.

    The noise is babble (the same voice, turned round and layered, so that no word is left), hiss or mains hum,
    ``params.min_snr_db`` to ``params.max_snr_db`` below the speech.

    Raises:
        SpeechUnavailableError: The extra ``voice`` is not installed.
    """
    speed = voice.words_per_minute + int(rng.integers(-10, 11))
    spoken, rate_hz = synthesise(words, voice.name, speed, voice.pitch)
    speech = np.asarray(soxr.resample(_trim(spoken), rate_hz * voice.throat, params.sample_rate_hz), dtype=np.float32)
    lead, tail = (int(params.sample_rate_hz * rng.uniform(0.05, 0.2)) for _ in range(2))
    speech = np.pad(speech, (lead, tail))
    noise = pick(rng, (_babble, _hiss, _hum))(speech, params.sample_rate_hz, rng)
    snr_db = rng.uniform(params.min_snr_db, params.max_snr_db)
    gain = _rms(speech) / max(_rms(noise), 1e-9) * 10 ** (-snr_db / 20)
    mixed = speech + np.float32(gain) * noise
    mixed *= rng.uniform(0.25, 0.9) / max(float(np.abs(mixed).max()), 1e-9)
    return encode_wav(mixed, params.sample_rate_hz)


def _trim(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 0.005)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def _babble(speech: Samples, _rate_hz: int, rng: np.random.Generator) -> Samples:
    backwards = speech[::-1]
    total = np.zeros_like(speech)
    for shift in rng.integers(len(speech), size=_NUM_TALKERS):
        total += np.roll(backwards, int(shift))
    return total


def _hiss(speech: Samples, _rate_hz: int, rng: np.random.Generator) -> Samples:
    return rng.standard_normal(len(speech), dtype=np.float32)


def _hum(speech: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    phase = (2 * np.pi * pick(rng, (50, 60)) / rate_hz) * np.arange(len(speech), dtype=np.float32)
    overtones = sum(np.sin(order * phase + rng.uniform(0, 6.3)) / order for order in (1, 2, 3, 5, 7))
    return (overtones + 0.1 * rng.standard_normal(len(speech))).astype(np.float32)
