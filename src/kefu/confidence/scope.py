"""How foreign a ticket is to what the model was trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from kefu.fusion.contract import FusionRows

Heads = Mapping[str, nn.Linear]


@dataclass(frozen=True)
class ScopeScore:
    """Sum of two signs of a foreign ticket, the mean over the modalities it has and over the members.

    The signs are the greatest logit, negated (Hendrycks et al. 2022, "Scaling out-of-distribution detection for
    real-world settings"), and the cosine distance to the nearest class mean of the embeddings. Each is standardised by
    the tickets of known classes that the classifiers have not seen, so that modalities can be averaged.
    """

    prototypes: Mapping[str, Tensor] = field(default_factory=dict)
    """For each modality the directions of the class means (K, C, D); zeros where a class has no training ticket."""
    centres: Mapping[str, Tensor] = field(default_factory=dict)
    """For each modality the mean of both signs (K, 2)."""
    scales: Mapping[str, Tensor] = field(default_factory=dict)
    """For each modality the standard deviation of both signs (K, 2)."""

    @classmethod
    @torch.inference_mode()
    def fit(cls, heads: Sequence[Heads], training: Sequence[FusionRows], held_out: Sequence[FusionRows]) -> Self:
        """Learn class means from training tickets, and the usual signs from held-out ones.

        Args:
            heads: for each of the K members, the linear classifier of each trained modality.
            training: for each member, the tickets it was trained on, with its embeddings (N, D).
            held_out: for each member, tickets that its classifiers have not seen.
        """
        prototypes, centres, scales = {}, {}, {}
        for name in heads[0]:
            means = [
                _class_means(rows, name, own[name].out_features) for rows, own in zip(training, heads, strict=True)
            ]
            signs = [
                _signs(own[name], mean, rows.embeddings[name][rows.present[name]])
                for own, mean, rows in zip(heads, means, held_out, strict=True)
            ]
            moments = [_moments(found) for found in signs]
            prototypes[name] = torch.stack(means)
            centres[name] = torch.stack([centre for centre, _ in moments])
            scales[name] = torch.stack([scale for _, scale in moments])
        return cls(prototypes, centres, scales)

    @torch.inference_mode()
    def score(self, heads: Heads, member: int, rows: FusionRows) -> NDArray[np.float64]:
        """Return what one member says (N,): higher is more foreign, about 0 is usual; NaN where nothing is present.

        Args:
            heads: of the member.
            member: its number.
            rows: with the member's embeddings (N, D).
        """
        total, count = torch.zeros(len(rows)), torch.zeros(len(rows))
        for name, prototypes in self.prototypes.items():
            there = rows.present[name]
            signs = _signs(heads[name], prototypes[member], rows.embeddings[name][there])
            total[there] += ((signs - self.centres[name][member]) / self.scales[name][member]).sum(dim=1)
            count[there] += 1
        return (total / count).double().numpy()


def _class_means(rows: FusionRows, name: str, num_classes: int) -> Tensor:
    """Return the directions of the class means (C, D) of the tickets that have the modality."""
    there = rows.present[name]
    directions = normalize(rows.embeddings[name][there], dim=1)
    sums = torch.zeros(num_classes, directions.shape[1])
    sums.index_add_(0, torch.from_numpy(rows.targets)[there], directions)
    return normalize(sums, dim=1)


def _signs(head: nn.Linear, prototypes: Tensor, embeddings: Tensor) -> Tensor:
    """Return the greatest logit, negated, and the distance to the nearest class mean (N, 2)."""
    nearest = (normalize(embeddings, dim=1) @ prototypes.T).amax(dim=1)
    return torch.stack([-head(embeddings).amax(dim=1), 1 - nearest], dim=1)


def _moments(signs: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation (2,); 0 and 1 where there are too few tickets to tell."""
    if len(signs) < 2:
        return torch.zeros(2), torch.ones(2)
    scale = signs.std(dim=0)
    return signs.mean(dim=0), torch.where(scale > 1e-6, scale, 1.0)
