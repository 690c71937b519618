"""Ticket tables on disk: CSV, JSON lines and Parquet, read as strings and written whole or not at all."""

import codecs
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kefu.tickets.decoding import decode
from kefu.tickets.errors import EmptyTableError, TicketTableError, did_you_mean
from kefu.tickets.parsing import Records, parse_csv, parse_json_lines, parse_parquet, render_csv, render_json_lines

MODALITY_COLUMNS = ("text", "image", "audio")


@dataclass(frozen=True, slots=True)
class TicketTable:
    """Tickets and the folder that their media paths are relative to.

    Attributes:
        frame: One row a ticket, every column of dtype ``str`` with NaN for what is missing, and an integer column
            ``row``: the line of the file where the ticket starts (the row itself, from 1, in Parquet).
        root: The folder of the table.
    """

    frame: pd.DataFrame
    root: Path


def read_tickets(
    path: str | Path, *, require_ids: bool = True, columns: Mapping[str, str] | None = None
) -> TicketTable:
    """Read a table of tickets; its ending decides the format.

    Every value is read as a string, so '007' keeps its zeros; an empty field, null and NaN are missing. Columns
    without a name (an index written by pandas) are left out, and a column ``row`` is replaced by kefu's own.

    Args:
        path: A ``.csv``, ``.jsonl``, ``.ndjson``, ``.json`` (one object a line) or ``.parquet`` file, in UTF-8.
        require_ids: Ask for a column ``ticket_id``; otherwise a table without one gets ``row-2``, ``row-3``, ….
        columns: Name of a column here to its name in the file, where they differ: ``{"label": "category"}``.

    Raises:
        TicketTableError: The file is missing or unreadable, malformed, in another encoding, or lacks columns.
        EmptyTableError: The file holds no ticket.
    """
    path = Path(path)
    records = _parser(path)(path)
    _check_names(path, records.names)
    found: dict[str, pd.Series] = {
        name: pd.Series(values, dtype="str").replace("", None)
        for name, values in zip(records.names, records.columns, strict=True)
        if name
    }
    found = _rename(path, found, columns or {})
    frame = pd.DataFrame(found | {"row": pd.Series(records.rows, dtype="int64")})
    _check_columns(path, list(found), require_ids=require_ids)
    if frame.empty:
        raise EmptyTableError(f"{path}: the table has a header and no tickets; add a row for each ticket")
    if "ticket_id" not in frame:
        frame.insert(0, "ticket_id", ("row-" + frame["row"].astype("str")).astype("str"))
    return TicketTable(frame, media_root(path))


def media_root(path: str | Path) -> Path:
    """Return the folder that media paths are relative to: that of the table, or ``path`` itself if it is a folder."""
    path = Path(path)
    return path if path.is_dir() else path.parent


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table by the ending of ``path``, creating its folder; readers see the old file or the new one.

    Raises:
        TicketTableError: The ending is unknown, or the folder cannot be written to.
    """
    path = Path(path)
    renderers: dict[str, Callable[[pd.DataFrame], bytes]] = {
        ".csv": render_csv,
        ".jsonl": render_json_lines,
        ".ndjson": render_json_lines,
        ".json": render_json_lines,
        ".parquet": _render_parquet,
    }
    if path.suffix.lower() not in renderers:
        raise _unknown_ending(path)
    data = renderers[path.suffix.lower()](frame)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise TicketTableError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _parser(path: Path) -> Callable[[Path], Records]:
    parsers: dict[str, Callable[[Path], Records]] = {
        ".csv": lambda p: parse_csv(p, decode(p, _read_bytes(p))),
        ".jsonl": lambda p: parse_json_lines(p, decode(p, _read_bytes(p))),
        ".ndjson": lambda p: parse_json_lines(p, decode(p, _read_bytes(p))),
        ".json": lambda p: parse_json_lines(p, decode(p, _read_bytes(p))),
        ".parquet": lambda p: parse_parquet(p, _read_bytes(p)),
    }
    if path.is_dir():
        inside = sorted(child.name for child in path.iterdir() if child.suffix.lower() in parsers)
        hint = f"; did you mean '{path / inside[0]}'?" if inside else "; give the table inside it"
        raise TicketTableError(f"{path}: this is a folder, not a table{hint}")
    if path.suffix.lower() not in parsers:
        raise _unknown_ending(path)
    return parsers[path.suffix.lower()]


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        siblings = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
        raise TicketTableError(f"{path}: no such file{did_you_mean(path.name, siblings)}") from None
    except OSError as error:
        raise TicketTableError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        raise EmptyTableError(f"{path}: the file is empty; write a header and a row for each ticket")
    return data


def _unknown_ending(path: Path) -> TicketTableError:
    return TicketTableError(f"{path}: unknown ending '{path.suffix}'; use .csv, .jsonl or .parquet")


def _check_names(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise TicketTableError(f"{path}: column '{twice[0]}' stands there {names.count(twice[0])} times; rename one")


def _rename(path: Path, found: Mapping[str, pd.Series], columns: Mapping[str, str]) -> dict[str, pd.Series]:
    """Give columns their names here; one of the file that is called the same but stands for another is left out."""
    for name, theirs in columns.items():
        if theirs not in found:
            raise TicketTableError(
                f"{path}: no column '{theirs}', which is to be '{name}'{did_you_mean(theirs, found)} "
                f"(columns found: {', '.join(found)})"
            )
    others = {name: values for name, values in found.items() if name not in {*columns, *columns.values()}}
    return {name: found[theirs] for name, theirs in columns.items()} | others


def _check_columns(path: Path, names: list[str], *, require_ids: bool) -> None:
    found = ", ".join(names) or "none"
    if require_ids and "ticket_id" not in names:
        raise TicketTableError(
            f"{path}: no column 'ticket_id'{did_you_mean('ticket_id', names)} (columns found: {found})"
        )
    if not set(MODALITY_COLUMNS) & set(names):
        hint = next(filter(None, (did_you_mean(wanted, names) for wanted in MODALITY_COLUMNS)), "")
        raise TicketTableError(
            f"{path}: none of the columns text, image, audio is there{hint} (columns found: {found})"
        )


def _render_parquet(frame: pd.DataFrame) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue().to_pybytes()
