"""Pictures: photos, screenshots and scans that customers attach."""

from kefu.modalities.image.augment import Augmentation, augment
from kefu.modalities.image.clean import Cleaning, clean, pack, perceptual_hash, unpack
from kefu.modalities.image.encoders import EncoderParameters, build_encoder
from kefu.modalities.image.features import Features, ImagePreprocessor, fit, load_preprocessor

NAME = "image"
HOLDS_FILES = True

__all__ = [
    "HOLDS_FILES",
    "NAME",
    "Augmentation",
    "Cleaning",
    "EncoderParameters",
    "Features",
    "ImagePreprocessor",
    "augment",
    "build_encoder",
    "clean",
    "fit",
    "load_preprocessor",
    "pack",
    "perceptual_hash",
    "unpack",
]
