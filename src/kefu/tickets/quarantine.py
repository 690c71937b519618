"""The quarantine table: every loss of a ticket, or of one modality of it, is a row."""

from collections.abc import Iterable

import pandas as pd

from kefu.tickets.errors import BookkeepingError
from kefu.tickets.faults import Fault, Reason

TICKET = "ticket"  # the "modality" of a row that costs the whole ticket
COLUMNS = ("ticket_id", "modality", "reason", "detail")


def build_quarantine(losses: Iterable[tuple[str, str, Fault]]) -> pd.DataFrame:
    """Return the table of (ticket id, modality or ``"ticket"``, fault); the id of a ticket without one is ''."""
    rows = [(ticket_id, modality, fault.reason.value, fault.detail) for ticket_id, modality, fault in losses]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype("str")


def merge_quarantines(*tables: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of all tables in order."""
    return pd.concat([build_quarantine([]), *(table[list(COLUMNS)] for table in tables)], ignore_index=True)


def lost_tickets(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that cost a whole ticket."""
    return quarantine[quarantine["modality"] == TICKET]


def check_books(rows_in: int, kept: pd.DataFrame, quarantine: pd.DataFrame) -> None:
    """Hold that rows in = rows kept + rows quarantined.

    Each lost row of the raw table has exactly one quarantine row of modality ``"ticket"``. Ids may repeat among them
    (``DUPLICATE_ID``); a kept id may be there for that reason only.

    Raises:
        BookkeepingError: The books do not balance, which is a defect of kefu.
    """
    lost = lost_tickets(quarantine)
    if rows_in != len(kept) + len(lost):
        raise BookkeepingError(f"{rows_in} rows in, but {len(kept)} kept and {len(lost)} quarantined")
    if kept["ticket_id"].duplicated().any():
        raise BookkeepingError("a ticket was kept twice")
    unnamed = lost["reason"].isin([Reason.DUPLICATE_ID.value, Reason.MISSING_ID.value])
    both = set(kept["ticket_id"].tolist()) & set(lost.loc[~unnamed, "ticket_id"].tolist())
    if both:
        raise BookkeepingError(f"ticket '{min(both)}' was both kept and quarantined")
