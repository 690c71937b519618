"""Where results are written: looked at before hours of work, not after."""

import os
from pathlib import Path

from kefu.tickets.errors import TicketTableError

ENDINGS = (".csv", ".jsonl", ".ndjson", ".json", ".parquet")
"""What :func:`kefu.tickets.table.write_table` writes."""


def require_writable(out: Path, tickets: Path | None) -> None:
    """Check that a table can be written to ``out``, creating its folder.

    Raises:
        TicketTableError: the ending is unknown, it is a folder or the table of tickets itself, or may not be written.
    """
    if out.suffix.lower() not in ENDINGS:
        raise TicketTableError(f"--out {out}: unknown ending '{out.suffix}'; use .csv, .jsonl or .parquet")
    if out.is_dir():
        raise TicketTableError(f"--out {out}: this is a folder; give a file in it")
    if tickets is not None and out.exists() and tickets.exists() and out.samefile(tickets):
        raise TicketTableError(f"--out {out}: this is the table of tickets itself; give another name")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TicketTableError(f"--out {out}: its folder cannot be made ({error.strerror})") from None
    if not os.access(out.parent, os.W_OK):
        raise TicketTableError(f"--out {out}: its folder may not be written to")
