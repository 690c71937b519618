"""Audio: a spoken message. A payload is a mono waveform, float32 (T,) within [-1, 1] at one sample rate."""

from typing import TYPE_CHECKING, Any

from kefu.modalities.audio.augment import Augmentation, augment
from kefu.modalities.audio.clean import Cleaning, clean
from kefu.modalities.audio.features import AudioPreprocessor, Features, fit, fit_measured, load_preprocessor, measure
from kefu.modalities.audio.payload import pack, unpack

if TYPE_CHECKING:
    from kefu.modalities.audio.encoders import EncoderParameters, build_encoder

NAME = "audio"
HOLDS_FILES = True

__all__ = [
    "HOLDS_FILES",
    "NAME",
    "AudioPreprocessor",
    "Augmentation",
    "Cleaning",
    "EncoderParameters",
    "Features",
    "augment",
    "build_encoder",
    "clean",
    "fit",
    "fit_measured",
    "load_preprocessor",
    "measure",
    "pack",
    "unpack",
]


def __getattr__(name: str) -> Any:
    """Import the encoders, and with them torch, where they are asked for: cleaning and extraction go without."""
    if name in {"EncoderParameters", "build_encoder"}:
        from kefu.modalities.audio import encoders

        return getattr(encoders, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
