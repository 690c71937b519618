"""What is gained by answering only where the model is sure, and handing the rest to people."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kefu.evaluation.calibration import wilson_interval
from kefu.evaluation.predictions import Predictions

SHARES = tuple(round(0.1 * step, 1) for step in range(1, 11))
"""Shares of tickets answered that are shown."""

WANTED = (0.9, 0.95, 0.98, 0.99)
"""Accuracies that a person may ask for."""


def selective_curve(predictions: Predictions) -> pd.DataFrame:
    """Return the accuracy of the surest tickets, for growing shares of all.

    Args:
        predictions: of N tickets, at least one.

    Returns:
        A row a share: ``answered``, ``n``, ``threshold`` (the confidence from which on a ticket is answered), and
        ``accuracy`` with ``accuracy_low`` and ``accuracy_high``, the 95% Wilson interval.
    """
    confidence, right = _by_confidence(predictions)
    counts = np.unique(np.maximum(1, np.ceil(np.array(SHARES) * len(right) - 1e-9)).astype(np.int64))
    accuracy = np.cumsum(right)[counts - 1] / counts
    low, high = wilson_interval(accuracy, counts)
    return pd.DataFrame(
        {
            "answered": counts / len(right),
            "n": counts,
            "threshold": confidence[counts - 1],
            "accuracy": accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
        }
    )


def area_under_risk_coverage(predictions: Predictions) -> float:
    """Return the mean error over all shares of tickets answered: 0 where none is wrong.

    The AURC of Geifman, Uziel and El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep neural classifiers".
    A model that is sure at random has its plain error.
    """
    _, right = _by_confidence(predictions)
    return float((1 - np.cumsum(right) / np.arange(1, len(right) + 1)).mean())


def answerable(predictions: Predictions) -> list[dict[str, Any]]:
    """Return for each wanted accuracy the largest share of tickets that are answered with it.

    It is read off the tickets themselves, so it flatters a little where they are few.

    Returns:
        ``accuracy`` (wanted), ``answered`` (a share, 0 where none will do) and ``threshold`` (None then).
    """
    confidence, right = _by_confidence(predictions)
    accuracy = np.cumsum(right) / np.arange(1, len(right) + 1)
    # tickets of equal confidence are answered together
    last = np.append(confidence[1:] != confidence[:-1], True)
    rows: list[dict[str, Any]] = []
    for wanted in WANTED:
        enough = np.flatnonzero((accuracy >= wanted) & last)
        row = {"accuracy": wanted, "answered": 0.0, "threshold": None}
        if len(enough):
            row |= {"answered": (int(enough[-1]) + 1) / len(right), "threshold": float(confidence[enough[-1]])}
        rows.append(row)
    return rows


def _by_confidence(predictions: Predictions) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return confidence and whether the answer is right, the surest first; of equals the wrong ones first."""
    right = predictions.predicted == predictions.targets
    order = np.lexsort((right, -predictions.confidence))
    return predictions.confidence[order], right[order]
