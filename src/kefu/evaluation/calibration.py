"""Whether a probability of 0.8 is right four times in five."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kefu.evaluation.predictions import Predictions

BINS = 15


def reliability_curve(predictions: Predictions, bins: int = BINS) -> pd.DataFrame:
    """Return the confidence and the accuracy of tickets grouped by confidence, in bins of equal mass.

    Tickets of equal confidence share a bin, so the order of the tickets does not matter and there may be fewer bins.

    Args:
        predictions: Of N tickets.
        bins: At most this many; never more than N.

    Returns:
        One row a bin, by rising confidence: ``confidence`` and ``accuracy`` (means), ``low`` and ``high`` (the 95%
        Wilson interval of the accuracy) and ``n``.
    """
    confidence = predictions.confidence
    correct = (predictions.predicted == predictions.targets).astype(np.float64)
    members = bins_of_equal_mass(confidence, bins)
    count = np.bincount(members)
    kept = count > 0
    n = count[kept]
    share = np.bincount(members, weights=correct)[kept] / n
    low, high = wilson_interval(share, n)
    return pd.DataFrame(
        {
            "confidence": np.bincount(members, weights=confidence)[kept] / n,
            "accuracy": share,
            "low": low,
            "high": high,
            "n": n,
        }
    )


def bins_of_equal_mass(confidence: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Return the number of the bin (N,) of each confidence (N,); equal ones share a bin."""
    inner = np.linspace(0, 1, min(bins, max(1, len(confidence))) + 1)[1:-1]
    edges = np.unique(np.quantile(confidence, inner)) if len(confidence) else np.empty(0)
    return np.searchsorted(edges, confidence, side="left").astype(np.int64)


def expected_calibration_error(predictions: Predictions, bins: int = BINS) -> float:
    """Return the mean distance between confidence and accuracy over bins of equal mass; NaN without tickets.

    The top-label error of Guo et al. 2017 (On Calibration of Modern Neural Networks) with the adaptive bins of
    Nguyen and O'Connor 2015. Few tickets make it too large: a perfect model has a noise of about 0.4 sqrt(bins / N).
    """
    curve = reliability_curve(predictions, bins)
    if curve.empty:
        return float("nan")
    return float(np.average((curve["confidence"] - curve["accuracy"]).abs(), weights=curve["n"]))


def wilson_interval(
    share: NDArray[np.float64], n: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95% interval of shares of n tickets each (Wilson 1927)."""
    z = 1.959964
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
