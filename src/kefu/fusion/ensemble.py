"""An ensemble of strategies, put together greedily."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kefu.fusion.contract import Embeddings, Fusion

_ROUNDS = 25


class EnsembleFusion(Fusion):
    """Weighted mean of the probabilities of several fitted strategies.

    Args:
        heads: of all trained modalities.
        prior: share of each class among the training tickets (C,).
        strategies: the fusions that are averaged, by name.
    """

    weights: Tensor

    def __init__(self, heads: dict[str, nn.Linear], prior: Tensor, strategies: Mapping[str, Fusion]) -> None:
        super().__init__(heads, prior)
        self.names = tuple(sorted(strategies))
        self.strategies = nn.ModuleDict({name: strategies[name] for name in self.names})
        self.register_buffer("weights", torch.full((len(self.names),), 1 / len(self.names)))

    def combine(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return log-probabilities (B, C)."""
        members = [cast(Fusion, self.strategies[name]) for name in self.names]
        opinions = torch.stack([member.combine(embeddings, mask).log_softmax(dim=1) for member in members])
        return torch.logsumexp(opinions + self.weights.log()[:, None, None], dim=0)


def select_greedily(probabilities: Mapping[str, NDArray[np.float64]], targets: NDArray[np.int64]) -> dict[str, float]:
    """Choose the weights of an ensemble: again and again the member that lowers the log loss of the mean most.

    Members may be chosen several times (Caruana et al. 2004, "Ensemble selection from libraries of models").

    Args:
        probabilities: for each member (N, C), of tickets that it was not fitted on.
        targets: (N,).

    Returns:
        Weights that sum to 1; of members that were never chosen, 0. With no ticket, all are the same.
    """
    names = sorted(probabilities)
    if len(targets) == 0:
        return dict.fromkeys(names, 1 / len(names))
    rows = np.arange(len(targets))
    right = np.stack([probabilities[name][rows, targets] for name in names])
    counts = np.zeros(len(names))
    total = np.zeros(len(targets))
    for size in range(1, _ROUNDS + 1):
        losses = -np.log(np.maximum((total + right) / size, 1e-12)).mean(axis=1)
        best = int(losses.argmin())
        counts[best] += 1
        total += right[best]
    return dict(zip(names, (counts / counts.sum()).tolist(), strict=True))
