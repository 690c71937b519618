"""Text: what the customer wrote, in English, Chinese or both."""

from typing import TYPE_CHECKING, Any

from kefu.modalities.text.augment import Augmentation, augment
from kefu.modalities.text.clean import Cleaning, clean
from kefu.modalities.text.corruptions import CORRUPTIONS
from kefu.modalities.text.features import (
    Features,
    TextPreprocessor,
    fit,
    fit_measured,
    load_preprocessor,
    measure,
)
from kefu.modalities.text.parts import Parts, hide_part, split_parts
from kefu.modalities.text.payload import pack, show, unpack

if TYPE_CHECKING:
    from kefu.modalities.text.encoders import EncoderParameters, build_encoder

NAME = "text"
HOLDS_FILES = False

__all__ = [
    "CORRUPTIONS",
    "HOLDS_FILES",
    "NAME",
    "Augmentation",
    "Cleaning",
    "EncoderParameters",
    "Features",
    "Parts",
    "TextPreprocessor",
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
        from kefu.modalities.text import encoders

        return getattr(encoders, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
