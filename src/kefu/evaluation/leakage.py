"""Leakage: what one split may have learned of another, by customers and by texts, pictures and voices sent twice."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from kefu.evaluation.analysis import Analysis, plain
from kefu.evaluation.bootstrap import ACCURACY, MACRO_F1, Resampling, score_intervals
from kefu.evaluation.predictions import Predictions, known
from kefu.evaluation.ticket_counts import in_usual_order
from kefu.parameters import Parameters
from kefu.tickets.likeness import find_nearest

SIMHASH, PHASH = "simhash", "phash"
"""Facts of cleaning that tell how alike two texts, or two pictures, are."""

COLUMNS = ("of_modality", "ticket_id", "split", "other_id", "other_split", "distance", "same", "short", "same_label")


class LeakageParameters(Parameters):
    """When two tickets of different splits hold nearly the same."""

    max_text_distance: int = Field(7, ge=0, le=16, description="Bits of 64 in which near texts may differ")
    max_picture_distance: int = Field(6, ge=0, le=16, description="Bits of 64 in which near pictures may differ")
    min_text_chars: int = Field(
        30, ge=1, description="Shorter texts are written twice by chance; a Chinese character counts as two"
    )
    listed: int = Field(20, ge=0, description="Pairs to list, the nearest first.")


def customers_in_several_splits(tickets: pd.DataFrame) -> pd.DataFrame:
    """Return the customers whose tickets lie in more than one split.

    Args:
        tickets: with ``split`` and, if customers are known, ``customer_id``.

    Returns:
        ``customer_id``, ``splits`` (their names) and ``tickets``, a row a customer.
    """
    if "customer_id" not in tickets:
        return pd.DataFrame({"customer_id": [], "splits": [], "tickets": []})
    named = tickets.assign(customer_id=known(tickets["customer_id"], ""))
    named = named[named["customer_id"] != ""]
    rows = [
        {"customer_id": customer, "splits": ", ".join(sorted(set(group))), "tickets": len(group)}
        for customer, group in named.groupby("customer_id")["split"]
        if len(set(group)) > 1
    ]
    return pd.DataFrame(rows, columns=["customer_id", "splits", "tickets"])


def find_alike(
    tickets: pd.DataFrame, facts: Mapping[str, pd.DataFrame], split: str, params: LeakageParameters
) -> pd.DataFrame:
    """Return for each ticket, and each of its modalities, the most alike one of the splits before its own.

    Splits come in the order training, validation, test, and the evaluated one last: what is judged is looked for among
    all that models are made with.

    Args:
        tickets: ``ticket_id``, ``split``, ``label``.
        facts: for each modality what cleaning found: ``ticket_id``, ``digest``, which is equal for equal files, and,
            where there is a measure of likeness, ``simhash`` or ``phash`` (16 hexadecimal digits); ``num_chars`` and
            ``language`` of texts.
        split: the one that is evaluated.
        params: when two are alike.

    Returns:
        A row for each modality of a ticket that has one alike: ``of_modality``, ``ticket_id``, ``split``,
        ``other_id``, ``other_split``, ``distance`` (bits), ``same`` (equal to the last byte), ``short`` (a text that
        two people may well write) and ``same_label``; the nearest first.
    """
    order = [name for name in in_usual_order(tickets["split"].unique()) if name != split] + [split]
    rank = {name: number for number, name in enumerate(order)}
    found = [pd.DataFrame(columns=list(COLUMNS))]
    for modality, own in facts.items():
        prints = tickets[["ticket_id", "split", "label"]].merge(own, on="ticket_id").dropna(subset=["digest"])
        ranks = prints["split"].map(rank).to_numpy()
        for number in range(1, len(order)):
            mine, others = prints[ranks == number], prints[ranks < number]
            found.append(_alike(modality, mine.reset_index(drop=True), others.reset_index(drop=True), params))
    rows = pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)
    rows = rows.astype({"distance": "int64", "same": bool, "short": bool, "same_label": bool})
    nearness = rows.assign(rank=-rows["split"].map(rank), far=~rows["same"])
    return rows.loc[nearness.sort_values(["rank", "short", "far", "distance"], kind="stable").index].reset_index(
        drop=True
    )


def count_alike(alike: pd.DataFrame, tickets: pd.DataFrame, modalities: Sequence[str]) -> pd.DataFrame:
    """Count the tickets that have one alike, a row for each modality and pair of splits.

    Returns:
        ``of_modality``, ``split``, ``other_split``, ``tickets`` (of the split, with the modality), ``same``,
        ``nearly_same`` and ``short_same`` (short texts, equal or nearly so).
    """
    rows = []
    for (modality, split, other), some in alike.groupby(["of_modality", "split", "other_split"], sort=False):
        rows.append(
            {
                "of_modality": modality,
                "split": split,
                "other_split": other,
                "tickets": int(((tickets["split"] == split) & tickets[f"has_{modality}"].astype(bool)).sum()),
                "same": int((some["same"] & ~some["short"]).sum()),
                "nearly_same": int((~some["same"] & ~some["short"]).sum()),
                "short_same": int(some["short"].sum()),
            }
        )
    columns = ["of_modality", "split", "other_split", "tickets", "same", "nearly_same", "short_same"]
    table = pd.DataFrame(rows, columns=columns)
    places = {name: number for number, name in enumerate(modalities)}
    return table.sort_values(["of_modality", "split"], key=lambda column: column.map(places).fillna(0)).reset_index(
        drop=True
    )


def touched_tickets(alike: pd.DataFrame, tickets: pd.DataFrame, split: str) -> set[str]:
    """Return the tickets of a split whose customer or content another split has too, short texts not counted."""
    found = set(alike.loc[(alike["split"] == split) & ~alike["short"], "ticket_id"])
    if "customer_id" in tickets:
        customer = known(tickets["customer_id"], "")
        inside = (tickets["split"] == split).to_numpy()
        elsewhere = set(customer[~inside]) - {""}
        found |= set(tickets.loc[inside & customer.isin(elsewhere).to_numpy(), "ticket_id"])
    return found


def analyse_leakage(
    tickets: pd.DataFrame,
    facts: Mapping[str, pd.DataFrame],
    quarantine: pd.DataFrame,
    predictions: Predictions,
    *,
    split: str,
    params: LeakageParameters,
    resampling: Resampling,
) -> Analysis:
    """Say what the splits share, and what the model scores on the tickets that share nothing.

    Args:
        tickets: all kept tickets: ``ticket_id``, ``split``, ``label``, ``has_<modality>``, maybe ``customer_id``.
        facts: as :func:`find_alike` takes them.
        quarantine: ``reason`` of each loss; repeated tickets among them were removed before there were splits.
        predictions: of the model, on the evaluated split.
        split: its name.
        params: when two tickets are alike.
        resampling: how intervals are made.
    """
    customers = customers_in_several_splits(tickets)
    alike = find_alike(tickets, facts, split, params)
    touched = touched_tickets(alike, tickets, split)
    total = int((tickets["split"] == split).sum())
    reasons = quarantine["reason"].astype(str)
    mask = predictions.tickets["ticket_id"].isin(touched).to_numpy(dtype=bool)
    scores = [
        _scored("all", predictions, resampling),
        *([_scored("untouched", predictions.select(~mask), resampling)] if mask.any() and not mask.all() else []),
    ]
    metrics = {
        "split": split,
        "customers": len(customers),
        "tickets": total,
        "touched": len(touched),
        "touched_share": len(touched) / total if total else None,
        "short_texts": int(((alike["split"] == split) & alike["short"]).sum()),
        "removed_duplicates": int((reasons == "duplicate").sum()),
        "removed_near_duplicates": int((reasons == "near_duplicate").sum()),
        "scores": scores,
        "distances": {"text": params.max_text_distance, "picture": params.max_picture_distance},
        "compared": sorted(facts),
    }
    pairs = alike[~alike["short"]].drop(columns="short").head(params.listed).reset_index(drop=True)
    tables = {"customers": customers, "alike": count_alike(alike, tickets, sorted(facts)), "pairs": pairs}
    return Analysis(metrics, tables=tables)


def _scored(name: str, predictions: Predictions, resampling: Resampling) -> dict[str, Any]:
    found = score_intervals(predictions, resampling)
    return {
        "which": name,
        "n": len(predictions),
        "macro_f1": plain(found.estimate[MACRO_F1]),
        "macro_f1_low": plain(found.low[MACRO_F1]),
        "macro_f1_high": plain(found.high[MACRO_F1]),
        "accuracy": plain(found.estimate[ACCURACY]),
    }


def _alike(modality: str, mine: pd.DataFrame, others: pd.DataFrame, params: LeakageParameters) -> pd.DataFrame:
    """Return the rows of ``mine`` that are like one of the others."""
    if mine.empty or others.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    position, distance = _nearest(mine, others, params)
    first = others.drop_duplicates("digest")
    equal = mine["digest"].map(pd.Series(first.index, index=first["digest"])).fillna(-1).to_numpy(dtype=np.int64)
    same = equal >= 0
    position = np.where(same, equal, position)
    distance = np.where(same, 0, distance)
    rows = position >= 0
    other = others.iloc[position[rows]].reset_index(drop=True)
    own = mine[rows].reset_index(drop=True)
    return pd.DataFrame(
        {
            "of_modality": modality,
            "ticket_id": own["ticket_id"],
            "split": own["split"],
            "other_id": other["ticket_id"],
            "other_split": other["split"],
            "distance": distance[rows],
            "same": same[rows],
            "short": _short(own, params),
            "same_label": own["label"] == other["label"],
        }
    )


def _nearest(
    mine: pd.DataFrame, others: pd.DataFrame, params: LeakageParameters
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return position and distance of the nearest other (N,), -1 where none is near or nothing measures likeness."""
    position, distance = np.full(len(mine), -1, dtype=np.int64), np.full(len(mine), -1, dtype=np.int64)
    for fact, largest in ((SIMHASH, params.max_text_distance), (PHASH, params.max_picture_distance)):
        if fact not in mine:
            continue
        here, there = (np.flatnonzero(frame[fact].notna()) for frame in (mine, others))
        found, bits = find_nearest(_values(mine[fact], here), _values(others[fact], there), largest)
        near = found >= 0
        position[here[near]], distance[here[near]] = there[found[near]], bits[near]
    return position, distance


def _values(digits: pd.Series, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    return np.fromiter((int(value, 16) for value in digits.iloc[rows]), dtype=np.uint64, count=len(rows))


def _short(prints: pd.DataFrame, params: LeakageParameters) -> NDArray[np.bool_]:
    if "num_chars" not in prints:
        return np.zeros(len(prints), dtype=bool)
    chinese = prints["language"] == "zh" if "language" in prints else pd.Series(False, index=prints.index)
    width = pd.to_numeric(prints["num_chars"]).fillna(0) * (1 + chinese.astype(int))
    return (width < params.min_text_chars).to_numpy(dtype=bool)
