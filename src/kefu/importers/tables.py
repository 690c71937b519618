"""Tables whose columns have other names, or that come as a file for each split."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from kefu.tickets.errors import KefuError
from kefu.tickets.splits import SPLITS
from kefu.tickets.table import read_tickets


def read_tables(
    path: Path, *, columns: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read a table, or the tables of a folder, one for each split.

    Args:
        path: A table (``.csv``, ``.jsonl``, ``.parquet``), or with ``files`` the folder of several.
        columns: Name of a column here to its name in the tables, where they differ: ``{"label": "category"}``. One of
            theirs may serve twice, as ``{"ticket_id": "photo", "image": "photo"}``.
        files: Split (``train``, ``validation``, ``test``) to the name of its table in the folder.

    Returns:
        The tickets. Those of a table without ids are called by table and line: ``train-2``.

    Raises:
        KefuError: A key of ``files`` is no split.
        TicketTableError: A table is missing, malformed or lacks a column.
    """
    if files is None:
        return _read(path, columns or {})
    unknown = sorted(set(files) - set(SPLITS))
    if unknown:
        raise KefuError(f"importer option files: '{unknown[0]}' is no split; use {', '.join(SPLITS)}")
    parts = [_read(path / name, columns or {}).assign(split=split) for split, name in files.items()]
    return pd.concat(parts, ignore_index=True)


def _read(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    frame = read_tickets(path, require_ids=False, columns=columns).frame
    numbered = frame["row"].astype("str")
    has_no_ids = frame["ticket_id"].equals("row-" + numbered)
    return frame.assign(ticket_id=f"{path.stem}-" + numbered) if has_no_ids else frame
