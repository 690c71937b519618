"""Encoders of the audio modality, one file each."""

from typing import Any, Literal

from pydantic import Field
from torch import nn

from kefu.modalities.audio.encoders.ast import AstEncoder, AstParameters
from kefu.modalities.audio.encoders.cnn_rnn import CnnRnnEncoder, CnnRnnParameters
from kefu.modalities.audio.encoders.mfcc_cnn import MfccCnnEncoder, MfccCnnParameters
from kefu.parameters import Parameters

__all__ = ["AstEncoder", "CnnRnnEncoder", "EncoderParameters", "MfccCnnEncoder", "build_encoder"]


class EncoderParameters(Parameters):
    """Which audio encoder, and the size of each."""

    architecture: Literal["cnn_rnn", "mfcc_cnn", "ast"] = Field(
        "cnn_rnn",
        description="Convolutions and a GRU over log-mel, convolutions over MFCC, or a transformer over log-mel.",
    )
    cnn_rnn: CnnRnnParameters = CnnRnnParameters()
    mfcc_cnn: MfccCnnParameters = MfccCnnParameters()
    ast: AstParameters = AstParameters()


def build_encoder(params: EncoderParameters, preprocessor: Any) -> nn.Module:
    """Build the encoder that ``params`` names for the features of ``preprocessor``."""
    match params.architecture:
        case "cnn_rnn":
            return CnnRnnEncoder(params.cnn_rnn, preprocessor.mean_db, preprocessor.std_db)
        case "mfcc_cnn":
            return MfccCnnEncoder(params.mfcc_cnn, preprocessor.mean_mfcc)
        case "ast":
            return AstEncoder(params.ast, preprocessor)
