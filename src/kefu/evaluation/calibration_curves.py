"""How far a model can be believed: calibration before and after, label sets, sure answers, tickets out of scope."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kefu.evaluation import calibration_curves_figures as figures
from kefu.evaluation.analysis import Analysis, plain
from kefu.evaluation.bootstrap import Floats, Resampling, customer_codes, intervals
from kefu.evaluation.calibration import bins_of_equal_mass, reliability_curve, wilson_interval
from kefu.evaluation.predictions import Predictions
from kefu.evaluation.scope_curves import score_scope
from kefu.evaluation.selective import answerable, area_under_risk_coverage, selective_curve

BEFORE, AFTER = "before", "after"
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
"""What is asked of label sets."""


def compare_calibration(
    before: Predictions, after: Predictions, bins: int, resampling: Resampling
) -> dict[str, dict[str, float | None]]:
    """Return the expected calibration error of both, and what was gained, each with ``low`` and ``high``.

    Tickets keep their bins when customers are resampled. The error of a resample is biased upward, as that of few
    tickets is, so the intervals lean to the high side.

    Args:
        before: uncalibrated, of N tickets.
        after: calibrated, of the same tickets in the same order.
        bins: of equal mass, at most.
        resampling: how intervals are made.
    """
    parts = [_calibration_terms(one, bins) for one in (before, after)]
    first = parts[0].shape[1]

    def errors(sums: Floats) -> Floats:
        both = [_calibration_error(some) for some in (sums[:, :first], sums[:, first:])]
        return np.column_stack([*both, both[0] - both[1]])

    found = intervals(sparse.hstack(parts, format="csr"), customer_codes(before.tickets), errors, resampling)
    return {
        name: {
            "ece": plain(float(found.estimate[column])),
            "low": plain(float(found.low[column])),
            "high": plain(float(found.high[column])),
        }
        for column, name in enumerate((BEFORE, AFTER, "gain"))
    }


def coverage_curve(label_sets: Mapping[float, NDArray[np.bool_]], targets: NDArray[np.int64]) -> pd.DataFrame:
    """Return how often label sets hold the true label, by what was asked for.

    Args:
        label_sets: for each asked coverage, which classes (N, C) are in the sets.
        targets: (N,).

    Returns:
        ``asked``, ``coverage`` with ``coverage_low`` and ``coverage_high`` (95% Wilson), ``set_size`` (mean) and
        ``one_label``, the share of sets of one label.
    """
    rows = []
    for asked, held in sorted(label_sets.items()):
        share = held[np.arange(len(targets)), targets].mean()
        low, high = wilson_interval(np.array([share]), np.array([len(targets)]))
        size = held.sum(axis=1)
        rows.append(
            {
                "asked": asked,
                "coverage": float(share),
                "coverage_low": float(low[0]),
                "coverage_high": float(high[0]),
                "set_size": float(size.mean()),
                "one_label": float((size == 1).mean()),
            }
        )
    return pd.DataFrame(rows)


def analyse_confidence(
    before: Predictions,
    after: Predictions,
    label_sets: Mapping[float, NDArray[np.bool_]],
    judged: pd.DataFrame,
    bins: int,
    resampling: Resampling,
) -> Analysis:
    """Put together all that is known of the model's confidence on the evaluated split.

    Args:
        before: of the model without its calibration.
        after: of the model, on the same tickets.
        label_sets: for each asked coverage, which classes (N, C) are in the sets.
        judged: as :func:`kefu.evaluation.scope_curves.score_scope` takes it.
        bins: of the calibration error.
        resampling: how intervals are made.
    """
    curves = {name: reliability_curve(one, bins) for name, one in ((BEFORE, before), (AFTER, after))}
    sets = coverage_curve(label_sets, after.targets)
    selective = selective_curve(after)
    metrics: dict[str, Any] = {
        "calibration": compare_calibration(before, after, bins, resampling),
        "aurc": {name: area_under_risk_coverage(one) for name, one in ((BEFORE, before), (AFTER, after))},
        "error": float((after.predicted != after.targets).mean()),
        "answerable": answerable(after),
        "out_of_scope": None,
    }
    tables = {**curves, "label_sets": sets, "selective": selective, "answerable": pd.DataFrame(metrics["answerable"])}
    drawn = {
        "reliability": figures.reliability_of_both(curves[BEFORE], curves[AFTER]),
        "label_sets": figures.label_sets(sets),
        "selective": figures.selective(selective),
    }
    tables["answerable"] = tables["answerable"].astype(float)
    scope = score_scope(judged)
    if scope is not None:
        metrics["out_of_scope"], found = {name: plain(value) for name, value in scope[0].items()}, scope[1]
        tables |= {f"scope_{name}": table for name, table in found.items()}
        foreign_share = metrics["out_of_scope"]["n"] / len(judged)
        drawn |= {
            "roc": figures.roc(found["roc"], metrics["out_of_scope"]["auroc"]),
            "precision_recall": figures.precision_recall(
                found["precision_recall"], metrics["out_of_scope"]["aupr"], foreign_share
            ),
            "flagged": figures.flagged(found["flagged"]),
        }
    return Analysis(metrics, drawn, tables)


def _calibration_terms(predictions: Predictions, bins: int) -> Any:
    """Return what each ticket adds, sparse (N, 2B + 1): confidence less correctness, and itself, in its bin; itself."""
    n = len(predictions)
    members = bins_of_equal_mass(predictions.confidence, bins)
    right = (predictions.predicted == predictions.targets).astype(np.float64)
    gap = sparse.csr_array((predictions.confidence - right, (np.arange(n), members)), shape=(n, int(members.max()) + 1))
    return sparse.hstack([gap, sparse.csr_array(np.ones((n, 1)))], format="csr")


def _calibration_error(sums: Floats) -> Floats:
    """Return the error (B,) from sums (B, bins + 1)."""
    total = sums[:, -1]
    off = np.abs(sums[:, :-1]).sum(axis=1)
    return np.divide(off, total, out=np.full(len(total), np.nan), where=total > 0)
