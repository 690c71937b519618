"""What strategies say of tickets that neither the classifiers nor the fusion have learned from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kefu.fusion.contract import Fusion, FusionRows
from kefu.fusion.ensemble import select_greedily
from kefu.fusion.strategies import FusionParameters, Heads, fit_fusion

_NUM_FOLDS = 5


def make_fusion_folds(held_out: Sequence[FusionRows], seed: int) -> list[NDArray[np.int64]]:
    """Give each member's tickets fold numbers (N_k,); those of one customer have the same."""
    return [folds[rows.groups] for folds, rows in zip(_folds_of_groups(held_out, seed), held_out, strict=True)]


def _folds_of_groups(held_out: Sequence[FusionRows], seed: int) -> list[NDArray[np.int64]]:
    """Give each member's customers fold numbers."""
    rng = np.random.default_rng(seed)
    return [rng.permutation(int(rows.groups.max(initial=0)) + 1) % _NUM_FOLDS for rows in held_out]


@dataclass(frozen=True)
class OutOfFold:
    """A strategy fitted several times, each time without one fold of the held-out tickets."""

    fusions: Sequence[tuple[Fusion, ...]]
    """For each fold, a fusion for each member that has not seen the fold's tickets."""
    folds: Sequence[NDArray[np.int64]]
    """For each member, the fold of each customer."""

    @classmethod
    def fit(
        cls,
        strategy: str,
        heads: Sequence[Heads],
        prior: Tensor,
        held_out: Sequence[FusionRows],
        *,
        params: FusionParameters,
        seed: int,
    ) -> Self:
        """Fit a strategy on all folds but one, for each fold in turn.

        Args:
            strategy: as :func:`kefu.fusion.strategies.fit_fusion` takes it.
            heads: for each member, the heads of its modalities.
            prior: share of each class among the training tickets (C,).
            held_out: for each member, the tickets that its classifiers have not seen.
            params: settings of the strategies.
            seed: of the folds, of starting weights and shuffling.
        """
        folds = _folds_of_groups(held_out, seed)
        others = [
            [rows.take(np.flatnonzero(own[rows.groups] != fold)) for rows, own in zip(held_out, folds, strict=True)]
            for fold in range(_NUM_FOLDS)
        ]
        return cls([fit_fusion(strategy, heads, prior, rows, params=params, seed=seed) for rows in others], folds)

    def predict(self, held_out: Sequence[FusionRows]) -> NDArray[np.float64]:
        """Return probabilities (N, C) of the tickets of all members, one member after the other.

        Args:
            held_out: for each member, tickets that it was fitted on, in any state: as they came, noisy, a modality
                hidden.
        """
        sizes = zip(held_out, self.fusions[0], strict=True)
        found = [np.zeros((len(rows), fusion.num_classes)) for rows, fusion in sizes]
        for fold, fusions in enumerate(self.fusions):
            for probabilities, fusion, rows, own in zip(found, fusions, held_out, self.folds, strict=True):
                chosen = np.flatnonzero(own[rows.groups] == fold)
                part = rows.take(chosen)
                with torch.inference_mode():
                    probabilities[chosen] = fusion(part.embeddings, part.present).double().softmax(dim=1).numpy()
        return np.concatenate(found)


@dataclass(frozen=True)
class EnsembleOutOfFold:
    """A greedy ensemble of strategies whose weights are chosen several times, each time without one fold."""

    strategies: Mapping[str, OutOfFold]
    weights: Sequence[Mapping[str, float]]
    """For each fold, the weights of the strategies, chosen on the other folds."""
    folds: NDArray[np.int64]
    """The fold of each ticket (N,), those of one member after the other."""

    @classmethod
    def fit(cls, strategies: Mapping[str, OutOfFold], held_out: Sequence[FusionRows], seed: int) -> Self:
        """Choose the weights.

        Args:
            strategies: fitted on these tickets and with this seed.
            held_out: for each member, the tickets that its classifiers have not seen, as they came.
            seed: of the folds.
        """
        folds = np.concatenate(make_fusion_folds(held_out, seed))
        targets = np.concatenate([rows.targets for rows in held_out])
        said = {name: strategy.predict(held_out) for name, strategy in strategies.items()}
        return cls(strategies, choose_weights_out_of_fold(said, targets, folds), folds)

    def predict(self, held_out: Sequence[FusionRows]) -> NDArray[np.float64]:
        """Return probabilities (N, C), as :meth:`OutOfFold.predict` does."""
        said = {name: strategy.predict(held_out) for name, strategy in self.strategies.items()}
        mixed = np.zeros_like(next(iter(said.values())))
        for fold, weights in enumerate(self.weights):
            there = self.folds == fold
            mixed[there] = sum(weight * said[name][there] for name, weight in weights.items())
        return mixed


def choose_weights_out_of_fold(
    probabilities: Mapping[str, NDArray[np.float64]], targets: NDArray[np.int64], folds: NDArray[np.int64]
) -> list[dict[str, float]]:
    """Return for each fold the weights of a greedy ensemble, chosen on the other folds.

    Args:
        probabilities: out-of-fold probabilities (N, C) of each strategy.
        targets: (N,).
        folds: (N,) fold numbers of the tickets.
    """
    return [
        select_greedily({name: p[folds != fold] for name, p in probabilities.items()}, targets[folds != fold])
        for fold in range(_NUM_FOLDS)
    ]
