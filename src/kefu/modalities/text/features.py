"""Text features: token ids for neural encoders and TF-IDF weights for linear ones."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from tokenizers import Tokenizer

from kefu.modalities.contract import FeatureParameters
from kefu.modalities.text.tfidf import Tfidf, TfidfCounter, TfidfParameters, find_buckets
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

    def used_by_extract(self) -> bytes:
        """Return everything: a text more or less in the training split weighs all n-grams anew."""
        return b"\0".join(self.to_files().values())

    def to_files(self) -> dict[str, bytes]:
        """Return the preprocessor as ``tokenizer.json``, ``tfidf.safetensors`` and ``text.json``."""
        text = {"schema_version": _SCHEMA_VERSION, "features": self.params.model_dump(mode="json")}
        return {
            "tokenizer.json": self.tokenizer.to_str(pretty=True).encode(),
            "tfidf.safetensors": self.tfidf.to_bytes(),
            "text.json": json.dumps(text, indent=2).encode(),
        }


def measure(payloads: Sequence[str], params: Features) -> dict[str, NDArray[Any]]:
    """Find the n-grams of N texts, each by itself.

    Returns:
        ``buckets`` int64 (N, most): the hash buckets of the different n-grams of a text, padded with -1; ``utf8``
        uint8 (N, longest) and ``num_bytes`` int64 (N,): the text, from which the tokenizer learns.
    """
    encoded = [text.encode() for text in payloads]
    num_bytes = np.array([len(data) for data in encoded], dtype=np.int64)
    utf8 = np.zeros((len(encoded), int(num_bytes.max(initial=0))), dtype=np.uint8)
    for row, data in zip(utf8, encoded, strict=True):
        row[: len(data)] = np.frombuffer(data, dtype=np.uint8)
    return {"buckets": find_buckets(payloads, params.tfidf), "utf8": utf8, "num_bytes": num_bytes}


def fit_measured(measured: Iterable[Mapping[str, NDArray[Any]]], params: Features) -> TextPreprocessor:
    """Learn the vocabulary and the TF-IDF weights from what :func:`measure` found in training texts.

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
    for part in measured:
        rows = zip(part["utf8"], part["num_bytes"].tolist(), strict=True)
        for number, (utf8, num_bytes) in enumerate(rows, start=counter.num_texts):
            text = utf8[:num_bytes].tobytes().decode()
            if number < params.max_fit_texts:
                sample.append(text)
            elif (place := int(rng.integers(number + 1))) < params.max_fit_texts:
                sample[place] = text
        counter.add(part["buckets"])
    if tokenizer is None:
        tokenizer = train_tokenizer(sample, params.vocab_size)
    return TextPreprocessor(params, tokenizer, counter.finish())


def fit(payloads: Iterable[str], params: Features) -> TextPreprocessor:
    """Measure training texts, read once and in constant memory, and learn from them.

    Raises:
        PretrainedError: the tokenizer that ``params`` names cannot be used.
    """
    texts = iter(payloads)
    chunks = iter(lambda: list(islice(texts, _TEXTS_PER_CHUNK)), [])
    return fit_measured((measure(chunk, params) for chunk in chunks), params)


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
