"""Labels that are probably wrong: confident learning.

After Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels".
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """What confident learning says of N labels of C classes."""

    suspects: pd.DataFrame
    """``row``, ``given`` and ``suggested`` (class numbers), ``of_given``, ``of_suggested`` (probabilities) and
    ``margin`` (the first less the second): the likeliest error first."""
    joint: NDArray[np.float64]
    """(C, C) estimated tickets by given (row) and true (column) class; it sums to N."""

    @property
    def share(self) -> float:
        """Estimated share of labels that are wrong; NaN without tickets."""
        total = float(self.joint.sum())
        return 1 - float(np.trace(self.joint)) / total if total else float("nan")


def find_label_errors(probabilities: NDArray[np.float64], given: NDArray[np.int64]) -> LabelErrors:
    """Compare labels with what a model says of the tickets that has not learned from them.

    A class is likely where its probability is at least the mean that it has among the tickets given that label: a
    threshold for each class, so that a class the model is modest about counts no less. A label is suspect where the
    most probable of the likely classes is another one.

    Args:
        probabilities: (N, C), out of fold.
        given: (N,) class numbers.
    """
    num_classes = probabilities.shape[1]
    counts = np.bincount(given, minlength=num_classes)
    own = np.bincount(given, weights=probabilities[np.arange(len(given)), given], minlength=num_classes)
    thresholds = np.divide(own, counts, out=np.full(num_classes, np.inf), where=counts > 0)
    # the small number is for means of equal values
    likely = np.where(probabilities >= thresholds - 1e-12, probabilities, -1.0)
    confident = likely.max(axis=1, initial=-1.0) >= 0
    suggested = likely.argmax(axis=1)
    rows = np.flatnonzero(confident & (suggested != given))
    of_given, of_suggested = probabilities[rows, given[rows]], probabilities[rows, suggested[rows]]
    suspects = pd.DataFrame(
        {
            "row": rows,
            "given": given[rows],
            "suggested": suggested[rows],
            "of_given": of_given,
            "of_suggested": of_suggested,
            "margin": of_given - of_suggested,
        }
    ).sort_values("margin", kind="stable", ignore_index=True)
    joint = np.zeros((num_classes, num_classes))
    np.add.at(joint, (given[confident], suggested[confident]), 1)
    return LabelErrors(suspects, _scaled(joint, counts))


def _scaled(joint: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give every row the number of tickets of its label; a label without any confident ticket is taken at its word."""
    totals = joint.sum(axis=1, keepdims=True)
    shares = np.divide(joint, totals, out=np.eye(len(joint)), where=totals > 0)
    scaled: NDArray[np.float64] = shares * counts[:, None]
    return scaled
