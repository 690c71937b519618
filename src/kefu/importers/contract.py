"""What an importer is, and how one is called by its name."""

import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from kefu.tickets.errors import EmptyTableError, KefuError, TicketTableError, did_you_mean
from kefu.tickets.schema import RawTickets, validate
from kefu.tickets.splits import SPLITS
from kefu.tickets.table import TicketTable, media_root


class Importer(Protocol):
    """A function from where a data set lies to its tickets."""

    def __call__(self, path: Path, **options: Any) -> pd.DataFrame:
        """Return a row a ticket, in the columns of ``docs/tickets.md``: ``ticket_id``, ``text``, ``label``, ….

        A column ``row`` says where the ticket stands, for messages; without it the tickets are counted from 1.

        Args:
            path: A file or a folder, which is there. Paths of media are relative to it, or to its folder if a file.
            options: What the catalog gives beyond the path; each importer names its own.
        """
        ...


def import_tickets(importer: str, path: str | Path, options: Mapping[str, Any] | None = None) -> TicketTable:
    """Call an importer by its dotted name.

    Tickets whose split is given come in the order test, validation, training: of repeated tickets the first stays, so
    a text that a benchmark has in both is tested on and not trained on.

    Args:
        importer: Module and function, as ``kefu.importers.fsdd.read_recordings``.
        path: Where the data set lies.
        options: Arguments by name.

    Returns:
        The tickets, with the root that media paths are relative to.

    Raises:
        KefuError: There is no such function, or it does not take these options.
        TicketTableError: Nothing is at ``path``, or what was found there is no table of tickets.
    """
    path = Path(path)
    options = dict(options or {})
    function = _find(importer)
    _check_options(importer, function, options)
    if not path.exists():
        raise TicketTableError(
            f"{path}: no such file or folder; put the data set there, or mend tickets_path in globals.yml"
        )
    frame = function(path, **options)
    if not isinstance(frame, pd.DataFrame):
        raise KefuError(f"importer {importer}: returned {type(frame).__name__}; return a pandas DataFrame")
    frame = validate(frame, RawTickets, f"importer {importer}")
    if frame.empty:
        raise EmptyTableError(
            f"{path}: importer {importer} found no ticket there; is it the right folder and importer?"
        )
    if "row" not in frame:
        frame = frame.assign(row=range(1, len(frame) + 1))
    return TicketTable(_test_first(frame), media_root(path))


def _find(importer: str) -> Importer:
    module_name, _, name = importer.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise KefuError(f"importer {importer}: {error}; write package.module.function") from None
    function = getattr(module, name, None)
    if not callable(function):
        here = [other for other, _ in inspect.getmembers(module, inspect.isfunction) if not other.startswith("_")]
        raise KefuError(
            f"importer {importer}: '{module_name}' has no function '{name}'{did_you_mean(name, here)} "
            f"(there are: {', '.join(here)})"
        )
    return function


def _check_options(importer: str, function: Importer, options: Mapping[str, Any]) -> None:
    signature = inspect.signature(function)
    try:
        signature.bind(Path(), **options)
    except TypeError as error:
        known = ", ".join(list(signature.parameters)[1:]) or "none"
        raise KefuError(f"importer {importer}: {error} (options there are: {known})") from None


def _test_first(frame: pd.DataFrame) -> pd.DataFrame:
    if "split" not in frame:
        return frame.reset_index(drop=True)
    rank = {split: number for number, split in enumerate(reversed(SPLITS))}
    return frame.sort_values("split", key=lambda splits: splits.map(rank), kind="stable", ignore_index=True)
