"""From valid tickets and what cleaning found to the table that models are trained on."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kefu.tickets.duplicates import DuplicateParameters, find_duplicates
from kefu.tickets.errors import BookkeepingError, EmptyTableError, SplitError
from kefu.tickets.faults import Fault, Reason
from kefu.tickets.labels import require_two_labels
from kefu.tickets.parameters import TicketParameters
from kefu.tickets.quarantine import TICKET, build_quarantine, check_books, lost_tickets, merge_quarantines
from kefu.tickets.splits import assign_splits

_LEADING = ("ticket_id", "label", "language", "customer_id", "created_at", "split")


def assemble_tickets(
    valid: pd.DataFrame, rejected: pd.DataFrame, cleaned: Mapping[str, pd.DataFrame], params: TicketParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join what each modality found, drop tickets with nothing left and duplicates, and divide the rest.

    Args:
        valid: The valid tickets of :func:`kefu.tickets.check.check_tickets`, in table order.
        rejected: The quarantine table of the same call.
        cleaned: For each modality, a row for every ticket that had it, in any order: ``ticket_id``, ``ok``,
            ``reason``, ``detail`` (null where ok) and ``facts`` (a dict or its JSON).
        params: How tickets are compared and divided.

    Returns:
        The tickets (``ticket_id``, ``label``, ``language``, ``customer_id``, ``created_at`` where present, ``split``,
        ``has_<modality>`` for each modality, then the columns that ride along) and the whole quarantine table. The
        columns of the modalities themselves are left out, since their values are in the cleaned shards, and so are
        given columns ``has_*``.

    Raises:
        EmptyTableError: No ticket is left.
        LabelError: The tickets left are all of one label.
        SplitError: No ticket is left to train on.
        BookkeepingError: A ticket got lost, which is a defect of kefu.
    """
    facts = {modality: _facts_by_ticket(valid, modality, table) for modality, table in cleaned.items()}
    tickets = valid.drop(columns=[name for name in valid.columns if name in cleaned or name.startswith("has_")])
    for modality, found in facts.items():
        tickets[f"has_{modality}"] = valid["ticket_id"].isin(found.keys())
    tickets["language"] = _languages(valid, facts)

    losses = build_quarantine(
        (row["ticket_id"], modality, Fault(Reason(row["reason"]), row["detail"]))
        for modality, table in cleaned.items()
        for row in table[~table["ok"].astype(bool)].to_dict(orient="records")
    )
    nothing_left = _find_nothing_left(tickets, losses, list(cleaned))
    remaining = tickets[~tickets["ticket_id"].isin(nothing_left["ticket_id"])]
    duplicates = _find_duplicates(remaining, facts, params.duplicates)
    quarantine = merge_quarantines(rejected, losses, nothing_left, duplicates)
    kept = remaining[~remaining["ticket_id"].isin(duplicates["ticket_id"])].reset_index(drop=True)
    check_books(len(valid) + len(lost_tickets(rejected)), kept, quarantine)
    if kept.empty:
        raise EmptyTableError(
            f"no ticket is left of {len(valid)}; the first loss: {quarantine['ticket_id'].iloc[0]}: "
            f"{quarantine['detail'].iloc[0]}"
        )
    require_two_labels(kept["label"], "after bad and repeated tickets were quarantined")
    kept["split"] = assign_splits(kept, params.splits)
    if not (kept["split"] == "train").any():
        raise SplitError("no ticket is left to train on; give more tickets the split 'train', or leave it empty")
    flags = [f"has_{modality}" for modality in cleaned]
    leading = [name for name in _LEADING if name in kept]
    return kept[[*leading, *flags, *(name for name in kept.columns if name not in {*leading, *flags})]], quarantine


def _facts_by_ticket(valid: pd.DataFrame, modality: str, table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the facts of the tickets whose modality is fit for use, after holding that none got lost."""
    if table["ticket_id"].duplicated().any():
        raise BookkeepingError(f"a {modality} was cleaned twice")
    unasked = set(table["ticket_id"]) - set(valid["ticket_id"])
    if unasked:
        raise BookkeepingError(f"{modality} of '{min(unasked)}' was cleaned, which is no valid ticket")
    if modality in valid:
        had = valid.loc[valid[modality].fillna("").str.strip() != "", "ticket_id"]
        lost = set(had) - set(table["ticket_id"])
        if lost:
            raise BookkeepingError(f"{modality} of '{min(lost)}' was never cleaned")
    good = table[table["ok"].astype(bool)]
    return {
        ticket_id: facts if isinstance(facts, dict) else json.loads(facts)
        for ticket_id, facts in zip(good["ticket_id"], good["facts"], strict=True)
    }


def _languages(valid: pd.DataFrame, facts: Mapping[str, dict[str, dict[str, Any]]]) -> pd.Series:
    """Return the given language of each ticket, or else the one that the first modality able to tell found."""
    languages = valid["language"] if "language" in valid else pd.Series(None, index=valid.index, dtype="str")
    for found in facts.values():
        told = {ticket_id: fact["language"] for ticket_id, fact in found.items() if "language" in fact}
        languages = languages.fillna(valid["ticket_id"].map(told))
    return languages.astype("str")


def _find_nothing_left(tickets: pd.DataFrame, losses: pd.DataFrame, modalities: list[str]) -> pd.DataFrame:
    present = tickets[[f"has_{modality}" for modality in modalities]].any(axis=1)
    faulty = losses.groupby("ticket_id")["modality"].agg(", ".join)
    wanted = f"no usable {' or '.join(modalities)}"
    return build_quarantine(
        (ticket_id, TICKET, Fault(Reason.NOTHING_LEFT, f"{wanted} (faulty: {faulty.get(ticket_id, 'none')})"))
        for ticket_id in tickets.loc[~present, "ticket_id"]
    )


def _find_duplicates(
    tickets: pd.DataFrame, facts: Mapping[str, dict[str, dict[str, Any]]], params: DuplicateParameters
) -> pd.DataFrame:
    """Return the quarantine rows of repeated tickets; where the labels differ, the detail says so."""
    prints = tickets[["ticket_id"]].assign(customer_id=tickets.get("customer_id"))
    for modality, found in facts.items():
        for fact in ("digest", "simhash", "phash", "num_chars", "language"):
            values = {ticket_id: known[fact] for ticket_id, known in found.items() if fact in known}
            if values or fact == "digest":
                prints[f"{modality}_{fact}"] = tickets["ticket_id"].map(values)
    labels = dict(zip(tickets["ticket_id"], tickets["label"], strict=True))
    rows = []
    for copy in find_duplicates(prints, params).to_dict(orient="records"):
        mine, kept = labels[copy["ticket_id"]], labels[copy["original_id"]]
        conflict = f"; it says '{mine}' where the kept one says '{kept}'" if mine != kept else ""
        rows.append((copy["ticket_id"], TICKET, Fault(Reason(copy["reason"]), f"{copy['detail']}{conflict}")))
    return build_quarantine(rows)
