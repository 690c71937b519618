"""Intervals by resampling customers: tickets of one customer are alike, so they are drawn together or not at all.

Accuracy and F1 are functions of counts, and counts are sums over tickets. So a resample is a vector of weights over
customers, and all resamples at once are a matrix product of weights and counts per customer: 1,000 resamples take
milliseconds. See Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapters 13 (percentile) and 14 (BCa).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse
from scipy.stats import norm

from kefu.evaluation.metrics import f1_of_counts, mean_of_defined
from kefu.evaluation.predictions import Predictions, on_common_tickets
from kefu.parameters import Parameters

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""From sums over tickets (B, K) to statistics (B, M), row by row."""

ACCURACY, MACRO_F1, FIRST_CLASS = 0, 1, 2
"""The columns of :func:`count_statistics`."""

_WEIGHTS_AT_ONCE = 4_000_000


class Resampling(Parameters):
    """How intervals are made."""

    resamples: int = Field(1_000, ge=1, description="Bootstrap resamples of the customers.")
    confidence: float = Field(0.95, gt=0, lt=1, description="The coverage of the intervals.")
    method: Literal["percentile", "bca"] = Field("bca", description="How an interval is read off resamples.")
    seed: int = Field(0, ge=0, description="The seed of the resamples.")


@dataclass(frozen=True, eq=False)
class Intervals:
    """M statistics and their intervals, each (M,), and the resamples (B, M) they were read off.

    With fewer than two customers there is nothing to resample: the bounds are NaN and B is 0.
    """

    estimate: Floats
    low: Floats
    high: Floats
    resamples: Floats
    customers: int


@dataclass(frozen=True)
class Difference:
    """How much the first predictions are better than the second on the ``n`` tickets both have.

    ``better`` and ``worse`` are the two scores; ``estimate`` is the first less the second.
    """

    better: float
    worse: float
    estimate: float
    low: float
    high: float
    p_value: float
    n: int
    customers: int


def customer_codes(tickets: pd.DataFrame) -> NDArray[np.int64]:
    """Number the customers from 0, (N,). A ticket without a customer is a customer of its own."""
    customer = tickets["customer_id"].astype("string").str.strip()
    known = customer.notna() & (customer != "")
    codes = np.empty(len(tickets), dtype=np.int64)
    seen, names = pd.factorize(customer[known])
    codes[known.to_numpy(dtype=bool)] = seen
    codes[~known.to_numpy(dtype=bool)] = len(names) + np.arange(int((~known).sum()))
    return codes


def count_terms(predictions: Predictions) -> Any:
    """Return what each ticket adds to the counts, sparse (N, 3C): hits, actual and predicted of each class."""
    return terms_of(predictions.targets, predictions.predicted, len(predictions.classes))


