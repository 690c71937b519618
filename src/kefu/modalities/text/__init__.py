"""Text: what the customer wrote, in English, Chinese or both."""

from typing import TYPE_CHECKING, Any

from kefu.modalities.contract import Exhibit
from kefu.modalities.text.augment import Augmentation, augment
from kefu.modalities.text.clean import Cleaning, clean
from kefu.modalities.text.corruptions import CORRUPTIONS
from kefu.modalities.text.features import Features, TextPreprocessor, fit, load_preprocessor
from kefu.modalities.text.parts import Parts, hide_part, split_parts
from kefu.parameters import Parameters

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
    "hide_part",
    "load_preprocessor",
    "pack",
    "show",
    "split_parts",
    "unpack",
]


def pack(payload: str, params: Parameters | None = None) -> bytes:
    """Encode a text as UTF-8."""
    return payload.encode("utf-8")


def unpack(data: bytes) -> str:
    """Undo :func:`pack`."""
    return data.decode("utf-8")


def show(packed: bytes) -> Exhibit:
    """Return a packed text as it is."""
    return Exhibit("text/plain", packed)


def __getattr__(name: str) -> Any:
    """Import the encoders, and with them torch, where they are asked for: cleaning and extraction go without."""
    if name in {"EncoderParameters", "build_encoder"}:
        from kefu.modalities.text import encoders

        return getattr(encoders, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
