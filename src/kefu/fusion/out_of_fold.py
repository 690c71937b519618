"""What strategies say of tickets that neither the classifiers nor the fusion have learned from."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kefu.fusion.contract import FusionRows
from kefu.fusion.ensemble import select_greedily
from kefu.fusion.strategies import FusionParameters, Heads, fit_fusion

_NUM_FOLDS = 5


def make_fusion_folds(held_out: Sequence[FusionRows], seed: int) -> list[NDArray[np.int64]]:
    """Give each member's tickets fold numbers (N_k,); those of one customer have the same."""
    rng = np.random.default_rng(seed)
    return [(rng.permutation(int(rows.groups.max(initial=0)) + 1) % _NUM_FOLDS)[rows.groups] for rows in held_out]


def predict_out_of_fold(
    strategy: str,
    heads: Sequence[Heads],
    prior: Tensor,
    held_out: Sequence[FusionRows],
    folds: Sequence[NDArray[np.int64]],
    *,
    params: FusionParameters,
    seed: int,
) -> NDArray[np.float64]:
    """Fit a strategy on all folds but one and let it speak of that one, for each fold in turn.

    Args:
        strategy: as :func:`kefu.fusion.strategies.fit_fusion` takes it.
        heads: for each member, the heads of its modalities.
        prior: share of each class among the training tickets (C,).
        held_out: for each member, the tickets that its classifiers have not seen.
        folds: of :func:`make_fusion_folds`.
        params: settings of the strategies.
        seed: of starting weights and shuffling.

    Returns:
        Probabilities (N, C) of the tickets of all members, one member after the other.
    """
    found = [np.zeros((len(rows), len(prior))) for rows in held_out]
    for fold in range(_NUM_FOLDS):
        others = [rows.take(np.flatnonzero(own != fold)) for rows, own in zip(held_out, folds, strict=True)]
        fusions = fit_fusion(strategy, heads, prior, others, params=params, seed=seed)
        for probabilities, fusion, rows, own in zip(found, fusions, held_out, folds, strict=True):
            chosen = np.flatnonzero(own == fold)
            part = rows.take(chosen)
            with torch.inference_mode():
                probabilities[chosen] = fusion(part.embeddings, part.present).double().softmax(dim=1).numpy()
    return np.concatenate(found)


def predict_ensemble_out_of_fold(
    probabilities: Mapping[str, NDArray[np.float64]], targets: NDArray[np.int64], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return what a greedy ensemble (N, C) says of each fold with the weights chosen on the other folds.

    Args:
        probabilities: out-of-fold probabilities (N, C) of each strategy.
        targets: (N,).
        folds: (N,) fold numbers of the tickets.
    """
    mixed = np.zeros_like(next(iter(probabilities.values())))
    for fold in range(_NUM_FOLDS):
        there = folds == fold
        weights = select_greedily({name: p[~there] for name, p in probabilities.items()}, targets[~there])
        mixed[there] = sum(weight * probabilities[name][there] for name, weight in weights.items())
    return mixed
