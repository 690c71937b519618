"""Audio: a spoken message. A payload is a mono waveform, float32 (T,) within [-1, 1] at one sample rate."""

from typing import TYPE_CHECKING, Any

from kefu.modalities.audio.augment import Augmentation, augment
from kefu.modalities.audio.clean import Cleaning, clean
from kefu.modalities.audio.corruptions import CORRUPTIONS
from kefu.modalities.audio.features import AudioPreprocessor, Features, fit, fit_measured, load_preprocessor, measure
from kefu.modalities.audio.parts import Parts, hide_part, split_parts
from kefu.modalities.audio.payload import pack, show, unpack

if TYPE_CHECKING:
    from kefu.modalities.audio.encoders import EncoderParameters, build_encoder

NAME = "audio"
HOLDS_FILES = True

__all__ = [
    "CORRUPTIONS",
    "HOLDS_FILES",
    "NAME",
    "AudioPreprocessor",
    "Augmentation",
    "Cleaning",
    "EncoderParameters",
    "Features",
    "Parts",
    "augment",
    "build_encoder",
    "clean",
    "fit",
    "fit_measured",
    "hide_part",
    "load_preprocessor",
    "measure",
    "pack",
    "show",
    "split_parts",
    "unpack",
]


def __getattr__(name: str) -> Any:
    """Import the encoders, and with them torch, where they are asked for: cleaning and extraction go without."""
    if name in {"EncoderParameters", "build_encoder"}:
        from kefu.modalities.audio import encoders

        return getattr(encoders, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
