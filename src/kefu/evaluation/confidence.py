"""Whether label sets hold the true label as often as they promise, and tickets out of scope are known as such."""

import math
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from kefu.evaluation.calibration import wilson_interval

ALL = "anything"


def score_label_sets(judged: pd.DataFrame) -> pd.DataFrame:
    """Score the tickets of known labels, all and by the modalities they have.

    Args:
        judged: a row a ticket: ``holds`` (modalities), ``covered`` (whether the label set holds the true label),
            ``set_size``, ``flagged`` (as out of scope).

    Returns:
        One row a group, that of all tickets first: ``group`` (``anything``, ``text``, …), ``n``, ``coverage`` and
        ``flagged`` (shares, each with ``_low`` and ``_high``, the 95% Wilson interval), ``set_size`` (mean).
    """
    groups = {ALL: judged} | dict(
        sorted(judged.groupby("holds", sort=True), key=lambda pair: len(pair[1]), reverse=True)
    )
    rows = []
    for name, some in groups.items():
        shares = {
            name: some[column].astype(float).mean()
            for name, column in (("coverage", "covered"), ("flagged", "flagged"))
        }
        row: dict[str, Any] = {"group": str(name), "n": len(some), "set_size": float(some["set_size"].mean())}
        for column, share in shares.items():
            low, high = wilson_interval(np.array([share]), np.array([max(1, len(some))]))
            row |= {column: float(share), f"{column}_low": float(low[0]), f"{column}_high": float(high[0])}
        rows.append(row)
    columns = ["group", "n", "coverage", "coverage_low", "coverage_high", "set_size"]
    return pd.DataFrame(rows)[[*columns, "flagged", "flagged_low", "flagged_high"]]


def score_out_of_scope(known: pd.DataFrame, foreign: pd.DataFrame) -> dict[str, float | int]:
    """Score how well tickets that belong to no label are told from the others.

    Args:
        known: tickets of known labels, with ``score`` (higher is more foreign, NaN where nothing is present) and
            ``flagged``.
        foreign: tickets out of scope, with the same columns.

    Returns:
        ``n`` tickets out of scope, ``auroc``, ``aupr`` (average precision, out of scope being what is looked for) and
        ``flagged``, the share of them that the threshold catches. NaN where one of the two has no ticket to judge.
    """
    scores = np.concatenate([known["score"].to_numpy(dtype=float), foreign["score"].to_numpy(dtype=float)])
    truth = np.repeat([0, 1], [len(known), len(foreign)])
    there = np.isfinite(scores)
    defined = len(np.unique(truth[there])) == 2
    return {
        "n": len(foreign),
        "auroc": float(roc_auc_score(truth[there], scores[there])) if defined else math.nan,
        "aupr": float(average_precision_score(truth[there], scores[there])) if defined else math.nan,
        "flagged": float(foreign["flagged"].mean()) if len(foreign) else math.nan,
    }
