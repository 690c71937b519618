"""What a fusion strategy is, and what it is fitted on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Embeddings = Mapping[str, Tensor]
"""For each modality (B, D_m); rows of absent modalities may hold anything, NaN included."""
Present = Mapping[str, Tensor]
"""For each modality (B,) bool."""


def combinations(present: Present) -> list[str]:
    """Name what each ticket has, the modalities in alphabetical order: ``image+text``; empty where it has none."""
    names = sorted(present)
    rows = torch.stack([present[name] for name in names], dim=1).tolist()
    return ["+".join(name for name, there in zip(names, row, strict=True) if there) for row in rows]


class Fusion(nn.Module):
    """A strategy: ``forward(embeddings, present)`` gives logits (B, C).

    Every strategy takes any subset of modalities in any row. What stands in the place of an absent modality cannot
    change the result, and a ticket with none gets the prior of the classes.

    Args:
        heads: each modality's own linear classifier over its embedding, as trained; copied and frozen.
        prior: share of each class among the training tickets (C,).
    """

    log_prior: Tensor

    def __init__(self, heads: Mapping[str, nn.Linear], prior: Tensor) -> None:
        super().__init__()
        self.modalities = tuple(sorted(heads))
        self.heads = nn.ModuleDict()
        for name in self.modalities:
            head = nn.Linear(heads[name].in_features, heads[name].out_features)
            head.load_state_dict(heads[name].state_dict())
            self.heads[name] = head.requires_grad_(False)
        self.register_buffer("log_prior", torch.log(prior.clamp(min=1e-6) / prior.sum()).float())

    @property
    def num_classes(self) -> int:
        """C."""
        return len(self.log_prior)

    def forward(self, embeddings: Embeddings, present: Present) -> Tensor:
        """Return logits (B, C)."""
        mask = torch.stack([present[name] for name in self.modalities], dim=1)
        clean = {name: torch.where(present[name][:, None], embeddings[name], 0.0) for name in self.modalities}
        return torch.where(mask.any(dim=1, keepdim=True), self.combine(clean, mask), self.log_prior)

    def combine(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return logits (B, C) of rows with at least one modality.

        Args:
            embeddings: zeros where a modality is absent.
            mask: (B, M) bool, in the order of ``self.modalities``.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class FusionRows:
    """Embeddings of some tickets, with zeros where a modality is absent."""

    embeddings: dict[str, Tensor]
    """(N, D), or (N, K, D) of all K members of an ensemble"""
    present: dict[str, Tensor]
    targets: NDArray[np.int64]
    groups: NDArray[np.int64]
    """Number of the customer: tickets of one customer never stand on both sides of a fold."""

    def __len__(self) -> int:
        """Return the number of tickets."""
        return len(self.targets)

    def member(self, number: int) -> "FusionRows":
        """Return the rows with the embeddings (N, D) of one member."""
        return FusionRows(
            {name: value[:, number] for name, value in self.embeddings.items()}, self.present, self.targets, self.groups
        )

    def take(self, index: NDArray) -> "FusionRows":
        """Return some of the rows."""
        rows = torch.from_numpy(index)
        return FusionRows(
            {name: value[rows] for name, value in self.embeddings.items()},
            {name: value[rows] for name, value in self.present.items()},
            self.targets[index],
            self.groups[index],
        )

    def without(self, modality: str) -> "FusionRows":
        """Return the rows with one modality hidden from all."""
        present = self.present | {modality: torch.zeros_like(self.present[modality])}
        return FusionRows(self.embeddings, present, self.targets, self.groups)

    def with_noisy(self, modality: str, noisy: "FusionRows") -> "FusionRows":
        """Return the rows with what one modality says of noisy copies, wherever there is such a copy."""
        there = noisy.present[modality].reshape(-1, *[1] * (self.embeddings[modality].dim() - 1))
        changed = torch.where(there, noisy.embeddings[modality], self.embeddings[modality])
        return FusionRows(self.embeddings | {modality: changed}, self.present, self.targets, self.groups)
