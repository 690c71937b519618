"""Pictures: photos, screenshots and scans that customers attach."""

from typing import TYPE_CHECKING, Any

from kefu.modalities.image.augment import Augmentation, augment
from kefu.modalities.image.clean import Cleaning, clean, perceptual_hash
from kefu.modalities.image.corruptions import CORRUPTIONS
from kefu.modalities.image.exhibit import show
from kefu.modalities.image.features import Features, ImagePreprocessor, fit, fit_measured, load_preprocessor, measure
from kefu.modalities.image.parts import Parts, hide_part, split_parts
from kefu.modalities.image.payload import pack, unpack

if TYPE_CHECKING:
    from kefu.modalities.image.encoders import EncoderParameters, build_encoder

NAME = "image"
HOLDS_FILES = True

__all__ = [
    "CORRUPTIONS",
    "HOLDS_FILES",
    "NAME",
    "Augmentation",
    "Cleaning",
    "EncoderParameters",
    "Features",
    "ImagePreprocessor",
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
    "perceptual_hash",
    "show",
    "split_parts",
    "unpack",
]


def __getattr__(name: str) -> Any:
    """Import the encoders, and with them torch, where they are asked for: cleaning and extraction go without."""
    if name in {"EncoderParameters", "build_encoder"}:
        from kefu.modalities.image import encoders

        return getattr(encoders, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
