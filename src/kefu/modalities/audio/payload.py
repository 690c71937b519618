"""The audio payload: a float32 mono waveform on the 16 bit grid, which FLAC holds without loss."""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

Waveform = NDArray[np.float32]
"""Samples (T,) within [-1, 1]."""

STEPS = 32_768
"""Steps of the 16 bit grid between 0 and full scale."""


def quantise(waveform: NDArray[np.floating]) -> Waveform:
    """Round samples to the 16 bit grid, clipped to [-1, 1)."""
    steps: Waveform = np.rint(np.asarray(waveform, dtype=np.float32) * np.float32(STEPS))
    return np.clip(steps, -STEPS, STEPS - 1) / np.float32(STEPS)


def pack(payload: Waveform, sample_rate_hz: int = 16_000) -> bytes:
    """Encode a waveform (T,) as 16 bit FLAC: without loss for what ``clean`` and ``augment`` return.

    Args:
        payload: Samples within [-1, 1].
        sample_rate_hz: The rate written to the file's header, for players; :func:`unpack` does not need it.
    """
    steps = (quantise(payload) * STEPS).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, steps, sample_rate_hz, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def unpack(data: bytes) -> Waveform:
    """Undo :func:`pack`: samples float32 (T,)."""
    steps, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    return steps.astype(np.float32) / np.float32(STEPS)
