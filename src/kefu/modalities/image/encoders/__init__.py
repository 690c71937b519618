"""Encoders of the image modality, one file each."""

from typing import Any, Literal

from pydantic import Field

from kefu.modalities.image.encoders.cnn import CnnEncoder, CnnParameters
from kefu.modalities.image.encoders.jitter import Jitter
from kefu.modalities.image.encoders.mirror import MirrorAveraging
from kefu.modalities.image.encoders.pixels import PixelEncoder
from kefu.modalities.image.encoders.resnet import ResNetEncoder, ResNetParameters
from kefu.modalities.image.encoders.se_resnet import SeResNetEncoder, SeResNetParameters
from kefu.modalities.image.encoders.vit import VitEncoder, VitParameters
from kefu.parameters import Parameters

__all__ = [
    "CnnEncoder",
    "EncoderParameters",
    "Jitter",
    "MirrorAveraging",
    "ResNetEncoder",
    "SeResNetEncoder",
    "VitEncoder",
    "build_encoder",
]


class EncoderParameters(Parameters):
    """Which picture encoder, and the size of each."""

    architecture: Literal["cnn", "resnet", "se_resnet", "vit"] = Field(
        "resnet",
        description="Plain convolutions, residual network, one with squeeze and excitation, or vision transformer.",
    )
    average_mirrored: bool = Field(
        False,
        description="Predict from the mean over a picture and its mirror image; only where left and right mean the "
        "same. It takes twice the time, in training none.",
    )
    jitter: float = Field(
        0.0,
        ge=0,
        le=2,
        description="How far pictures are turned, scaled, shifted, recoloured and covered, anew every time that they "
        "are looked at in training; 0: not at all, 1: far. More asks for more epochs.",
    )
    cnn: CnnParameters = CnnParameters()
    resnet: ResNetParameters = ResNetParameters()
    se_resnet: SeResNetParameters = SeResNetParameters()
    vit: VitParameters = VitParameters()


def build_encoder(params: EncoderParameters, preprocessor: Any) -> PixelEncoder | Jitter | MirrorAveraging:
    """Build the encoder that ``params`` names for the pictures of ``preprocessor``: their size, mean and deviation.

    Raises:
        PretrainedError: the weights that ``params`` names are damaged or not for pictures.
    """
    plain = _build(params, preprocessor)
    encoder = Jitter(plain, params.jitter) if params.jitter > 0 else plain
    return MirrorAveraging(encoder) if params.average_mirrored else encoder


def _build(params: EncoderParameters, preprocessor: Any) -> PixelEncoder:
    mean, std = preprocessor.mean, preprocessor.std
    match params.architecture:
        case "cnn":
            return CnnEncoder(params.cnn, mean, std)
        case "resnet":
            return ResNetEncoder(params.resnet, mean, std)
        case "se_resnet":
            return SeResNetEncoder(params.se_resnet, mean, std)
        case "vit":
            return VitEncoder(params.vit, mean, std, (preprocessor.params.height_px, preprocessor.params.width_px))
