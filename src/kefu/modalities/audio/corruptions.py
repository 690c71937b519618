"""Ways in which a recording is spoilt, by degrees: noise that is even over frequencies, and noise that is deep."""

from functools import partial

import numpy as np

from kefu.modalities.audio.augment import Colour, add_noise
from kefu.modalities.audio.payload import Waveform, quantise
from kefu.modalities.contract import Corruption


def drown(waveform: Waveform, snr_db: float, rng: np.random.Generator, colour: Colour) -> Waveform:
    """Add noise, and lower the level where the sum exceeds full scale.

    Args:
        waveform: samples (T,) within [-1, 1]; one of zeros has no signal-to-noise ratio and is returned as it is.
        snr_db: signal-to-noise ratio of mean powers.
        rng: an equal generator gives the same noise, louder or fainter.
        colour: white, or pink as the long-term mean of many voices and of rooms.

    Returns:
        Samples float32 on the 16 bit grid, as after cleaning.
    """
    noisy = add_noise(waveform, snr_db, colour, rng)
    return quantise(noisy / np.float32(max(1.0, float(np.abs(noisy).max(initial=0.0)))))


_AXIS = "SNR, dB (∞: no noise added)"
_LEVELS_DB = (30, 20, 10, 0, -10)

CORRUPTIONS = tuple(
    Corruption(
        f"{colour} noise", _AXIS, intact=40, levels=_LEVELS_DB, apply=partial(drown, colour=colour), intact_name="∞"
    )
    for colour in ("white", "pink")
)
