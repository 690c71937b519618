"""Text features: token ids for neural encoders and TF-IDF weights for linear ones."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from tokenizers import Tokenizer

from kefu.modalities.contract import FeatureParameters
from kefu.modalities.text.tfidf import Tfidf, TfidfCounter, TfidfParameters
from kefu.modalities.text.tokenizer import PAD_ID, encode, load_tokenizer, train_tokenizer

_SCHEMA_VERSION = 1
_TEXTS_PER_CHUNK = 64


class Features(FeatureParameters):
    """Sizes of the vocabulary and of the TF-IDF features."""

    tokenizer: str | None = Field(
        None,
        description="Folder with a tokenizer.json, or package:NAME, as pretrained weights need it; empty: learned.",
    )
    vocab_size: int = Field(8192, ge=16, description="At most so many tokens, <pad> and <unk> among them.")
    max_tokens: int = Field(160, ge=1, description="Longer texts lose their end, as far as tokens go.")
    max_fit_texts: int = Field(50_000, ge=1, description="The tokenizer learns from so many texts, drawn evenly.")
    tfidf: TfidfParameters = TfidfParameters()


@dataclass(frozen=True, slots=True)
class TextPreprocessor:
    """What was learned from the training texts."""

    params: Features
    tokenizer: Tokenizer
    tfidf: Tfidf

    @property
    def vocab_size(self) -> int:
        """Number of tokens, rows of an embedding table."""
        return self.tokenizer.get_vocab_size()

    @property
    def pad_id(self) -> int:
        """The token id that fills rows up."""
        return PAD_ID

    @property
    def num_tfidf_features(self) -> int:
        """Number of TF-IDF columns, at least 1."""
        return max(1, len(self.tfidf.buckets))

    def extract(self, payloads: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Turn N texts into arrays whose first axis is N.

        Returns:
            ``token_ids`` int32 (N, ``max_tokens``), padded with ``pad_id``; ``num_tokens`` int32 (N,), at least 1;
            ``tfidf_indices`` int32 and ``tfidf_values`` float32 (N, ``max_terms``), padded with column 0 of
            weight 0, fit for ``torch.nn.functional.embedding_bag(..., per_sample_weights=values, mode="sum")``.
        """
        token_ids, num_tokens = encode(self.tokenizer, payloads, self.params.max_tokens)
        indices, values = self.tfidf.extract(payloads)
        return {"token_ids": token_ids, "num_tokens": num_tokens, "tfidf_indices": indices, "tfidf_values": values}

    def to_files(self) -> dict[str, bytes]:
        """Return the preprocessor as ``tokenizer.json``, ``tfidf.safetensors`` and ``text.json``."""
        text = {"schema_version": _SCHEMA_VERSION, "features": self.params.model_dump(mode="json")}
        return {
            "tokenizer.json": self.tokenizer.to_str(pretty=True).encode(),
            "tfidf.safetensors": self.tfidf.to_bytes(),
            "text.json": json.dumps(text, indent=2).encode(),
        }


def fit(payloads: Iterable[str], params: Features) -> TextPreprocessor:
    """Learn the vocabulary and the TF-IDF weights from training texts, read once and in constant memory.

    The TF-IDF counts all texts, the tokenizer, unless it is given, learns from an even sample of ``max_fit_texts``
    (Vitter, Random sampling with a reservoir, 1985). The same texts in the same order give the same preprocessor in
    every run.

    Raises:
        PretrainedError: the tokenizer that ``params`` names cannot be used.
    """
    tokenizer = load_tokenizer(params.tokenizer, params.max_tokens) if params.tokenizer is not None else None
    counter = TfidfCounter(params.tfidf)
    sample: list[str] = []
    rng = np.random.default_rng(0)
    chunk: list[str] = []
    for number, text in enumerate(payloads):
        if number < params.max_fit_texts:
            sample.append(text)
        elif (place := int(rng.integers(number + 1))) < params.max_fit_texts:
            sample[place] = text
        chunk.append(text)
        if len(chunk) == _TEXTS_PER_CHUNK:
            counter.add(chunk)
            chunk = []
    counter.add(chunk)
    if tokenizer is None:
        tokenizer = train_tokenizer(sample, params.vocab_size)
    return TextPreprocessor(params, tokenizer, counter.finish())


def load_preprocessor(files: Mapping[str, bytes]) -> TextPreprocessor:
    """Undo :meth:`TextPreprocessor.to_files`.

    Raises:
        ValueError: the files were written by another version of kefu.
    """
    text = json.loads(files["text.json"])
    if text["schema_version"] != _SCHEMA_VERSION:
        raise ValueError(f"text.json has schema version {text['schema_version']}, this kefu reads {_SCHEMA_VERSION}")
    params = Features.model_validate(text["features"])
    return TextPreprocessor(
        params,
        Tokenizer.from_str(files["tokenizer.json"].decode()),
        Tfidf.from_bytes(files["tfidf.safetensors"], params.tfidf),
    )
