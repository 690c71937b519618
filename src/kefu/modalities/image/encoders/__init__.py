"""Encoders of the image modality, one file each."""

from typing import Any, Literal

from pydantic import Field
from torch import nn

from kefu.modalities.image.encoders.cnn import CnnEncoder, CnnParameters
from kefu.modalities.image.encoders.resnet import ResNetEncoder, ResNetParameters
from kefu.modalities.image.encoders.vit import VitEncoder, VitParameters
from kefu.parameters import Parameters

__all__ = ["CnnEncoder", "EncoderParameters", "ResNetEncoder", "VitEncoder", "build_encoder"]


class EncoderParameters(Parameters):
    """Which picture encoder, and the size of each."""

    architecture: Literal["cnn", "resnet", "vit"] = Field(
        "resnet", description="Plain convolutions, residual network, or vision transformer."
    )
    cnn: CnnParameters = CnnParameters()
    resnet: ResNetParameters = ResNetParameters()
    vit: VitParameters = VitParameters()


def build_encoder(params: EncoderParameters, preprocessor: Any) -> nn.Module:
    """Build the encoder that ``params`` names for the pictures of ``preprocessor``: their size, mean and deviation.

    Raises:
        PretrainedError: the weights that ``params`` names are damaged or not for pictures.
        ValueError: the parameters of the encoder contradict each other.
    """
    mean, std = preprocessor.mean, preprocessor.std
    match params.architecture:
        case "cnn":
            return CnnEncoder(params.cnn, mean, std)
        case "resnet":
            return ResNetEncoder(params.resnet, mean, std)
        case "vit":
            return VitEncoder(params.vit, mean, std, (preprocessor.params.height_px, preprocessor.params.width_px))
