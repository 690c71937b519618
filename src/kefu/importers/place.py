"""Tickets that a user brings, copied into the project with the files they name, whole or not at all."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kefu import modalities
from kefu.engines import show_progress
from kefu.importers.layouts import Layout
from kefu.tickets.faults import Fault, Reason
from kefu.tickets.folder import whole_folder
from kefu.tickets.media import find_media
from kefu.tickets.table import TicketTable, read_tickets, write_table


@dataclass(frozen=True)
class Placed:
    """What was copied.

    Attributes:
        tickets: How many, of all tables.
        files: How many files of media.
        num_bytes: Of these files.
        left_out: Why files that a table names were not copied, and how many.
    """

    tickets: int
    files: int
    num_bytes: int
    left_out: Mapping[Reason, int]


def place_tickets(layout: Layout, target: Path) -> Placed:
    """Copy tables and the files that they name, and nothing else, to a folder that appears whole or not at all.

    Every file keeps its path relative to the table. No path is followed that leads out of the table's folder, be it
    absolute, by ``..`` or by a link; a link within it is copied as the file it stands for.

    Args:
        layout: What to copy.
        target: The folder, which is replaced if it is there.

    Raises:
        TicketTableError: What was written cannot be read back.
        OSError: The disk is full, or the folder cannot be written to.
    """
    wanted = [pair for table in layout.tables.values() for pair in _wanted(table)]
    left_out: Counter[Reason] = Counter()
    copied: dict[Path, int] = {}
    with whole_folder(target) as new:
        for root, name in show_progress(wanted, total=len(wanted), what="media: copy"):
            found = find_media(root, name)
            if isinstance(found, Fault):
                left_out[found.reason] += 1
                continue
            place = found.relative_to(root)
            # within the source it may lead back inside, but what `a/..` is depends on what `a` is
            if ".." in place.parts:
                left_out[Reason.PATH_OUTSIDE] += 1
                continue
            (new / place).parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(found, new / place)
            except PermissionError:
                left_out[Reason.UNREADABLE_FILE] += 1
                continue
            copied[place] = (new / place).stat().st_size
        for name, table in layout.tables.items():
            if name in layout.files:
                shutil.copyfile(layout.files[name], new / name)
            else:
                write_table(table.frame.drop(columns="row"), new / name)
            read_tickets(new / name)
    tickets = sum(len(table.frame) for table in layout.tables.values())
    return Placed(tickets, len(copied), sum(copied.values()), left_out)


def _wanted(table: TicketTable) -> Iterator[tuple[Path, str]]:
    """Yield the root and the name of each file that the table names, once."""
    for modality in modalities.MODALITIES:
        if modalities.get(modality).HOLDS_FILES and modality in table.frame:
            for name in table.frame[modality].dropna().unique():
                yield table.root, str(name)
