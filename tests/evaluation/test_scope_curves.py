"""Curves of tickets out of scope."""

import numpy as np
import pandas as pd
import pytest

from kefu.evaluation.scope_curves import score_scope


def judged(known: list[float], foreign: list[float], threshold: float = 0.5) -> pd.DataFrame:
    scores = np.array(known + foreign)
    return pd.DataFrame(
        {
            "in_scope": [True] * len(known) + [False] * len(foreign),
            "score": scores,
            "flagged": np.nan_to_num(scores, nan=-1) > threshold,
        }
    )


def test_told_apart_and_not() -> None:
    found, curves = score_scope(judged([0.0, 0.1, 0.2, 0.9], [0.8, 1.0, 1.1]))
    assert found["fpr_at_95_tpr"] == 0.25, "to catch all three, the one at 0.9 is flagged too"
    assert found["auroc"] == pytest.approx(11 / 12)
    assert (found["flagged"], found["false_alarms"]) == (1.0, 0.25)
    assert curves["roc"].iloc[-1].tolist() == [1.0, 1.0]
    assert curves["flagged"]["foreign"].is_monotonic_decreasing


def test_nothing_to_tell_apart() -> None:
    assert score_scope(judged([0.1], [])) is None
    assert score_scope(judged([], [0.1])) is None
    assert score_scope(judged([0.1], [float("nan")])) is None


def test_curves_stay_small() -> None:
    rng = np.random.default_rng(0)
    _, curves = score_scope(judged(list(rng.normal(size=5000)), list(rng.normal(size=5000))))
    assert all(len(curve) <= 200 for curve in curves.values())
    assert curves["precision_recall"]["recall"].iloc[0] == 1.0
