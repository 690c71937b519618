"""The first sieve: ids, labels and given splits, before any modality is looked at."""

import pandas as pd

from kefu.tickets.errors import EmptyTableError
from kefu.tickets.faults import Fault, Reason
from kefu.tickets.labels import require_label_column, require_two_labels, resolve_labels
from kefu.tickets.parameters import TicketParameters
from kefu.tickets.quarantine import TICKET, build_quarantine, check_books
from kefu.tickets.splits import SPLITS, group_keys


def check_tickets(
    frame: pd.DataFrame, params: TicketParameters, *, require_labels: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sieve raw tickets into valid ones and a quarantine table; a ticket is rejected for the first fault found.

    Ids of tickets and customers are stripped, and of equal ticket ids the first stays. Labels are mended or rejected
    (:mod:`kefu.tickets.labels`). A given split must be train, validation or test; if tickets of one customer are given
    several, the split that most of them have stays (of equals test before validation before train, so that nothing
    tested on is trained on) and the tickets of the others are rejected.

    Args:
        frame: Raw tickets as :func:`kefu.tickets.table.read_tickets` returns them.
        params: What counts as a label.
        require_labels: Look at labels and splits; without, as for prediction, only ids are looked at.

    Returns:
        The valid tickets, with a fresh index, and the quarantine table. A valid ticket has a label, unless
        ``params.labels.keep_unlabelled`` or ``require_labels`` says otherwise.

    Raises:
        LabelError: Nothing can be learnt from the labels.
        EmptyTableError: No ticket is left.
    """
    valid = frame.reset_index(drop=True)
    faults = _check_ids(valid)
    for name in ("ticket_id", "customer_id"):
        if name in valid:
            valid[name] = valid[name].str.strip().replace("", None)
    if require_labels:
        require_label_column([name for name in valid.columns if name != "row"])
        identified = valid.drop(index=list(faults))
        labels, label_faults = resolve_labels(identified["label"], params.labels)
        faults |= {int(identified.index[position]): fault for position, fault in label_faults.items()}
        valid["label"] = labels.reindex(valid.index)
    if require_labels and "split" in valid:
        valid["split"] = valid["split"].str.strip().str.lower().replace("", None)
        faults |= _check_splits(valid.drop(index=list(faults)))
    rows = valid["row"] if "row" in valid else valid.index + 1
    ids = valid["ticket_id"].fillna("")
    quarantine = build_quarantine(
        (ids[i], TICKET, Fault(faults[i].reason, f"row {rows[i]}: {faults[i].detail}")) for i in sorted(faults)
    )
    kept = valid.drop(index=list(faults)).reset_index(drop=True)
    check_books(len(frame), kept, quarantine)
    if kept.empty:
        raise EmptyTableError(f"no ticket is left of {len(frame)}; the first was rejected because {_first(quarantine)}")
    if require_labels:
        require_two_labels(kept["label"], _first(quarantine))
    return kept, quarantine


def _check_ids(frame: pd.DataFrame) -> dict[int, Fault]:
    ids = frame["ticket_id"].str.strip().replace("", None)
    faults = {int(i): Fault(Reason.MISSING_ID, "no ticket_id; give the ticket one") for i in ids.index[ids.isna()]}
    for i in ids.index[ids.notna() & ids.duplicated()]:
        faults[int(i)] = Fault(Reason.DUPLICATE_ID, f"ticket_id '{ids[i]}' was there before; the first one is kept")
    return faults


def _check_splits(frame: pd.DataFrame) -> dict[int, Fault]:
    splits = frame["split"]
    faults = {
        int(i): Fault(
            Reason.BAD_SPLIT, f"split '{splits[i]}' is none of {', '.join(SPLITS)}; use one or leave it empty"
        )
        for i in splits.index[splits.notna() & ~splits.isin(SPLITS)]
    }
    good = pd.DataFrame({"group": group_keys(frame), "split": splits})[splits.isin(SPLITS)]
    several = good.groupby("group")["split"].nunique().loc[lambda kinds: kinds > 1].index
    for group, members in good[good["group"].isin(several)].groupby("group"):
        counts = members["split"].value_counts()
        stays = max(counts.index, key=lambda split: (counts[split], SPLITS.index(split)))
        for i in members.index[members["split"] != stays]:
            customer = str(group).split(":", 1)[1]
            faults[int(i)] = Fault(
                Reason.BAD_SPLIT, f"customer '{customer}' is in '{stays}' too; give all tickets of a customer one split"
            )
    return faults


def _first(quarantine: pd.DataFrame) -> str:
    return str(quarantine["detail"].iloc[0]) if len(quarantine) else ""
