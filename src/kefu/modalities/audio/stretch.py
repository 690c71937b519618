"""Changing the duration of speech at its pitch, and its pitch at its duration."""

import numpy as np
import soxr
from numpy.typing import NDArray

from kefu.modalities.audio.payload import Waveform

_HALF_FRAME_SECONDS = 0.0125
_TOLERANCE_SECONDS = 0.00625


def stretch(waveform: Waveform, factor: float, sample_rate_hz: int) -> Waveform:
    """Make a waveform ``factor`` times as long without changing its pitch, by WSOLA.

    Frames of 25 ms are laid half over each other; each is taken, within 6.25 ms of where it should be (a period of
    an 80 Hz voice in all), from where the input best continues the frame before.

    Args:
        waveform: Samples (T,). Below two frames it is returned as it is.
        factor: Duration of the result over that of the input.
        sample_rate_hz: Rate of the samples.

    Returns:
        Samples (round(T * factor),).

    References:
        Verhelst, Roelands: An overlap-add technique based on waveform similarity (WSOLA) for high quality time-scale
        modification of speech, ICASSP 1993.
    """
    half = round(_HALF_FRAME_SECONDS * sample_rate_hz)
    tolerance = round(_TOLERANCE_SECONDS * sample_rate_hz)
    if factor == 1.0 or len(waveform) < 4 * half:
        return waveform
    length = round(len(waveform) * factor)
    count = length // half + 2
    # the Hann windows of neighbours sum to 1, so the level is kept
    window = (0.5 - 0.5 * np.cos(np.pi * np.arange(2 * half) / half)).astype(np.float32)
    # half a frame before the start gives the first samples a pair of windows, too
    before = half + tolerance
    padded = np.pad(waveform, (before, 3 * half + 2 * tolerance))
    nominal = np.rint(np.arange(count) * (half / factor)).astype(int)
    np.minimum(nominal, len(padded) - 3 * half - 2 * tolerance, out=nominal)
    out = np.zeros((count + 1) * half, dtype=np.float32)
    position = tolerance
    for index, at in enumerate(nominal):
        if index:
            expected = padded[position + half : position + 2 * half]
            position = at + _best_lag(padded[at : at + 2 * tolerance + half], expected)
        out[index * half : (index + 2) * half] += window * padded[position : position + 2 * half]
    return out[half : half + length]


def shift_pitch(waveform: Waveform, semitones: float, sample_rate_hz: int) -> Waveform:
    """Raise (or lower) the pitch at the same duration: stretch, then play that much faster."""
    ratio = 2 ** (semitones / 12)
    return change_speed(stretch(waveform, ratio, sample_rate_hz), ratio)[: len(waveform)]


def change_speed(waveform: Waveform, factor: float) -> Waveform:
    """Play a waveform ``factor`` times as fast; pitch and formants move along.

    References:
        Ko, Peddinti, Povey, Khudanpur: Audio augmentation for speech recognition, Interspeech 2015.
    """
    return soxr.resample(waveform, factor, 1.0, quality="MQ")


def _best_lag(candidates: Waveform, expected: Waveform) -> int:
    similarity: NDArray[np.float32] = np.correlate(candidates, expected, mode="valid")
    return int(similarity.argmax())
