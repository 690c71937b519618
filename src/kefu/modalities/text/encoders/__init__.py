"""Encoders of the text modality, one file each."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field
from torch import nn

from kefu.modalities.text.encoders.bert import BertEncoder, BertParameters
from kefu.modalities.text.encoders.cnn import CnnEncoder, CnnParameters
from kefu.modalities.text.encoders.rnn import RnnEncoder, RnnParameters
from kefu.modalities.text.encoders.tfidf import TfidfEncoder, TfidfParameters
from kefu.modalities.text.encoders.wide_deep import WideDeepEncoder
from kefu.parameters import Parameters

__all__ = [
    "BertEncoder",
    "CnnEncoder",
    "EncoderParameters",
    "RnnEncoder",
    "TfidfEncoder",
    "WideDeepEncoder",
    "build_encoder",
]


class EncoderParameters(Parameters):
    """Which text encoder, and the size of each."""

    architecture: Literal["rnn", "cnn", "bert", "tfidf", "rnn_tfidf", "bert_tfidf", "rnn_bert_tfidf"] = Field(
        "rnn_tfidf",
        description="A network over tokens, a layer over TF-IDF, or several of them side by side.",
    )
    rnn: RnnParameters = RnnParameters()
    cnn: CnnParameters = CnnParameters()
    bert: BertParameters = BertParameters()
    tfidf: TfidfParameters = TfidfParameters()


def build_encoder(params: EncoderParameters, preprocessor: Any) -> nn.Module:
    """Build the encoder that ``params`` names for the vocabulary of ``preprocessor``."""
    builders: dict[str, Callable[[], Any]] = {
        "rnn": lambda: RnnEncoder(params.rnn, preprocessor.vocab_size),
        "cnn": lambda: CnnEncoder(params.cnn, preprocessor.vocab_size),
        "bert": lambda: BertEncoder(params.bert, preprocessor),
        "tfidf": lambda: TfidfEncoder(params.tfidf, preprocessor.num_tfidf_features),
    }
    first, *others = (builders[name]() for name in params.architecture.split("_"))
    return WideDeepEncoder(first, others) if others else first
