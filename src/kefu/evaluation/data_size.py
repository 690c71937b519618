"""What more tickets would bring: scores by the number of tickets that a model is made with, and where they lead."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from kefu.evaluation import data_size_figures as figures
from kefu.evaluation.analysis import Analysis, plain
from kefu.evaluation.bootstrap import (
    MACRO_F1,
    Floats,
    Resampling,
    count_statistics,
    count_terms,
    customer_codes,
    intervals,
)
from kefu.evaluation.predictions import Predictions

SMALLEST_ERROR = 1e-3
"""An error of 0 has no logarithm."""

FEWEST_SIZES = 2


def analyse_data_size(
    found: Mapping[int, Sequence[Mapping[str, Predictions]]], fused: str, resampling: Resampling
) -> Analysis:
    """Say how the scores grow with the number of tickets, and what twice as many would bring.

    The error, 1 less macro-F1, is taken to fall as a power of the number of tickets (Hestness et al. 2017, "Deep
    learning scaling is predictable, empirically"): a straight line through the logarithms of both. Such a line knows of
    no error that cannot be learned away, so that what it promises is rather too much. Customers of the scored split are
    resampled for all sizes together, which gives the interval of what is expected; it does not hold the luck of which
    tickets were trained on.

    Args:
        found: for each number of tickets, by repetition, what the fusion and each modality say of the same tickets.
        fused: the name of the fusion.
        resampling: how intervals are made.
    """
    sizes = sorted(found)
    curves = {
        name: {size: [said[name] for said in found[size] if name in said] for size in sizes}
        for name in dict.fromkeys(name for said in found.values() for one in said for name in one)
    }
    rows = []
    for name, by_size in curves.items():
        there = [size for size in sizes if by_size[size]]
        scores = _scores([by_size[size] for size in there], resampling)
        rows += [
            {"speaker": name, "made_with": size, "repetitions": len(by_size[size]), **score}
            for size, score in zip(there, scores, strict=True)
        ]
    table = pd.DataFrame(rows)
    metrics: dict[str, Any] = {"chosen": fused, "sizes": sizes, "expected": None}
    if len(sizes) >= FEWEST_SIZES:
        metrics["expected"] = _expected([curves[fused][size] for size in sizes], sizes, resampling)
    drawn = {"curve": figures.learning_curve(table, fused, metrics["expected"])}
    return Analysis(metrics, drawn, {"scores": table})


def power_law(sizes: Sequence[int], errors: Floats) -> tuple[Floats, Floats]:
    """Return factor and exponent (B,) of error = factor * size ** -exponent, by least squares of the logarithms.

    An error that grows with the tickets is taken not to change.

    Args:
        sizes: S numbers of tickets, at least two.
        errors: (B, S).
    """
    x = np.log(np.asarray(sizes, dtype=np.float64))
    y = np.log(np.maximum(errors, SMALLEST_ERROR))
    centred = x - x.mean()
    exponent = np.maximum(0.0, -(y * centred).sum(axis=1) / (centred**2).sum())
    return np.exp(y.mean(axis=1) + exponent * x.mean()), exponent


def _scores(by_size: Sequence[Sequence[Predictions]], resampling: Resampling) -> list[dict[str, float | None]]:
    def macro_f1(sums: Floats) -> Floats:
        return _mean_scores(sums, [len(parts) for parts in by_size])

    every = [one for parts in by_size for one in parts]
    found = intervals(_terms(every), customer_codes(every[0].tickets), macro_f1, resampling)
    return [
        {"macro_f1": float(estimate), "macro_f1_low": float(low), "macro_f1_high": float(high)}
        for estimate, low, high in zip(found.estimate, found.low, found.high, strict=True)
    ]


def _expected(by_size: Sequence[Sequence[Predictions]], sizes: Sequence[int], resampling: Resampling) -> dict[str, Any]:
    """Return ``tickets`` (twice as many), ``macro_f1`` and ``gain`` with bounds, ``factor`` and ``exponent``."""
    counts = [len(parts) for parts in by_size]

    def promise(sums: Floats) -> Floats:
        scores = _mean_scores(sums, counts)
        factor, exponent = power_law(sizes, 1 - scores)
        now, then = (1 - factor * size**-exponent for size in (float(sizes[-1]), 2.0 * sizes[-1]))
        return np.column_stack([then, then - now, factor, exponent])

    every = [one for parts in by_size for one in parts]
    found = intervals(_terms(every), customer_codes(every[0].tickets), promise, resampling)
    columns = ("macro_f1", "gain", "factor", "exponent")
    return {"tickets": 2 * sizes[-1]} | {
        f"{name}{suffix}": plain(float(values[column]))
        for column, name in enumerate(columns)
        for suffix, values in (("", found.estimate), ("_low", found.low), ("_high", found.high))
    }


def _terms(every: Sequence[Predictions]) -> Any:
    return sparse.hstack([count_terms(one) for one in every], format="csr")


def _mean_scores(sums: Floats, counts: Sequence[int]) -> Floats:
    """Return macro-F1 (B, S) of each size, the mean over its repetitions, from counts of all of them side by side."""
    parts = np.split(sums, sum(counts), axis=1)
    scores = np.column_stack([count_statistics(part)[:, MACRO_F1] for part in parts])
    ends = np.cumsum(counts)
    return np.column_stack([scores[:, end - count : end].mean(axis=1) for end, count in zip(ends, counts, strict=True)])
