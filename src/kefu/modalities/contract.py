"""What a modality is: a package under ``kefu.modalities`` whose module has the names below.

A raw value is what stands in the ticket: a string for text, the bytes of the file for a modality whose column
holds paths (``HOLDS_FILES``). A payload is a cleaned value in memory (a string, RGB pixels, a waveform).
Everything here is a pure function of its arguments: files are read and written by datasets and engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A payload as a browser shows it or plays it, small."""

    media_type: str
    """``text/plain``, ``image/…`` or ``audio/…``"""
    data: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a payload that can be hidden from a model: a word, a rectangle, a stretch of time."""

    name: str
    """What a person calls it."""
    place: Mapping[str, float]
    """Where it is, the lower bounds of all axes before the upper ones: ``start`` and ``end``; ``left``, ``top``,
    ``right`` and ``bottom``."""

    def overlaps(self, other: Part) -> bool:
        """Tell whether two parts of one payload have something in common."""
        mine, theirs = list(self.place.values()), list(other.place.values())
        axes = len(mine) // 2
        return all(mine[axis] < theirs[axes + axis] and theirs[axis] < mine[axes + axis] for axis in range(axes))


@dataclass(frozen=True, slots=True)
class Corruption:
    """A way in which a payload is spoilt, by degrees.

    Args:
        name: one or two words, as a report says them after the name of the modality.
        axis: what ``levels`` are, with their unit, as the title of an axis.
        intact: where on that axis a payload stands that is left alone.
        levels: from mild to bad, all on the same side of ``intact``.
        apply: ``(payload, level, rng)`` to a spoilt payload, pure. A generator in an equal state spoils the same
            places, and with a worse level more of them or more badly.
        intact_name: what the axis says at ``intact``; the number without.
    """

    name: str
    axis: str
    intact: float
    levels: tuple[float, ...]
    apply: Callable[[Any, float, np.random.Generator], Any]
    intact_name: str = ""

    @property
    def severities(self) -> NDArray[np.float64]:
        """Return how bad the levels are, ``intact`` before them: from 0 to 1 along the axis."""
        steps = np.array([self.intact, *self.levels], dtype=np.float64) - self.intact
        return steps / steps[-1]

    @property
    def level_names(self) -> list[str]:
        """Return what the axis says at each level, at ``intact`` first."""
        return [self.intact_name or f"{self.intact:g}", *(f"{level:g}" for level in self.levels)]


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
    Parts: type[Parameters]
    CORRUPTIONS: tuple[Corruption, ...]
    """How its payloads are spoilt to see what models make of it; may be empty."""

    def clean(self, raw: Any, params: Any) -> Cleaned | Fault:
        """Check and normalise one raw value."""

    def pack(self, payload: Any, params: Any) -> bytes:
        """Encode a payload without loss, in a format other programs read (UTF-8, PNG, FLAC).

        ``params`` is the group it was made with, Cleaning or Augmentation.
        """

    def unpack(self, data: bytes) -> Any:
        """Undo :meth:`pack`."""

    def show(self, packed: bytes) -> Exhibit:
        """Return a packed payload as a browser shows it or plays it."""

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

    def split_parts(self, payload: Any, cleaning: Any, params: Any) -> list[Part]:
        """Return the parts, which may overlap, of a payload that ``clean`` made; ``params`` are ``Parts``."""

    def hide_part(self, payload: Any, part: Part, cleaning: Any) -> Any:
        """Return a copy of a payload without what is in one of its parts."""
