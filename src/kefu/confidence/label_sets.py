"""Sets of labels that hold the true one as often as was asked for: split-conformal prediction."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def nonconformity(probabilities: Floats, targets: NDArray[np.int64]) -> Floats:
    """Return one less the probability of the true class (N,): high where the model was wrong.

    The score of least ambiguous sets, which are the smallest on average at a given coverage (Sadinle, Lei & Wasserman
    2019, "Least ambiguous set-valued classifiers with bounded error levels").

    Args:
        probabilities: (N, C).
        targets: (N,).
    """
    return 1 - probabilities[np.arange(len(targets)), targets]


def make_label_sets(probabilities: Floats, thresholds: Floats) -> NDArray[np.bool_]:
    """Return which classes are in each ticket's set (N, C): those whose nonconformity is within the threshold.

    The most probable class is in every set, so none is empty.

    Args:
        probabilities: (N, C).
        thresholds: (N,); infinity takes all classes.
    """
    inside = 1 - probabilities <= thresholds[:, None]
    inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
    return inside
