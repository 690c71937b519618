"""Recordings of Chinese phrases to train a recogniser of speech with, and others, by other voices, to test it."""

import io
import wave
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kefu.demo.parameters import DemoParameters
from kefu.demo.speech import Voice, record_call
from kefu.demo.text import pick
from kefu.parameters import Parameters

Samples = NDArray[np.float32]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

_ACCENT = "sit/cmn"
_CLEAR_DB = 60.0


class VoiceParameters(Parameters):
    """Who speaks, and on what line. No speaker and no throat of the test split is heard in training."""

    speakers: dict[Split, tuple[str, ...]] = Field(
        {
            "train": ("shelby", "Denis", "Hugo", "michel", "Diogo"),
            "validation": ("Henrique",),
            "test": ("Storm", "miguel"),
        },
        description="Speakers of espeak-ng, by split.",
    )
    throats: dict[Split, tuple[tuple[float, float], ...]] = Field(
        {
            "train": ((0.88, 1.14),),
            "validation": ((0.86, 0.88), (1.14, 1.16)),
            "test": ((0.82, 0.86), (1.16, 1.2)),
        },
        description="Ranges of the factor of all frequencies, by split: below 1 a larger, above 1 a smaller speaker.",
    )
    min_words_per_minute: int = Field(130, ge=80, le=450, description="Speed of the slowest.")
    max_words_per_minute: int = Field(220, ge=80, le=450, description="Speed of the fastest.")
    min_pitch: int = Field(25, ge=0, le=99, description="Pitch of the lowest; 50 is the speaker's own.")
    max_pitch: int = Field(85, ge=0, le=99, description="Pitch of the highest.")
    min_snr_db: float = Field(5.0, description="Signal-to-noise ratio of the noisiest recording.")
    max_snr_db: float = Field(30.0, description="Signal-to-noise ratio of the clearest but those without noise.")
    clear_share: float = Field(0.15, ge=0, le=1, description="Share of the recordings without noise.")


@dataclass(frozen=True, slots=True)
class Utterance:
    """A phrase in somebody's voice."""

    spoken: str
    """Empty where nobody speaks and only the line is heard."""
    split: Split
    number: int
    """Of the recording within its split; with the seed it decides all that is drawn."""


def record_utterance(
    params: VoiceParameters, sample_rate_hz: int, seed: int, utterance: Utterance
) -> tuple[Samples, Voice]:
    """Speak a phrase in a voice of its split.

    Args:
        params: who speaks, and on what line.
        sample_rate_hz: of the recording.
        seed: another seed draws other voices and noise.
        utterance: its ``spoken`` is what the synthesiser is given.

    Returns:
        Samples (T,) from -1 to 1, and the voice.

    Raises:
        SpeechUnavailableError: The extra ``voice`` is not installed.
    """
    rng = np.random.default_rng([seed, SPLITS.index(utterance.split), utterance.number])
    least, most = pick(rng, params.throats[utterance.split])
    voice = Voice(
        name=f"{_ACCENT}+{pick(rng, params.speakers[utterance.split])}",
        words_per_minute=int(rng.integers(params.min_words_per_minute, params.max_words_per_minute + 1)),
        pitch=int(rng.integers(params.min_pitch, params.max_pitch + 1)),
        throat=float(rng.uniform(least, most)),
    )
    if not utterance.spoken:
        return _hush(sample_rate_hz, rng), voice
    clear = rng.random() < params.clear_share
    line = DemoParameters(
        sample_rate_hz=sample_rate_hz,
        min_snr_db=_CLEAR_DB if clear else params.min_snr_db,
        max_snr_db=_CLEAR_DB if clear else params.max_snr_db,
    )
    with wave.open(io.BytesIO(record_call(utterance.spoken, voice, line, rng))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return samples.astype(np.float32) / np.float32(32768), voice


def _hush(sample_rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return a line on which nobody speaks: a second or two of hiss, often faint."""
    length = int(sample_rate_hz * rng.uniform(0.5, 2.5))
    level = 10 ** rng.uniform(-4, -1)
    return (level * rng.standard_normal(length)).astype(np.float32)
