"""What becomes of a score as input gets worse: its curve over the severity, and the area under that curve.

A score at one severity says little, since which one matters is the user's to know, so all severities are scored and
their mean is one number [mean corruption error is such a mean: Hendrycks and Dietterich 2019, "Benchmarking Neural
Network Robustness to Common Corruptions and Perturbations"]. The severity axis is brought to 0 to 1 and the curve
joined by straight lines, so a score that does not fall has an area of that score. The area over the score without a
change is the share of the score that is kept on average.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from kefu.evaluation.analysis import plain, records
from kefu.evaluation.bootstrap import (
    ACCURACY,
    MACRO_F1,
    Intervals,
    Resampling,
    count_statistics,
    intervals,
    terms_of,
)
from kefu.evaluation.groups import FEWEST_CUSTOMERS_OF_A_GROUP
from kefu.parameters import Parameters

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]

FUSION, ALONE = "fusion", "alone"
SCORES = {"macro_f1": MACRO_F1, "accuracy": ACCURACY}


class CurveParameters(Parameters):
    """How much is spent on the curves."""

    tickets: int = Field(
        300, ge=1, description="So many tickets of the evaluated split are spoilt, drawn evenly over the labels."
    )
    draws: int = Field(
        10, ge=1, description="How often values are taken away at random, for each rate; their scores are pooled."
    )


@dataclass(frozen=True, eq=False)
class Curve:
    """The answers to N tickets at S severities.

    Args:
        modality: What is changed; empty where all modalities are.
        change: How: ``missing``, or the name of a corruption.
        axis: What the levels are, with their unit.
        levels: Where the severities stand on that axis (S,), without a change first.
        level_names: What the axis says there (S,).
        severities: The same from 0 to 1 (S,).
        targets: The true classes (N,).
        customers: The number of the customer of each ticket (N,), from 0.
        answers: By ``fusion`` and, where there is one, by the modality ``alone``: classes (S, R, N) of R draws.
        guess: The class that is answered where nothing is known.
    """

    modality: str
    change: str
    axis: str
    levels: tuple[float, ...]
    level_names: tuple[str, ...]
    severities: Floats
    targets: Classes
    customers: Classes
    answers: Mapping[str, Classes]
    guess: int

    @property
    def name(self) -> str:
        """Return ``text typos``, ``audio missing``, ``any missing``, …, as it is said in reports."""
        return f"{self.modality or 'any'} {self.change}"


@dataclass(frozen=True, eq=False)
class ScoredCurve:
    """Scores of a curve.

    ``points`` has a row for each severity of each of the answers: ``by``, ``level``, ``severity``, and ``macro_f1`` and
    ``accuracy`` with ``_low`` and ``_high``. ``areas`` has for each of the answers and scores the ``area`` and what is
    ``kept`` of the intact score, and for each score the ``gain`` in area of fusion over the modality alone; all with
    ``_low`` and ``_high``, NaN where there are fewer than ten customers.
    """

    curve: Curve
    points: pd.DataFrame
    areas: pd.DataFrame
    guess: Mapping[str, float]
    """The scores of one and the same answer to all."""
    num_customers: int


def sample_tickets(tickets: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return at most ``most`` tickets in the order of the table, each label with its share of them.

    Args:
        tickets: with ``label``.
        most: how many; all where there are no more.
        seed: which of each label.
    """
    if len(tickets) <= most:
        return tickets
    shuffled = tickets["label"].iloc[np.random.default_rng(seed).permutation(len(tickets))]
    by_label = shuffled.groupby(shuffled)
    order = (by_label.cumcount() + 0.5) / by_label.transform("size")
    return tickets.loc[order.sort_values(kind="stable").index[:most].sort_values()]


def area_weights(severities: Floats) -> Floats:
    """Return the weights (S,) by which scores add up to the area under their curve: the trapezoidal rule; sum 1.

    Args:
        severities: (S,) from 0 to 1, rising.
    """
    steps = np.diff(severities)
    return (np.append(steps, 0) + np.append(0, steps)) / 2


def score_curve(curve: Curve, num_classes: int, resampling: Resampling) -> ScoredCurve:
    """Score a curve, its points and areas resampled together, so that areas are compared in pairs over customers."""
    names = list(curve.answers)
    num_points = len(curve.levels)
    terms = sparse.hstack(
        [_pooled_terms(curve, answers, num_classes) for name in names for answers in curve.answers[name]], format="csr"
    )
    weights = area_weights(curve.severities)

    def statistic(sums: Floats) -> Floats:
        counts = sums.reshape(len(sums) * len(names) * num_points, -1)
        scores = count_statistics(counts)[:, list(SCORES.values())]
        scores = scores.reshape(len(sums), len(names), num_points, len(SCORES))
        areas = np.einsum("bnsk,s->bnk", scores, weights)
        intact = scores[:, :, 0]
        kept = np.divide(areas, intact, out=np.full(areas.shape, np.nan), where=intact > 0)
        gain = areas[:, 0] - areas[:, -1]
        return np.column_stack([part.reshape(len(sums), -1) for part in (scores, areas, kept, gain)])

    found = intervals(terms, curve.customers, statistic, resampling)
    n, k = len(names), len(SCORES)
    points, areas, kept, gain = _split(found, [(n, num_points, k), (n, k), (n, k), (k,)])
    return ScoredCurve(
        curve,
        _points_table(curve, points),
        _areas_table(names, areas, kept, gain),
        _guess_scores(curve, num_classes),
        found.customers,
    )


