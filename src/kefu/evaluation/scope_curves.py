"""How well tickets out of scope are told from the others, at every threshold."""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from kefu.evaluation.confidence import score_out_of_scope

_MOST_POINTS = 200
CAUGHT = 0.95
"""The share of tickets out of scope at which false alarms are told."""


def score_scope(judged: pd.DataFrame) -> tuple[dict[str, Any], dict[str, pd.DataFrame]] | None:
    """Return scores and curves; nothing where there is no ticket out of scope, or none in it.

    Args:
        judged: a row a ticket: ``in_scope``, ``score`` (higher is more foreign, NaN where nothing is present) and
            ``flagged`` (taken for out of scope).

    Returns:
        ``n``, ``auroc``, ``aupr``, ``flagged`` (of tickets out of scope), ``false_alarms`` (flagged of the others) and
        ``fpr_at_95_tpr``, the share of tickets in scope that are flagged where 95% of the others are; and the curves
        ``roc`` (``false_positive_rate``, ``true_positive_rate``), ``precision_recall`` (``recall``, ``precision``) and
        ``flagged`` (``threshold``, ``foreign``, ``known``: shares with a higher score).
    """
    there = judged[np.isfinite(judged["score"].to_numpy(dtype=float))]
    foreign = ~there["in_scope"].to_numpy(dtype=bool)
    if not foreign.any() or foreign.all():
        return None
    scores = there["score"].to_numpy(dtype=float)
    in_scope = judged["in_scope"].to_numpy(dtype=bool)
    false_positive, true_positive, _ = roc_curve(foreign, scores)
    precision, recall, _ = precision_recall_curve(foreign, scores)
    found = dict(score_out_of_scope(judged[in_scope], judged[~in_scope])) | {
        "false_alarms": float(judged.loc[in_scope, "flagged"].astype(float).mean()),
        "fpr_at_95_tpr": float(false_positive[true_positive >= CAUGHT - 1e-9].min(initial=math.inf)),
        "known": int(in_scope.sum()),
    }
    thresholds = np.quantile(scores, np.linspace(0, 1, _MOST_POINTS // 2))
    return found, {
        "roc": _thinned({"false_positive_rate": false_positive, "true_positive_rate": true_positive}),
        "precision_recall": _thinned({"recall": recall, "precision": precision}),
        "flagged": pd.DataFrame(
            {
                "threshold": thresholds,
                "foreign": [float((scores[foreign] > threshold).mean()) for threshold in thresholds],
                "known": [float((scores[~foreign] > threshold).mean()) for threshold in thresholds],
            }
        ),
    }


def _thinned(columns: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Return a curve of a bounded number of points, the first and the last among them."""
    table = pd.DataFrame(columns)
    kept = np.unique(np.linspace(0, len(table) - 1, min(len(table), _MOST_POINTS)).round().astype(int))
    return table.iloc[kept].reset_index(drop=True)
