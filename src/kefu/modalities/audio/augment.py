"""Changed copies of a recording in which a person still hears the same message."""

from typing import Literal, Self

import numpy as np
import scipy.fft
from pydantic import Field, model_validator

from kefu.modalities.audio.payload import Waveform, quantise
from kefu.modalities.audio.stretch import change_speed, shift_pitch, stretch
from kefu.parameters import Parameters

Colour = Literal["white", "pink", "brown"]
# the power falls with this power of the frequency
_SLOPES: dict[Colour, float] = {"white": 0.0, "pink": 1.0, "brown": 2.0}


class Augmentation(Parameters):
    """How often each change is made, and the most it does; amounts are drawn uniformly."""

    sample_rate_hz: int = Field(16_000, gt=0, description="rate of the waveforms, as cleaned")
    max_seconds: float = Field(20.0, gt=0, description="longest result, as in cleaning")
    speed_probability: float = Field(0.3, ge=0, le=1, description="chance of playing faster or slower")
    max_speed_change: float = Field(0.1, ge=0, le=0.5, description="as a share of the speed; pitch moves along")
    stretch_probability: float = Field(0.3, ge=0, le=1, description="chance of a change of tempo at the same pitch")
    max_stretch: float = Field(0.15, ge=0, le=0.5, description="as a share of the duration")
    pitch_probability: float = Field(0.3, ge=0, le=1, description="chance of a change of pitch at the same tempo")
    max_pitch_semitones: float = Field(2.0, ge=0, le=12, description="up or down")
    mask_probability: float = Field(0.3, ge=0, le=1, description="chance that a stretch of time is blotted out")
    max_mask_share: float = Field(0.15, ge=0, lt=1, description="as a share of the duration")
    shift_probability: float = Field(0.3, ge=0, le=1, description="chance of silence before the start")
    max_shift_seconds: float = Field(0.2, ge=0, description="longest silence; nothing of the message is lost to it")
    noise_probability: float = Field(0.5, ge=0, le=1, description="chance of added noise")
    min_snr_db: float = Field(5.0, ge=-20, description="loudest noise, as signal-to-noise ratio")
    max_snr_db: float = Field(30.0, le=80, description="faintest noise, as signal-to-noise ratio")
    noise_colours: tuple[Colour, ...] = Field(
        ("white", "pink", "brown"), min_length=1, description="kinds of noise: power constant, ~1/f, ~1/f²"
    )
    gain_probability: float = Field(0.3, ge=0, le=1, description="chance of a change of level")
    max_gain_db: float = Field(6.0, ge=0, description="up or down, never beyond full scale")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_snr_db > self.max_snr_db:
            raise ValueError("min_snr_db <= max_snr_db must hold")
        return self


def augment(waveform: Waveform, params: Augmentation, rng: np.random.Generator) -> Waveform:
    """Return a changed copy of a waveform.

    Each change is drawn by its probability. Where chance would leave the copy unchanged, one of the changes that have
    a probability above 0 is made all the same: an identical copy would only weigh the ticket twice.

    Args:
        waveform: Samples (T,) within [-1, 1] at ``params.sample_rate_hz``.
        params: Probabilities and amounts.
        rng: The only source of randomness.

    Returns:
        Samples float32, at most ``params.max_seconds``, within [-1, 1] and on the 16 bit grid as after cleaning.
    """
    chosen = _choose(params, rng)
    rate_hz = params.sample_rate_hz
    if "speed" in chosen:
        waveform = change_speed(waveform, 1.0 + _either_side(params.max_speed_change, rng))
    if "stretch" in chosen:
        waveform = stretch(waveform, 1.0 + _either_side(params.max_stretch, rng), rate_hz)
    if "pitch" in chosen:
        waveform = shift_pitch(waveform, _either_side(params.max_pitch_semitones, rng), rate_hz)
    if "mask" in chosen:
        waveform = mask_time(waveform, rng.uniform(0.0, params.max_mask_share), rng)
    if "shift" in chosen:
        waveform = np.pad(waveform, (round(rng.uniform(0.0, params.max_shift_seconds) * rate_hz), 0))
    waveform = waveform[: round(params.max_seconds * rate_hz)]
    if "noise" in chosen:
        colour = params.noise_colours[rng.integers(len(params.noise_colours))]
        waveform = add_noise(waveform, rng.uniform(params.min_snr_db, params.max_snr_db), colour, rng)
    if "gain" in chosen:
        waveform = _change_gain(waveform, params.max_gain_db, rng)
    return quantise(waveform / np.float32(max(1.0, _peak(waveform))))


def add_noise(waveform: Waveform, snr_db: float, colour: Colour, rng: np.random.Generator) -> Waveform:
    """Add noise at a signal-to-noise ratio of mean powers; samples (T,) that may exceed full scale.

    A waveform of zeros has no such ratio and is returned as it is.
    """
    length = len(waveform)
    # a length with small prime factors keeps the transform fast whatever T is
    noise = rng.standard_normal(scipy.fft.next_fast_len(length, real=True), dtype=np.float32)
    if colour != "white":
        spectrum = scipy.fft.rfft(noise)
        spectrum[0] = 0.0
        spectrum[1:] *= np.arange(1, len(spectrum), dtype=np.float32) ** np.float32(-_SLOPES[colour] / 2)
        noise = scipy.fft.irfft(spectrum, n=len(noise))
    noise = noise[:length]
    return waveform + noise * np.float32(_rms(waveform) / max(_rms(noise), 1e-12) * 10 ** (-snr_db / 20))


def mask_time(waveform: Waveform, share: float, rng: np.random.Generator) -> Waveform:
    """Blot out one stretch of time, by zeros or by white noise 20 dB below the waveform; samples (T,)."""
    length = round(share * len(waveform))
    start = int(rng.integers(len(waveform) - length + 1))
    level = rng.choice([0.0, 0.1]) * _rms(waveform)
    masked = waveform.copy()
    masked[start : start + length] = rng.standard_normal(length, dtype=np.float32) * np.float32(level)
    return masked


def _choose(params: Augmentation, rng: np.random.Generator) -> set[str]:
    """Draw the names of the changes to make: at least one, unless all probabilities are 0."""
    names = ("speed", "stretch", "pitch", "mask", "shift", "noise", "gain")
    probabilities = np.array([getattr(params, f"{name}_probability") for name in names])
    drawn = rng.random(len(names)) < probabilities
    if not drawn.any() and probabilities.any():
        drawn[rng.choice(len(names), p=probabilities / probabilities.sum())] = True
    return {name for name, is_drawn in zip(names, drawn, strict=True) if is_drawn}


def _change_gain(waveform: Waveform, max_gain_db: float, rng: np.random.Generator) -> Waveform:
    headroom_db = -20.0 * np.log10(max(_peak(waveform), 1e-6))
    gain_db = rng.uniform(-max_gain_db, np.clip(headroom_db, 0.0, max_gain_db))
    return waveform * np.float32(10 ** (gain_db / 20))


def _either_side(most: float, rng: np.random.Generator) -> float:
    return rng.uniform(-most, most)


def _rms(waveform: Waveform) -> float:
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64)))) if len(waveform) else 0.0


def _peak(waveform: Waveform) -> float:
    return float(np.abs(waveform).max(initial=0.0))
