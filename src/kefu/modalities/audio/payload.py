"""The audio payload: a float32 mono waveform on the 16 bit grid, which FLAC holds without loss."""

import io
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from kefu.modalities.contract import Exhibit

Waveform = NDArray[np.float32]
"""Samples (T,) within [-1, 1]."""

STEPS = 32_768
"""Steps of the 16 bit grid between 0 and full scale."""


def quantise(waveform: NDArray[np.floating]) -> Waveform:
    """Round samples to the 16 bit grid, clipped to [-1, 1)."""
    steps: Waveform = np.rint(np.asarray(waveform, dtype=np.float32) * np.float32(STEPS))
    return np.clip(steps, -STEPS, STEPS - 1) / np.float32(STEPS)


class Sampled(Protocol):
    """Parameters that know the sample rate of the waveforms: those of cleaning, augmentation and features."""

    @property
    def sample_rate_hz(self) -> int:
        """Samples a second."""


def pack(payload: Waveform, params: Sampled) -> bytes:
    """Encode a waveform (T,) as 16 bit FLAC: without loss for what ``clean`` and ``augment`` return.

    Args:
        payload: Samples within [-1, 1].
        params: The group the waveform was made with; its rate is written to the header, for players.
    """
    steps = (quantise(payload) * STEPS).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, steps, params.sample_rate_hz, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def unpack(data: bytes) -> Waveform:
    """Undo :func:`pack`: samples float32 (T,)."""
    steps, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    return steps.astype(np.float32) / np.float32(STEPS)


def show(packed: bytes) -> Exhibit:
    """Return a packed waveform: browsers play FLAC."""
    return Exhibit("audio/flac", packed)
