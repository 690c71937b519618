"""Encoders of the image modality, one file each."""

from typing import Any, Literal

from pydantic import Field
from torch import nn

from kefu.modalities.image.encoders.resnet import ResNetEncoder, ResNetParameters
from kefu.parameters import Parameters

__all__ = ["EncoderParameters", "ResNetEncoder", "build_encoder"]


class EncoderParameters(Parameters):
    """Which picture encoder, and the size of each."""

    architecture: Literal["resnet"] = Field("resnet", description="Residual network.")
    resnet: ResNetParameters = ResNetParameters()


def build_encoder(params: EncoderParameters, preprocessor: Any) -> nn.Module:
    """Build the encoder that ``params`` names, with the channel statistics of ``preprocessor``."""
    return ResNetEncoder(params.resnet, preprocessor.mean, preprocessor.std)
