"""What a model says about labels: which are probably wrong, and which tickets to label next."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from kefu.evaluation.analysis import Analysis, plain
from kefu.evaluation.label_errors import find_label_errors
from kefu.evaluation.worth_labelling import choose_to_label, entropy
from kefu.parameters import Parameters

FEW_TICKETS = 100
"""Fewer held-out tickets say little about labels."""

NEXT_COLUMNS = ("ticket_id", "predicted_label", "probability", "undecided", "outside", "excerpt")


class LabelParameters(Parameters):
    """What is said about labels."""

    suspects: int = Field(20, ge=0, description="Labels that are probably wrong to list.")
    to_label: int = Field(20, ge=0, description="Tickets without a label to name as the next to be labelled.")
    pool_factor: int = Field(
        10, ge=1, description="They are the most varied of so many times as many tickets, the most uncertain ones."
    )
    excerpt_chars: int = Field(90, ge=1, description="Characters of a ticket's text to show.")


def suspect_labels(
    held_out: pd.DataFrame, labels: Sequence[str], prefix: str, at_most: int
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Return what is known of wrong labels, the likeliest ones, and the pairs of labels that are mixed up.

    Args:
        held_out: ``ticket_id``, ``label`` and, for each label, its probability out of fold in a column of ``prefix``
            and its name; may be empty.
        labels: the class names.
        prefix: of the columns.
        at_most: how many to list.

    Returns:
        ``judged`` (tickets), ``suspects``, ``share`` (estimated, of labels that are wrong), ``accuracy`` of the model,
        ``few``; a table of
        ``ticket_id``, ``given_label``, ``suggested_label``, ``of_given``, ``of_suggested`` (probabilities) and
        ``margin``; and ``given_label``, ``suggested_label``, ``tickets``, the commonest first.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    known = held_out[held_out["label"].isin(labels)]
    probabilities = known[[f"{prefix}{label}" for label in labels]].to_numpy(dtype=np.float64)
    given = np.array([numbers[label] for label in known["label"]], dtype=np.int64)
    found = find_label_errors(probabilities, given)
    suspects = found.suspects
    names = np.array(labels, dtype=object)
    table = pd.DataFrame(
        {
            "ticket_id": known["ticket_id"].to_numpy(dtype=object)[suspects["row"]],
            "given_label": names[suspects["given"]],
            "suggested_label": names[suspects["suggested"]],
            **{name: suspects[name] for name in ("of_given", "of_suggested", "margin")},
        }
    )
    mixed = table.groupby(["given_label", "suggested_label"], sort=True).size().rename("tickets").reset_index()
    mixed = mixed.sort_values("tickets", ascending=False, kind="stable", ignore_index=True)
    facts = {
        "judged": len(known),
        "suspects": len(table),
        "share": plain(found.share),
        "accuracy": plain(float((probabilities.argmax(axis=1) == given).mean())) if len(known) else None,
        "few": len(known) < FEW_TICKETS,
    }
    return facts, table.head(at_most), mixed.head(at_most)


def next_to_label(
    ticket_ids: Sequence[str],
    labels: Sequence[str],
    probabilities: NDArray[np.float64],
    outside: NDArray[np.bool_],
    embeddings: NDArray[np.float64],
    labelled: NDArray[np.float64],
    params: LabelParameters,
) -> pd.DataFrame:
    """Return the tickets that are most worth a label, ``NEXT_COLUMNS`` but the excerpt, the first one first.

    Args:
        ticket_ids: of the N tickets without a label.
        labels: the class names.
        probabilities: (N, C).
        outside: (N,) whether they are taken for out of scope.
        embeddings: (N, D).
        labelled: (M, D) of tickets with a label.
        params: how many.
    """
    undecided = entropy(probabilities)
    rows = choose_to_label(undecided, embeddings, labelled, params.to_label, params.pool_factor)
    best = probabilities[rows].argmax(axis=1)
    return pd.DataFrame(
        {
            "ticket_id": np.array(ticket_ids, dtype=object)[rows],
            "predicted_label": np.array(labels, dtype=object)[best],
            "probability": probabilities[rows, best],
            "undecided": undecided[rows],
            "outside": outside[rows],
        }
    )


def analyse_labels(
    facts: Mapping[str, Any],
    suspects: pd.DataFrame,
    mixed: pd.DataFrame,
    to_label: pd.DataFrame,
    unlabelled: int,
    excerpts: Mapping[str, str],
) -> Analysis:
    """Put together what was found, with the beginning of each ticket's text."""
    tables = {
        name: table.assign(excerpt=[excerpts.get(ticket_id, "") for ticket_id in table["ticket_id"]])
        for name, table in (("suspects", suspects), ("to_label", to_label))
    }
    metrics = {**facts, "unlabelled": unlabelled, "to_label": len(to_label)}
    return Analysis(metrics, tables=tables | {"mixed": mixed})
