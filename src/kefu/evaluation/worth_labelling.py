"""Which tickets without a label would teach the model most."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FAR = 1e12
"""The squared distance where nothing has a label: all are equally far, and the most uncertain one is the first."""


def entropy(probabilities: Floats) -> Floats:
    """Return how undecided each ticket is (N,): 0 where one class has it all, 1 where all are equal."""
    num_classes = probabilities.shape[1]
    if num_classes < 2:
        return np.zeros(len(probabilities))
    found: Floats = -(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(axis=1) / np.log(num_classes)
    return found


def choose_to_label(
    uncertainty: Floats, embeddings: Floats, labelled: Floats, count: int, pool_factor: int
) -> NDArray[np.int64]:
    """Return the positions of tickets to label, the first one first.

    Of the most uncertain tickets, ``pool_factor`` times as many as are wanted, one after the other that whose
    uncertainty times its distance from everything that has a label or was chosen before is greatest. Uncertainty first
    and variety within it is the way of Citovsky et al. 2021, "Batch active learning at scale"; variety is that of the
    greedy k-center of Sener and Savarese 2018, "Active learning for convolutional neural networks: a core-set
    approach". Twenty tickets alike would teach no more than one.

    Args:
        uncertainty: (N,), higher is less sure.
        embeddings: (N, D) of the same tickets.
        labelled: (M, D) of tickets that have a label; M may be 0.
        count: how many are wanted.
        pool_factor: how far down the list of the uncertain to look.
    """
    pool = np.argsort(-uncertainty, kind="stable")[: count * pool_factor]
    if not len(pool) or count < 1:
        return np.empty(0, dtype=np.int64)
    points = embeddings[pool]
    nearest = np.full(len(pool), _FAR)
    for start in range(0, len(labelled), 1_000):
        nearest = np.minimum(nearest, _distances(points, labelled[start : start + 1_000]).min(axis=1))
    chosen: list[int] = []
    while len(chosen) < min(count, len(pool)):
        worth = uncertainty[pool] * np.sqrt(nearest)
        worth[chosen] = -1.0
        best = int(worth.argmax())
        chosen.append(best)
        nearest = np.minimum(nearest, _distances(points, points[[best]])[:, 0])
    return pool[chosen]


def _distances(points: Floats, others: Floats) -> Floats:
    """Return squared distances (N, M)."""
    squares = (points**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None] - 2 * points @ others.T
    found: Floats = np.maximum(squares, 0.0)
    return found