def area_table(scored: Sequence[ScoredCurve]) -> pd.DataFrame:
    """Return the areas of macro-F1, a row a curve.

    Its columns are ``input``, ``n`` tickets, the ``intact`` score, ``area``, ``kept``, ``area_alone`` and ``gain``.
    """
    rows = []
    for one in scored:
        areas = one.areas[one.areas["score"] == "macro_f1"].set_index("by")
        fused = areas.loc[FUSION]
        alone = areas.loc[ALONE, "area"] if ALONE in areas.index else math.nan
        intact = one.points[one.points["by"] == FUSION].iloc[0]
        bounded = [f"{name}{end}" for name in ("area", "kept", "gain") for end in ("", "_low", "_high")]
        row = {"input": one.curve.name, "n": len(one.curve.targets), "intact": intact["macro_f1"]}
        row |= {name: fused[name] for name in bounded} | {"area_alone": alone}
        rows.append(row)
    order = ["input", "n", "intact", "area", "area_low", "area_high", "kept", "kept_low", "kept_high", "area_alone"]
    return pd.DataFrame(rows, columns=[*order, "gain", "gain_low", "gain_high"])


def weakest(scored: Sequence[ScoredCurve]) -> dict[str, Any] | None:
    """Return the change of a single modality that keeps the least of macro-F1: ``modality``, ``change``, ``kept``."""
    found = [(one.curve, float(one.areas.iloc[0]["kept"])) for one in scored if one.curve.modality]
    known = [(curve, kept) for curve, kept in found if not math.isnan(kept)]
    if not known:
        return None
    curve, kept = min(known, key=lambda pair: pair[1])
    return {"modality": curve.modality, "change": curve.change, "kept": kept}


def curve_metrics(scored: ScoredCurve) -> dict[str, Any]:
    """Return all points and areas of a curve, as JSON takes them."""
    curve = scored.curve
    by = {
        name: {
            "points": records(scored.points[scored.points["by"] == name].drop(columns="by")),
            **{
                str(row.pop("score")): {key: plain(value) for key, value in row.items()}
                for row in scored.areas[scored.areas["by"] == name].drop(columns="by").to_dict("records")
            },
        }
        for name in curve.answers
    }
    return {
        "axis": curve.axis,
        "n": len(curve.targets),
        "customers": scored.num_customers,
        "guess": {name: plain(value) for name, value in scored.guess.items()},
        **by,
    }


def _points_table(curve: Curve, points: Floats) -> pd.DataFrame:
    """Name the scores (names, S, scores, 3)."""
    rows: list[dict[str, Any]] = []
    for name, of_name in zip(curve.answers, points, strict=True):
        for level, severity, scores in zip(curve.levels, curve.severities, of_name, strict=True):
            place = {"by": name, "level": float(level), "severity": float(severity)}
            rows.append(place | _columns(dict(zip(SCORES, scores, strict=True))))
    return pd.DataFrame(rows)


def _areas_table(names: list[str], areas: Floats, kept: Floats, gain: Floats) -> pd.DataFrame:
    """Name what was found of each score: (names, scores, 3), and ``gain`` (scores, 3)."""
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        for column, score in enumerate(SCORES):
            compared = name == FUSION and len(names) > 1
            found = {"area": areas[number, column], "kept": kept[number, column]}
            found["gain"] = gain[column] if compared else np.full(3, np.nan)
            rows.append({"by": name, "score": score, **_columns(found)})
    return pd.DataFrame(rows)


def _pooled_terms(curve: Curve, answers: Classes, num_classes: int) -> Any:
    """Return the counts (N, 3C) of R draws (R, N), added up: scores are ratios of counts, so their scale is nothing."""
    return sum(terms_of(curve.targets, drawn, num_classes) for drawn in answers)


def _guess_scores(curve: Curve, num_classes: int) -> dict[str, float]:
    same = np.full(len(curve.targets), curve.guess, dtype=np.int64)
    sums = np.asarray(terms_of(curve.targets, same, num_classes).sum(axis=0), dtype=np.float64)
    found = count_statistics(sums.reshape(1, -1))[0]
    return {score: float(found[column]) for score, column in SCORES.items()}


def _split(found: Intervals, shapes: list[tuple[int, ...]]) -> list[Floats]:
    """Cut statistics into arrays of these shapes, each with estimate, low and high as its last axis."""
    low, high = found.low, found.high
    if found.customers < FEWEST_CUSTOMERS_OF_A_GROUP:
        low = high = np.full(low.shape, np.nan)
    stacked = np.stack([found.estimate, low, high], axis=-1)
    cuts = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    return [part.reshape(*shape, 3) for part, shape in zip(np.split(stacked, cuts), shapes, strict=True)]


def _columns(values: Mapping[str, Floats]) -> dict[str, float]:
    return {
        f"{name}{end}": float(value)
        for name, three in values.items()
        for end, value in zip(("", "_low", "_high"), three, strict=True)
    }
