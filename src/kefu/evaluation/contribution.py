"""What each modality contributes: exact Shapley values over all subsets of the modalities (:mod:`kefu.explanation`).

Two questions. What does a modality add to a score of the model, such as macro-F1, over all tickets: the value of a
subset is the score when the model sees no other modality. And what does it add in a ticket: the value is the log-odds
of the true label (Good 1950). Both count how often tickets have the modality and how much it says where they do.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kefu.evaluation.bootstrap import (
    ACCURACY,
    FIRST_CLASS,
    MACRO_F1,
    Floats,
    Intervals,
    Resampling,
    count_statistics,
    count_terms,
    customer_codes,
    intervals,
)
from kefu.evaluation.groups import FEWEST_CUSTOMERS_OF_A_GROUP, group_scores, sizes
from kefu.evaluation.predictions import NOTHING, Predictions, modality_columns
from kefu.explanation.shapley import shapley_values, subsets


def score_subsets(said: Sequence[Predictions], modalities: Sequence[str], resampling: Resampling) -> pd.DataFrame:
    """Score the model when it sees only some of the modalities, on all tickets.

    Args:
        said: of each subset, in the order of :func:`kefu.explanation.shapley.subsets`, all of the same tickets.
        modalities: their names.
        resampling: how intervals are made.

    Returns:
        One row a subset, the smallest first: ``seen`` (its name), ``shown`` (tickets of which it shows something) and
        the columns of :func:`kefu.evaluation.groups.group_scores`.
    """
    rows = []
    for one, subset in zip(said, subsets(len(modalities)), strict=True):
        names = [name for name, there in zip(modalities, subset, strict=True) if there]
        shown = one.tickets[[f"has_{name}" for name in names]].to_numpy(dtype=bool).any(axis=1)
        rows.append(
            {"size": len(names), "seen": "+".join(names) or NOTHING, "shown": int(shown.sum())}
            | group_scores(one, resampling)
        )
    return pd.DataFrame(rows).sort_values("size", kind="stable").drop(columns="size").reset_index(drop=True)


def contributions_to_scores(said: Sequence[Predictions], resampling: Resampling) -> Intervals:
    """Return what each of M modalities adds to accuracy, macro-F1 and the F1 of each of C classes, (M * (2 + C),).

    All subsets are resampled together, so an interval is that of the Shapley value itself. A class that no ticket has
    is NaN: there is nothing in it to find.

    Args:
        said: of each subset, in the order of :func:`kefu.explanation.shapley.subsets`, all of the same tickets.
        resampling: how intervals are made.
    """
    terms = sparse.hstack([count_terms(one) for one in said], format="csr")

    def statistic(sums: Floats) -> Floats:
        each = np.split(sums, len(said), axis=1)
        scores = np.stack([count_statistics(one) for one in each])
        classes = scores.shape[2] - FIRST_CLASS
        actual = each[0][:, classes : 2 * classes]
        scores[:, :, FIRST_CLASS:] = np.where(actual > 0, scores[:, :, FIRST_CLASS:], np.nan)
        found = shapley_values(scores)
        return found.transpose(1, 0, 2).reshape(len(sums), -1)

    return intervals(terms, customer_codes(said[0].tickets), statistic, resampling)


def overall_table(
    found: Intervals, evidence: Mapping[str, Floats], predictions: Predictions, resampling: Resampling
) -> pd.DataFrame:
    """Return what each modality adds on all tickets.

    Args:
        found: of :func:`contributions_to_scores`, of modalities in the order of ``evidence``.
        evidence: for each modality (N,) what it adds to the log-odds of the true label of each ticket, in nats.
        predictions: of the model that sees all.
        resampling: how intervals are made.

    Returns:
        One row a modality: ``of_modality``, ``tickets`` (that have it), ``to_macro_f1``, ``to_accuracy`` and
        ``evidence`` (mean of a ticket), each with ``_low`` and ``_high``, and ``share_of_gain``, of all that is added
        to macro-F1.
    """
    per = len(predictions.classes) + FIRST_CLASS
    means = _means(evidence, predictions.tickets, resampling)
    total = sum(found.estimate[place * per + MACRO_F1] for place in range(len(evidence)))
    rows = []
    for place, name in enumerate(evidence):
        row = {"of_modality": name, "tickets": int(predictions.tickets[f"has_{name}"].sum())}
        row |= _columns("to_macro_f1", found, place * per + MACRO_F1)
        row["share_of_gain"] = found.estimate[place * per + MACRO_F1] / total if total > 0 else np.nan
        row |= _columns("to_accuracy", found, place * per + ACCURACY) | _columns("evidence", means, place)
        rows.append(row)
    return pd.DataFrame(rows)


def class_table(found: Intervals, modalities: Sequence[str], said: Sequence[Predictions]) -> pd.DataFrame:
    """Return what each modality adds to the F1 of each class that a ticket has.

    Returns:
        One row a class: ``class``, ``support``, ``f1_of_nothing`` and ``f1`` (of the model that sees nothing, and all),
        and a column a modality with ``_low`` and ``_high``; ``f1_of_nothing`` and the modalities add up to ``f1``.
    """
    full = said[-1]
    per = len(full.classes) + FIRST_CLASS
    support = np.bincount(full.targets, minlength=len(full.classes))
    none, whole = (
        count_statistics(np.asarray(count_terms(one).sum(axis=0), dtype=np.float64).reshape(1, -1))[0]
        for one in (said[0], full)
    )
    rows = []
    for number in np.flatnonzero(support).tolist():
        row = {
            "class": full.classes[number],
            "support": int(support[number]),
            "f1_of_nothing": none[FIRST_CLASS + number],
            "f1": whole[FIRST_CLASS + number],
        }
        for place, name in enumerate(modalities):
            row |= _columns(name, found, place * per + FIRST_CLASS + number)
        rows.append(row)
    return pd.DataFrame(rows)


def evidence_by_group(
    evidence: Mapping[str, Floats], tickets: pd.DataFrame, groups: Sequence[str], resampling: Resampling
) -> pd.DataFrame:
    """Return the mean evidence of each modality in the tickets of each group.

    Args:
        evidence: for each modality (N,), in nats.
        tickets: (N,) with ``customer_id``.
        groups: (N,).
        resampling: how intervals are made.

    Returns:
        One row a group, the largest first: ``group``, ``n``, and a column a modality with ``_low`` and ``_high``.
    """
    membership = np.array(groups, dtype=str)
    rows = []
    for name, size in sizes(groups).items():
        mask = membership == name
        means = _means({one: values[mask] for one, values in evidence.items()}, tickets[mask], resampling)
        row = {"group": name, "n": size}
        for place, modality in enumerate(evidence):
            row |= _columns(modality, means, place)
        rows.append(row)
    return pd.DataFrame(rows)


def choose_examples(predictions: Predictions, at_most: int, seed: int) -> NDArray[np.int64]:
    """Return rows of tickets worth showing: each language by turns, right and wrong, those that hold most.

    Args:
        predictions: of the tickets to choose from.
        at_most: how many.
        seed: of the choice among equals.
    """
    tickets = predictions.tickets
    order = np.random.default_rng(seed).permutation(len(tickets))
    held = tickets[modality_columns(tickets)].to_numpy(dtype=int).sum(axis=1)
    order = order[np.argsort(-held[order], kind="stable")]
    frame = pd.DataFrame(
        {"language": tickets["language"].astype(str), "right": predictions.predicted == predictions.targets}
    ).iloc[order]
    turn = frame.groupby(["language", "right"], sort=True).cumcount().to_numpy()
    chosen: NDArray[np.int64] = order[np.argsort(turn, kind="stable")][:at_most]
    return chosen


def _means(evidence: Mapping[str, Floats], tickets: pd.DataFrame, resampling: Resampling) -> Intervals:
    """Return the mean of each modality over the tickets, (M,); of fewer than ten customers without an interval."""
    terms = sparse.csr_array(np.column_stack([np.ones(len(tickets)), *evidence.values()]))
    found = intervals(terms, customer_codes(tickets), lambda sums: sums[:, 1:] / sums[:, :1], resampling)
    if found.customers >= FEWEST_CUSTOMERS_OF_A_GROUP:
        return found
    unknown = np.full(found.estimate.shape, np.nan)
    return Intervals(found.estimate, unknown, unknown, found.resamples, found.customers)


def _columns(name: str, found: Intervals, place: int) -> dict[str, float]:
    return {
        f"{name}{suffix}": float(values[place])
        for suffix, values in (("", found.estimate), ("_low", found.low), ("_high", found.high))
    }
