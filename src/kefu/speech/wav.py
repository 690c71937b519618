"""Samples to WAV files."""

import io
import wave

import numpy as np

from kefu.speech.contract import Samples


def encode_wav(samples: Samples, sample_rate_hz: int) -> bytes:
    """Return samples (T,) from -1 to 1 as a mono WAV file of 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate_hz)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return buffer.getvalue()
