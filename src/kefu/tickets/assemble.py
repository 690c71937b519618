"""From valid tickets and what cleaning found to the table that models are trained on."""

import json
from collections.abc import Mapping
from hashlib import blake2b

import pandas as pd
import pyarrow as pa
from pyarrow.json import ParseOptions, ReadOptions, read_json

from kefu.tickets.duplicates import DuplicateParameters, find_duplicates
from kefu.tickets.errors import BookkeepingError, EmptyTableError, SplitError
from kefu.tickets.faults import Fault, Reason
from kefu.tickets.labels import require_two_labels
from kefu.tickets.parameters import TicketParameters
from kefu.tickets.quarantine import TICKET, build_quarantine, check_books, lost_tickets, merge_quarantines
from kefu.tickets.splits import assign_splits, group_keys

_COMPARED = ("digest", "simhash", "phash", "num_chars", "language")
_FACTS = pa.schema([(name, pa.float64() if name == "num_chars" else pa.string()) for name in _COMPARED])
_BLOCK_BYTES = 1 << 24  # facts of one ticket are some hundred
_LEADING = ("ticket_id", "label", "language", "customer_id", "created_at", "split")
CONTENT = "content_hash"
"""The column that tells tickets apart by what they hold: texts as cleaned, files as they came."""


def assemble_tickets(
    valid: pd.DataFrame,
    rejected: pd.DataFrame,
    cleaned: Mapping[str, pd.DataFrame],
    params: TicketParameters,
    *,
    require_labels: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join what each modality found, drop tickets with nothing left and duplicates, and divide the rest.

    Tickets without a label have no say in what becomes of the others: of repeated tickets a labelled one stays, and
    splits are assigned by the labelled ones. An unlabelled ticket has the split of its customer, else the one that it
    was given, else ``train``.

    Args:
        valid: The valid tickets of :func:`kefu.tickets.check.check_tickets`, in table order.
        rejected: The quarantine table of the same call.
        cleaned: For each modality, a row for every ticket that had it, in any order: ``ticket_id``, ``ok``,
            ``reason``, ``detail`` (null where ok) and ``facts`` (a dict or its JSON), or what
            :func:`spread_facts` makes of it.
        params: How tickets are compared and divided.
        require_labels: Look at labels and divide the tickets; without, the columns ``label`` and ``split`` are left
            out.

    Returns:
        The tickets (``ticket_id``, ``label``, ``language``, ``customer_id``, ``created_at`` where present, ``split``,
        ``has_<modality>`` for each modality, ``content_hash``, then the columns that ride along) and the whole
        quarantine table. The columns of the modalities themselves are left out, since their values are in the cleaned
        shards, and so are given columns ``has_*``.

    Raises:
        EmptyTableError: No ticket is left.
        LabelError: The tickets left are all of one label.
        SplitError: No ticket is left to train on.
        BookkeepingError: A ticket got lost, which is a defect of kefu.
    """
    by_ticket = {modality: _facts_by_ticket(valid, modality, table) for modality, table in cleaned.items()}
    facts = {name: found.reindex(valid["ticket_id"]).set_axis(valid.index) for name, found in by_ticket.items()}
    if not require_labels:
        valid = valid.drop(columns=["label", "split"], errors="ignore")
    tickets = valid.drop(columns=[name for name in valid.columns if name in cleaned or name.startswith("has_")])
    for modality, found in by_ticket.items():
        tickets[f"has_{modality}"] = found.index.get_indexer(pd.Index(valid["ticket_id"])) >= 0
    tickets["language"] = _languages(valid, facts)
    tickets[CONTENT] = _content_hashes(tickets.index, facts)

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
    if require_labels:
        require_two_labels(kept["label"], "after bad and repeated tickets were quarantined")
        kept["split"] = _splits(kept, params)
        if not (kept["label"].notna() & (kept["split"] == "train")).any():
            raise SplitError("no ticket is left to train on; give more tickets the split 'train', or leave it empty")
    leading = [*(name for name in _LEADING if name in kept), *(f"has_{modality}" for modality in cleaned), CONTENT]
    return kept[[*leading, *(name for name in kept.columns if name not in leading)]], quarantine


def _splits(tickets: pd.DataFrame, params: TicketParameters) -> pd.Series:
    labelled = tickets["label"].notna()
    splits = assign_splits(tickets[labelled], params.splits).reindex(tickets.index)
    groups = group_keys(tickets)
    of_customer = groups.map(dict(zip(groups[labelled].tolist(), splits[labelled].tolist(), strict=True)))
    given = tickets["split"] if "split" in tickets else pd.Series(None, index=tickets.index, dtype="str")
    return splits.fillna(of_customer).fillna(given).fillna("train").astype("str")


def spread_facts(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Replace the column ``facts``, dicts or their JSON, by a column for each fact that tickets are compared by.

    Arrow reads the JSON: ten times faster than dict by dict, which would be the largest thing in memory, too.
    """
    if "facts" not in verdicts:
        return verdicts
    facts = verdicts["facts"].where(verdicts["ok"].astype(bool), None).tolist()
    lines = [fact if isinstance(fact, str) else json.dumps(fact if isinstance(fact, dict) else {}) for fact in facts]
    spread = verdicts.drop(columns="facts")
    if not lines:
        return spread
    table = read_json(
        pa.BufferReader("\n".join(lines).encode()),
        read_options=ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=ParseOptions(explicit_schema=_FACTS, unexpected_field_behavior="ignore"),
    )
    found = {name: table[name].to_pandas() for name in _COMPARED if table[name].null_count < len(table)}
    return spread.assign(
        **{
            name: pd.Series(column.to_numpy(), index=spread.index, dtype="float64" if name == "num_chars" else "str")
            for name, column in found.items()
        }
    )


def _facts_by_ticket(valid: pd.DataFrame, modality: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the facts of the tickets whose modality is fit for use, after holding that none got lost."""
    if table["ticket_id"].duplicated().any():
        raise BookkeepingError(f"a {modality} was cleaned twice")
    cleaned = set(table["ticket_id"].tolist())
    unasked = cleaned - set(valid["ticket_id"].tolist())
    if unasked:
        raise BookkeepingError(f"{modality} of '{min(unasked)}' was cleaned, which is no valid ticket")
    if modality in valid:
        had = valid.loc[valid[modality].fillna("").str.strip() != "", "ticket_id"]
        lost = set(had.tolist()) - cleaned
        if lost:
            raise BookkeepingError(f"{modality} of '{min(lost)}' was never cleaned")
    good = spread_facts(table[table["ok"].astype(bool)]).set_index("ticket_id")
    return good[[name for name in _COMPARED if name in good]]


def _languages(valid: pd.DataFrame, facts: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return the given language of each ticket, or else the one that the first modality able to tell found."""
    languages = valid["language"] if "language" in valid else pd.Series(None, index=valid.index, dtype="str")
    for found in facts.values():
        if "language" in found:
            languages = languages.fillna(found["language"])
    return languages.astype("str")


def _content_hashes(index: pd.Index, facts: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return a hash of the digests of each ticket's modalities (N,), 16 hexadecimal digits."""
    digests = {name: found["digest"].fillna("").tolist() for name, found in facts.items() if "digest" in found}
    told = zip(*([f"{name}:{digest}" for digest in column] for name, column in sorted(digests.items())), strict=True)
    hashes = [blake2b(" ".join(row).encode(), digest_size=8).hexdigest() for row in told] or [""] * len(index)
    return pd.Series(hashes, index=index, dtype="str")


def _find_nothing_left(tickets: pd.DataFrame, losses: pd.DataFrame, modalities: list[str]) -> pd.DataFrame:
    present = tickets[[f"has_{modality}" for modality in modalities]].any(axis=1)
    faulty = losses.groupby("ticket_id")["modality"].agg(", ".join)
    wanted = f"no usable {' or '.join(modalities)}"
    return build_quarantine(
        (ticket_id, TICKET, Fault(Reason.NOTHING_LEFT, f"{wanted} (faulty: {faulty.get(ticket_id, 'none')})"))
        for ticket_id in tickets.loc[~present, "ticket_id"]
    )


def _find_duplicates(
    tickets: pd.DataFrame, facts: Mapping[str, pd.DataFrame], params: DuplicateParameters
) -> pd.DataFrame:
    """Return the quarantine rows of repeated tickets; where the labels differ, the detail says so."""
    if "label" in tickets:
        tickets = tickets.sort_values("label", key=pd.Series.isna, kind="stable")
    prints = tickets[["ticket_id"]].assign(customer_id=tickets.get("customer_id"))
    for modality, found in facts.items():
        for fact in found.columns.union(["digest"]):
            prints[f"{modality}_{fact}"] = found[fact] if fact in found else pd.Series(dtype="str")
    labels = tickets.set_index("ticket_id")["label"].to_dict() if "label" in tickets else {}
    rows = []
    for copy in find_duplicates(prints, params).to_dict(orient="records"):
        mine, kept = labels.get(copy["ticket_id"]), labels.get(copy["original_id"])
        differ = mine != kept and not pd.isna(mine)
        conflict = f"; it says '{mine}' where the kept one says '{kept}'" if differ else ""
        rows.append((copy["ticket_id"], TICKET, Fault(Reason(copy["reason"]), f"{copy['detail']}{conflict}")))
    return build_quarantine(rows)
