"""Batches of features for training: one variant of every ticket an epoch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from kefu.engines.shards import FeatureShard

Batch = dict[str, Tensor]
TARGET = "target"


@dataclass(frozen=True)
class FeatureRows:
    """Features and class numbers of some tickets.

    ``ticket_ids`` may hold a ticket several times: its original and its augmented copies.
    """

    ticket_ids: Sequence[str]
    features: Mapping[str, NDArray[Any]]
    targets: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check that all have one row a ticket."""
        sizes = {len(array) for array in self.features.values()} | {len(self.ticket_ids), len(self.targets)}
        if len(sizes) != 1:
            raise ValueError(f"features, ticket_ids and targets disagree in length: {sorted(sizes)}")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.targets)


def collect_rows(
    sources: Sequence[Mapping[str, FeatureShard]], tickets: pd.DataFrame, labels: Sequence[str]
) -> FeatureRows:
    """Gather the rows of some tickets from shards, those of the first source first.

    Args:
        sources: shards of one modality: originals, and augmented copies.
        tickets: with ``ticket_id`` and ``label``.
        labels: the class names, in the order of the class numbers.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    targets = {i: numbers[label] for i, label in zip(tickets["ticket_id"], tickets["label"], strict=True)}
    ids: list[str] = []
    parts: dict[str, list[Any]] = {}
    for shards in sources:
        for shard in shards.values():
            chosen = [row for row, ticket_id in enumerate(shard.ticket_ids) if ticket_id in targets]
            ids += [shard.ticket_ids[row] for row in chosen]
            for name, array in shard.features.items():
                parts.setdefault(name, []).append(array[chosen])
    return FeatureRows(
        ids,
        {name: np.concatenate(arrays) for name, arrays in parts.items()},
        np.array([targets[ticket_id] for ticket_id in ids], dtype=np.int64),
    )


class FeatureDataset(Dataset[Batch]):
    """Gives whole batches: it is indexed by an array of row numbers."""

    def __init__(self, rows: FeatureRows) -> None:
        self.features = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in rows.features.items()}
        self.targets = torch.from_numpy(rows.targets)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.targets)

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """Return the rows of these numbers."""
        chosen = torch.from_numpy(index)
        return {name: array[chosen] for name, array in self.features.items()} | {TARGET: self.targets[chosen]}


class VariantSampler(Sampler[NDArray[np.int64]]):
    """Draws every ticket once an epoch, as one of its variants, in an order that depends on (seed, epoch) alone.

    So that an epoch can be repeated after an interruption exactly as it would have been.
    """

    def __init__(self, ticket_ids: Sequence[str], batch_size: int, seed: int) -> None:
        tickets, inverse = np.unique(np.asarray(ticket_ids, dtype=object).astype(str), return_inverse=True)
        order = np.argsort(inverse, kind="stable")
        self.variants = np.split(order, np.cumsum(np.bincount(inverse, minlength=len(tickets)))[:-1])
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to be drawn next."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches."""
        return max(1, len(self.variants) // self.batch_size)

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        """Yield the row numbers of each batch."""
        rng = np.random.default_rng([self.seed, self.epoch])
        rows = np.array([variants[rng.integers(len(variants))] for variants in self.variants], dtype=np.int64)
        rng.shuffle(rows)
        # a last batch of a few tickets would disturb batch normalisation: the batches are levelled instead
        yield from np.array_split(rows, len(self))


def training_loader(rows: FeatureRows, batch_size: int, seed: int) -> DataLoader[Batch]:
    """Batches for training: shuffled, one variant a ticket."""
    sampler = VariantSampler(rows.ticket_ids, batch_size, seed)
    return _loader(rows, sampler)


def ordered_loader(rows: FeatureRows, batch_size: int) -> DataLoader[Batch]:
    """Batches in the order of the rows, each once."""
    batches = [np.arange(s, min(s + batch_size, len(rows))) for s in range(0, len(rows), batch_size)]
    return _loader(rows, batches)


def _loader(rows: FeatureRows, sampler: Iterable[NDArray[np.int64]]) -> DataLoader[Batch]:
    # a loader of its own generator, as it would else draw from torch's whenever an epoch, or a resumed training, starts
    return DataLoader(FeatureDataset(rows), sampler=sampler, batch_size=None, generator=torch.Generator())
