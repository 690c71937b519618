"""Batches of whole tickets: features of all modalities, whichever a ticket has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from kefu.fusion.learning import hide_modalities
from kefu.training.data import FeatureRows


@dataclass(frozen=True)
class JointBatch:
    """Features of B tickets; a modality's arrays have a row for each of the tickets that have it."""

    features: dict[str, dict[str, Tensor]]
    rows: dict[str, Tensor]
    """For each modality, whose features its rows are: numbers below B."""
    shown: dict[str, Tensor]
    """For each modality (B,) bool: what fusion may see."""
    targets: Tensor
    """(B,)"""

    def to(self, device: torch.device) -> "JointBatch":
        """Return the batch on a device."""
        return JointBatch(
            {name: {key: value.to(device) for key, value in own.items()} for name, own in self.features.items()},
            {name: value.to(device) for name, value in self.rows.items()},
            {name: value.to(device) for name, value in self.shown.items()},
            self.targets.to(device),
        )


@dataclass(frozen=True)
class JointIndex:
    """What a batch is made of."""

    tickets: NDArray[np.int64]
    variants: dict[str, NDArray[np.int64]]
    """For each modality the row of its features that stands for each ticket (B,); -1 where it has none."""
    shown: dict[str, Tensor]


class JointRows(Dataset[JointBatch]):
    """Tickets with the features of all their modalities; it is indexed by a :class:`JointIndex`.

    Args:
        ticket_ids: N tickets.
        targets: (N,) their classes.
        features: for each modality, rows of these tickets: originals, and copies after them.
    """

    def __init__(
        self, ticket_ids: Sequence[str], targets: NDArray[np.int64], features: Mapping[str, FeatureRows]
    ) -> None:
        self.ticket_ids = list(ticket_ids)
        self.targets = targets
        self.features = features
        self.modalities = tuple(sorted(features))
        self.variants: dict[str, list[list[int]]] = {}
        numbers = {ticket_id: number for number, ticket_id in enumerate(self.ticket_ids)}
        for name in self.modalities:
            found: list[list[int]] = [[] for _ in self.ticket_ids]
            for row, ticket_id in enumerate(features[name].ticket_ids):
                found[numbers[ticket_id]].append(row)
            self.variants[name] = found

    def __len__(self) -> int:
        """Return the number of tickets."""
        return len(self.ticket_ids)

    def __getitem__(self, index: JointIndex) -> JointBatch:
        """Return the batch."""
        features, rows = {}, {}
        for name in self.modalities:
            chosen = index.variants[name]
            places = np.flatnonzero(chosen >= 0)
            features[name] = {
                key: torch.from_numpy(array[chosen[places]]) for key, array in self.features[name].features.items()
            }
            rows[name] = torch.from_numpy(places)
        return JointBatch(features, rows, index.shown, torch.from_numpy(self.targets[index.tickets]))

    def index(self, tickets: NDArray[np.int64], rng: np.random.Generator | None, hidden_share: float) -> JointIndex:
        """Choose a variant of each modality of some tickets, the original without ``rng``, and what fusion may see."""
        variants = {
            name: np.array(
                [
                    -1 if not rows else rows[rng.integers(len(rows)) if rng is not None else 0]
                    for rows in (self.variants[name][ticket] for ticket in tickets)
                ],
                dtype=np.int64,
            )
            for name in self.modalities
        }
        present = {name: torch.from_numpy(chosen >= 0) for name, chosen in variants.items()}
        shown = present if rng is None else hide_modalities(present, hidden_share, rng)
        return JointIndex(tickets, variants, shown)


class JointSampler(Sampler[JointIndex]):
    """Draws every ticket once an epoch; what it draws depends on (seed, epoch) alone, so an epoch can be repeated."""

    def __init__(self, rows: JointRows, batch_size: int, hidden_share: float, seed: int) -> None:
        self.rows = rows
        self.batch_size = batch_size
        self.hidden_share = hidden_share
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to be drawn next."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches."""
        return max(1, len(self.rows) // self.batch_size)

    def __iter__(self) -> Iterator[JointIndex]:
        """Yield what each batch is made of."""
        rng = np.random.default_rng([self.seed, self.epoch])
        for tickets in np.array_split(rng.permutation(len(self.rows)), len(self)):
            yield self.rows.index(tickets, rng, self.hidden_share)


def joint_training_loader(rows: JointRows, batch_size: int, hidden_share: float, seed: int) -> DataLoader[JointBatch]:
    """Batches for training: shuffled, one variant of each modality, some modalities hidden from fusion."""
    return _loader(rows, JointSampler(rows, batch_size, hidden_share, seed))


def joint_ordered_loader(rows: JointRows, batch_size: int) -> DataLoader[JointBatch]:
    """Batches of originals in the order of the tickets, nothing hidden."""
    starts = range(0, len(rows), batch_size)
    tickets = [np.arange(start, min(start + batch_size, len(rows))) for start in starts]
    return _loader(rows, [rows.index(some, None, 0.0) for some in tickets])


def _loader(rows: JointRows, sampler: Any) -> DataLoader[JointBatch]:
    return DataLoader(rows, sampler=sampler, batch_size=None, generator=torch.Generator())
