"""Audio: a spoken message. A payload is a mono waveform, float32 (T,) within [-1, 1] at one sample rate."""

from kefu.modalities.audio.augment import Augmentation, augment
from kefu.modalities.audio.clean import Cleaning, clean
from kefu.modalities.audio.encoders import EncoderParameters, build_encoder
from kefu.modalities.audio.features import AudioPreprocessor, Features, fit, load_preprocessor
from kefu.modalities.audio.payload import pack, unpack

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
    "load_preprocessor",
    "pack",
    "unpack",
]
