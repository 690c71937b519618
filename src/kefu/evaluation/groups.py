"""Scores of groups of tickets: those of one language, those that hold the same, those with a changed input."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from kefu.evaluation.bootstrap import ACCURACY, MACRO_F1, Intervals, Resampling, score_intervals
from kefu.evaluation.predictions import Predictions

FEWEST_CUSTOMERS_OF_A_GROUP = 10


def by_group(predictions: Predictions, groups: Sequence[str], resampling: Resampling) -> pd.DataFrame:
    """Score the tickets of each group by itself.

    Args:
        predictions: Of N tickets.
        groups: (N,) the group of each ticket.
        resampling: How intervals are made.

    Returns:
        One row a group, the largest first: ``group``, ``n`` and the columns of :func:`group_scores`.
    """
    membership = np.array(groups, dtype=str)
    return pd.DataFrame(
        [
            {"group": name, "n": size} | group_scores(predictions.select(membership == name), resampling)
            for name, size in sizes(groups).items()
        ]
    )


def sizes(groups: Sequence[str]) -> dict[str, int]:
    """Return how often each group occurs, the largest first, equals by name."""
    names, counts = np.unique(np.array(groups, dtype=str), return_counts=True)
    pairs = zip(names.tolist(), counts.tolist(), strict=True)
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def group_scores(predictions: Predictions, resampling: Resampling) -> dict[str, float]:
    """Return ``accuracy`` and ``macro_f1``, each with ``_low`` and ``_high``; macro-F1 is over the classes that occur.

    Fewer than ten customers get no interval (NaN): all of two tickets right would be "certain".
    """
    scores = score_intervals(predictions, resampling)
    if scores.customers < FEWEST_CUSTOMERS_OF_A_GROUP:
        unknown = np.full(scores.estimate.shape, np.nan)
        scores = replace(scores, low=unknown, high=unknown)
    return score_columns(scores)


def score_columns(scores: Intervals) -> dict[str, float]:
    """Return ``accuracy`` and ``macro_f1`` of intervals, each with ``_low`` and ``_high``."""
    return {
        f"{name}{suffix}": float(values[index])
        for name, index in (("accuracy", ACCURACY), ("macro_f1", MACRO_F1))
        for suffix, values in (("", scores.estimate), ("_low", scores.low), ("_high", scores.high))
    }
