"""What a modality is: a package under ``kefu.modalities`` whose module has the names below.

A raw value is what stands in the ticket: a string for text, the bytes of the file for a modality whose column
holds paths (``HOLDS_FILES``). A payload is a cleaned value in memory (a string, RGB pixels, a waveform).
Everything here is a pure function of its arguments: files are read and written by datasets and engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kefu.parameters import Parameters
from kefu.tickets.faults import Fault

if TYPE_CHECKING:
    # workers that clean and extract need no torch, and it would take most of their memory and of their start
    import torch
    from torch import Tensor

Fact = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A payload fit for use, and facts about it for the data report (``duration_seconds``, ``language``, …)."""

    payload: Any
    facts: dict[str, Fact] = field(default_factory=dict)


class FeatureParameters(Parameters):
    """What the features of every modality have in common."""

    max_fit: int | None = Field(
        None,
        ge=1,
        description="Vocabulary or statistics are learned from so many training tickets, drawn evenly; empty: all",
    )


class Preprocessor(Protocol):
    """What feature extraction learned from the training split, able to travel inside a bundle."""

    def extract(self, payloads: Sequence[Any]) -> dict[str, NDArray[Any]]:
        """Turn N payloads into arrays whose first axis is N. The same payload gives the same rows in any batch."""

    def to_files(self) -> dict[str, bytes]:
        """Return the preprocessor as named files (JSON or safetensors, never pickle)."""

    def used_by_extract(self) -> bytes:
        """Return all that :meth:`extract` depends on: where it is the same, so are the features.

        What only encoders use, as the mean and deviation they normalise with, is left out: it changes a little with
        every training ticket, and the features do not.
        """


class Encoder(Protocol):
    """A ``torch.nn.Module`` from a batch of features to embeddings."""

    embedding_dim: int
    token_dim: int

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, ``embedding_dim``)."""

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the parts that an embedding is pooled from (B, T, D), and which of them (B, T) are there."""


class Modality(Protocol):
    """The names that every package under ``kefu.modalities`` provides."""

    NAME: str
    HOLDS_FILES: bool
    Cleaning: type[Parameters]
    Augmentation: type[Parameters]
    Features: type[FeatureParameters]
    EncoderParameters: type[Parameters]

    def clean(self, raw: Any, params: Any) -> Cleaned | Fault:
        """Check and normalise one raw value."""

    def pack(self, payload: Any, params: Any) -> bytes:
        """Encode a payload without loss, in a format other programs read (UTF-8, PNG, FLAC).

        ``params`` is the group it was made with, Cleaning or Augmentation.
        """

    def unpack(self, data: bytes) -> Any:
        """Undo :meth:`pack`."""

    def augment(self, payload: Any, params: Any, rng: np.random.Generator) -> Any:
        """Return a changed copy that a person would still label the same."""

    def measure(self, payloads: Sequence[Any], params: Any) -> dict[str, NDArray[Any]]:
        """Return what a preprocessor is fitted to: arrays whose first axis is N, each row of one payload alone."""

    def fit_measured(self, measured: Iterable[Mapping[str, NDArray[Any]]], params: Any) -> Preprocessor:
        """Learn a preprocessor from what was measured of training payloads, read once."""

    def fit(self, payloads: Iterable[Any], params: Any) -> Preprocessor:
        """Measure training payloads, read once and in constant memory, and learn a preprocessor from them."""

    def load_preprocessor(self, files: Mapping[str, bytes]) -> Preprocessor:
        """Undo :meth:`Preprocessor.to_files`."""

    def build_encoder(self, params: Any, preprocessor: Any) -> torch.nn.Module:
        """Build an untrained :class:`Encoder` that fits the preprocessor's features."""