def terms_of(targets: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> Any:
    """Return what :func:`count_terms` does, from true and predicted classes (N,)."""
    n = len(targets)
    rows = np.arange(n)
    eye = [sparse.csr_array((np.ones(n), (rows, column)), shape=(n, n_classes)) for column in (targets, predicted)]
    return sparse.hstack([eye[0].multiply(eye[1]), eye[0], eye[1]], format="csr")


def count_statistics(sums: Floats) -> Floats:
    """Return accuracy, macro-F1 and the F1 of each class, (B, 2 + C), from counts (B, 3C)."""
    hits, actual, predicted = np.split(sums, 3, axis=1)
    f1 = f1_of_counts(hits, actual, predicted)
    total = actual.sum(axis=1)
    share = np.divide(hits.sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
    return np.column_stack([share, mean_of_defined(f1), f1])


def score_intervals(predictions: Predictions, resampling: Resampling) -> Intervals:
    """Return accuracy, macro-F1 and the F1 of each class with intervals, (2 + C,)."""
    return intervals(count_terms(predictions), customer_codes(predictions.tickets), count_statistics, resampling)


def scores_of(predictions: Predictions) -> Floats:
    """Return accuracy, macro-F1 and the F1 of each class without intervals, (2 + C,); NaN without tickets."""
    sums = np.asarray(count_terms(predictions).sum(axis=0), dtype=np.float64)
    return count_statistics(sums.reshape(1, -1))[0]


def paired_difference(better: Predictions, worse: Predictions, resampling: Resampling) -> Difference:
    """Return macro-F1 of ``better`` less that of ``worse`` on the tickets both have, resampled in pairs."""
    return paired_differences(better, worse, [MACRO_F1], resampling)[0]


def paired_differences(
    better: Predictions, worse: Predictions, columns: Sequence[int], resampling: Resampling
) -> list[Difference]:
    """Return scores of ``better`` less those of ``worse`` on the tickets both have, resampled in pairs.

    The p-value is two-sided: twice the smaller share of resamples on either side of zero, with one added to both
    counts (Davison and Hinkley 1997, section 4.2), so it is never below 2 / (resamples + 1). Resamples in which the
    difference is not defined do not count. It is not corrected for the number of comparisons.

    Args:
        better: Of N tickets.
        worse: Of others of the same classes; only the common tickets count.
        columns: Which of :func:`count_statistics`: ``MACRO_F1``, ``FIRST_CLASS + 3``, …
        resampling: How many resamples, which interval, which seed.

    Returns:
        One difference a column, in that order.

    Raises:
        ValueError: If the two disagree about the classes or about the truth of a ticket.
    """
    first, second = on_common_tickets(better, worse)
    terms = sparse.hstack([count_terms(first), count_terms(second)], format="csr")
    wanted = list(columns)

    def gain(sums: Floats) -> Floats:
        mine, theirs = np.split(sums, 2, axis=1)
        return (count_statistics(mine) - count_statistics(theirs))[:, wanted]

    found = intervals(terms, customer_codes(first.tickets), gain, resampling)
    return [
        Difference(
            float(mine),
            float(theirs),
            float(estimate),
            float(low),
            float(high),
            _p_value(draws),
            len(first),
            found.customers,
        )
        for mine, theirs, estimate, low, high, draws in zip(
            scores_of(first)[wanted],
            scores_of(second)[wanted],
            found.estimate,
            found.low,
            found.high,
            found.resamples.T,
            strict=True,
        )
    ]


def holm(p_values: Floats) -> Floats:
    """Return p-values (M,) corrected for their number (Holm 1979); a NaN stays NaN and does not count."""
    p_values = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(p_values.shape, np.nan)
    order = np.argsort(p_values)[: np.count_nonzero(~np.isnan(p_values))]
    scaled = p_values[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return corrected


def intervals(terms: Any, codes: NDArray[np.int64], statistic: Statistic, resampling: Resampling) -> Intervals:
    """Return statistics of sums over tickets with intervals clustered by customer.

    Args:
        terms: Sparse (N, K), what each ticket adds to the sums.
        codes: (N,) the customer of each ticket, from 0.
        statistic: From sums (B, K) to statistics (B, M).
        resampling: How many resamples, which interval, which seed.
    """
    sums = _by_customer(terms, codes)
    total = np.asarray(sums.sum(axis=0), dtype=np.float64).reshape(1, -1)
    estimate = statistic(total)[0]
    if sums.shape[0] < 2:
        unknown = np.full(estimate.shape, np.nan)
        return Intervals(estimate, unknown, unknown, np.empty((0, len(estimate))), sums.shape[0])
    draws = _resample(sums, statistic, resampling)
    tail = (1 - resampling.confidence) / 2
    levels = np.tile([[tail], [1 - tail]], (1, len(estimate)))
    if resampling.method == "bca":
        levels = _bca_levels(levels, estimate, draws, _leave_one_out(sums, total, statistic))
    low, high = np.array([_quantiles(draws[:, m], levels[:, m]) for m in range(len(estimate))]).T
    return Intervals(estimate, low, high, draws, sums.shape[0])


def _by_customer(terms: Any, codes: NDArray[np.int64]) -> Any:
    n = len(codes)
    customers = int(codes.max()) + 1 if n else 0
    return (sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(customers, n)) @ terms).tocsr()


def _weights(customers: int, resampling: Resampling) -> Iterator[Floats]:
    """Yield how often each customer is drawn, (customers, B), a bounded number of resamples at a time."""
    rng = np.random.default_rng(resampling.seed)
    at_once = max(1, _WEIGHTS_AT_ONCE // customers)
    for start in range(0, resampling.resamples, at_once):
        count = min(at_once, resampling.resamples - start)
        drawn = rng.integers(customers, size=(count, customers)) + np.arange(count)[:, None] * customers
        yield np.bincount(drawn.ravel(), minlength=count * customers).reshape(count, customers).T.astype(np.float64)


def _resample(sums: Any, statistic: Statistic, resampling: Resampling) -> Floats:
    columns = sums.T.tocsr()
    return np.concatenate([statistic((columns @ weights).T) for weights in _weights(sums.shape[0], resampling)])


def _leave_one_out(sums: Any, total: Floats, statistic: Statistic) -> Floats:
    at_once = max(1, _WEIGHTS_AT_ONCE // sums.shape[1])
    starts = range(0, sums.shape[0], at_once)
    return np.concatenate([statistic(total - sums[start : start + at_once].toarray()) for start in starts])


def _bca_levels(levels: Floats, estimate: Floats, draws: Floats, jackknife: Floats) -> Floats:
    """Shift the percentiles by the bias and the skew; those of a statistic without spread stay as they are."""
    # half of the ties count as below: F1 over few tickets takes few values
    below = ((draws < estimate).sum(axis=0) + 0.5 * (draws == estimate).sum(axis=0)) / len(draws)
    deviation = np.nan_to_num(mean_of_defined(jackknife.T) - jackknife)
    spread = (deviation**2).sum(axis=0) ** 1.5
    skew = np.divide((deviation**3).sum(axis=0), 6 * spread, out=np.zeros_like(spread), where=spread > 0)
    usable = (below > 0) & (below < 1) & (spread > 0)
    bias = norm.ppf(np.where(usable, below, 0.5))
    shifted = bias + norm.ppf(levels)
    return np.where(usable, norm.cdf(bias + shifted / (1 - skew * shifted)), levels)


def _p_value(draws: Floats) -> float:
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return float("nan")
    tail = min((defined <= 0).sum(), (defined >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (len(defined) + 1)))


def _quantiles(draws: Floats, levels: Floats) -> Floats:
    defined = draws[~np.isnan(draws)]
    return np.quantile(defined, levels) if len(defined) else np.full(levels.shape, np.nan)
