"""Encoders of the audio modality, one file each."""

from typing import Any, Literal

from pydantic import Field
from torch import nn

from kefu.modalities.audio.encoders.cnn_rnn import CnnRnnEncoder, CnnRnnParameters
from kefu.parameters import Parameters

__all__ = ["CnnRnnEncoder", "EncoderParameters", "build_encoder"]


class EncoderParameters(Parameters):
    """Which audio encoder, and the size of each."""

    architecture: Literal["cnn_rnn"] = Field("cnn_rnn", description="Convolutions and a GRU over log-mel.")
    cnn_rnn: CnnRnnParameters = CnnRnnParameters()


def build_encoder(params: EncoderParameters, preprocessor: Any) -> nn.Module:
    """Build the encoder that ``params`` names, with the band statistics of ``preprocessor``."""
    return CnnRnnEncoder(params.cnn_rnn, preprocessor.mean_db, preprocessor.std_db)
