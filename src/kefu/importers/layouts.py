"""What a user may bring: a table, a folder with one, folders of classes, or a data set that is known here."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kefu.importers.class_folders import SPLIT_NAMES
from kefu.importers.contract import import_tickets
from kefu.importers.tables import read_tables
from kefu.tickets.errors import KefuError, TicketTableError
from kefu.tickets.splits import SPLITS
from kefu.tickets.table import TicketTable, read_tickets

TICKETS, OUT_OF_SCOPE = "tickets", "out_of_scope"
_ENDINGS = (".csv", ".jsonl", ".ndjson", ".parquet")
_JSON = ".json"
_CLINC150 = {"train", "val", "test", "oos_val", "oos_test"}
_DIGIT = re.compile(r"\d_(?P<speaker>[a-z]+)_\d+\.wav")


@dataclass(frozen=True)
class Layout:
    """What was found.

    Attributes:
        what: How a person calls it.
        tables: Name of a table here (``tickets.csv``, ``out_of_scope.csv``) to its tickets and the root of their media.
        files: Those tables that are kept as they are: their names to where they lie.
    """

    what: str
    tables: Mapping[str, TicketTable]
    files: Mapping[str, Path] = field(default_factory=dict)


def recognise(source: Path, columns: Mapping[str, str] | None = None) -> Layout:
    """Read what lies at a path, whatever its layout.

    A file is a table of tickets, or ``data_full.json`` of CLINC150. In a folder these are looked for, in this order: a
    table ``tickets.*`` (beside it ``out_of_scope.*``), a file of CLINC150, a table for each split (``train.csv``,
    ``test.csv``, …, as BANKING77 has), ``recordings/`` of the Free Spoken Digit Dataset, a single table of any name,
    folders of classes.

    Args:
        source: A file or a folder.
        columns: Name of a column here to its name in the tables, where they differ: ``{"label": "category"}``.

    Raises:
        KefuError: Nothing of the kind is there, or it cannot be read.
    """
    if source.is_dir():
        return _folder(source, dict(columns or {}))
    return _clinc150(source) if _is_clinc150(source) else _table(source, dict(columns or {}))


def _folder(source: Path, columns: dict[str, str]) -> Layout:
    tables = _by_stem(source)
    splits = {SPLIT_NAMES[stem]: path for stem, path in tables.items() if stem in SPLIT_NAMES}
    if TICKETS in tables:
        return _table(tables[TICKETS], columns, tables.get(OUT_OF_SCOPE))
    if _is_clinc150(source / "data_full.json"):
        return _clinc150(source / "data_full.json")
    if {"train", "test"} <= splits.keys():
        return _split_tables(source, splits, columns)
    speakers = _speakers(source)
    if speakers:
        return _digits(source, speakers)
    if len(tables) == 1:
        return _table(next(iter(tables.values())), columns)
    if tables:
        raise KefuError(
            f"{source}: which of {', '.join(sorted(path.name for path in tables.values()))}? name the table"
        )
    return Layout(
        "folders of classes", {"tickets.csv": import_tickets("kefu.importers.class_folders.read_class_folders", source)}
    )


def _by_stem(folder: Path) -> dict[str, Path]:
    """Return the tables of a folder by their names without endings."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _ENDINGS or path.name.startswith(".") or not path.is_file():
            continue
        if not path.resolve().is_relative_to(folder.resolve()):
            raise KefuError(f"{path}: leads out of the folder; name the table itself")
        stem = path.stem.lower()
        if stem in found:
            raise KefuError(f"{folder}: {found[stem].name} or {path.name}? name the table, or take one of them away")
        found[stem] = path
    return found


def _table(path: Path, columns: Mapping[str, str], out_of_scope: Path | None = None) -> Layout:
    tables, files = {}, {}
    for name, file in ((TICKETS, path), (OUT_OF_SCOPE, out_of_scope)):
        if file is None:
            continue
        known = {ours: theirs for ours, theirs in columns.items() if name == TICKETS or ours != "label"}
        # one with other columns is written anew; one out of scope is looked for under a single name
        place = f"{name}.csv" if known or name == OUT_OF_SCOPE else f"{name}{file.suffix.lower()}"
        tables[place] = read_tickets(file, columns=known)
        if not known and place.endswith(file.suffix.lower()):
            files[place] = file
    return Layout("a table of tickets", tables, files)


def _split_tables(folder: Path, splits: Mapping[str, Path], columns: dict[str, str]) -> Layout:
    header = read_tickets(splits["train"], require_ids=False).frame.columns
    if "label" not in header and "category" in header:
        columns = {"label": "category"} | columns
    options: dict[str, Any] = {"files": {split: path.name for split, path in splits.items()}, "columns": columns}
    table = import_tickets(f"{read_tables.__module__}.{read_tables.__name__}", folder, options)
    return Layout(
        f"a table for each split ({', '.join(split for split in SPLITS if split in splits)})", {"tickets.csv": table}
    )


def _is_clinc150(path: Path) -> bool:
    if path.suffix.lower() != _JSON or not path.is_file():
        return False
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.keys() >= _CLINC150


def _clinc150(path: Path) -> Layout:
    importer = "kefu.importers.clinc150.read"
    tables = {
        "tickets.csv": import_tickets(f"{importer}_in_scope", path),
        "out_of_scope.csv": import_tickets(f"{importer}_out_of_scope", path),
    }
    return Layout("CLINC150, with its questions out of scope", tables)


def _speakers(folder: Path) -> list[str]:
    names = (_DIGIT.fullmatch(path.name) for path in (folder / "recordings").glob("*.wav"))
    return sorted({name["speaker"] for name in names if name})


def _digits(folder: Path, speakers: list[str]) -> Layout:
    held_out = "theo" if "theo" in speakers else speakers[-1]
    table = import_tickets("kefu.importers.fsdd.read_recordings", folder, {"held_out_speaker": held_out})
    return Layout(f"spoken digits, the speaker {held_out} for testing", {"tickets.csv": table})


def require_source(source: Path) -> None:
    """Check that there is something to import.

    Raises:
        TicketTableError: Nothing is at the path.
    """
    if not source.exists():
        raise TicketTableError(f"{source}: no such file or folder")
