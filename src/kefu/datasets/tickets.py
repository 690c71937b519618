"""A table of tickets with its folder of media."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from kefu.importers import import_tickets
from kefu.tickets.table import TicketTable, media_root, read_tickets


@dataclass(frozen=True)
class TicketShard:
    """Some consecutive tickets to be written."""

    rows: Sequence[Mapping[str, Any]]
    files: Mapping[str, bytes]
    """Contents by path, relative to the table."""
    defects: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    """What was broken on purpose; it goes to a ledger beside the table."""
    is_first: bool = True
    is_last: bool = True


class TicketTableDataset(AbstractDataset[TicketShard, TicketTable]):
    """Tickets in CSV, JSON Lines or Parquet; the media lie where the table says, relative to it.

    What is saved comes shard by shard (rows and files); the table appears when the last shard is there. Only CSV can
    be written.

    Args:
        path: The table.
        optional: Whether the table may be missing, then there are no tickets.
        metadata: For kedro-viz.
    """

    def __init__(self, path: str, optional: bool = False, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.optional = optional
        self.metadata = metadata

    def load(self) -> TicketTable:
        """Read the table.

        Raises:
            TicketTableError: it is missing or malformed.
        """
        if self.optional and not self.path.exists():
            return TicketTable(pd.DataFrame({"row": [], "ticket_id": []}), self.path.parent)
        return read_tickets(self.path)

    def save(self, data: TicketShard) -> None:
        """Write the files of a shard and add its rows to the table."""
        for name, content in data.files.items():
            path = self.path.parent / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        part = self.path.with_name(f".{self.path.name}.part")
        ledger = self.path.with_name("defects.jsonl")
        part.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(data.rows).to_csv(part, mode="w" if data.is_first else "a", header=data.is_first, index=False)
        with ledger.open("w" if data.is_first else "a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in data.defects)
        if data.is_last:
            os.replace(part, self.path)

    def preview(self, nrows: int = 8) -> TablePreview:
        """Return the first tickets for kedro-viz."""
        frame = self.load().frame.head(nrows).drop(columns="row").fillna("")
        return TablePreview(json.loads(frame.to_json(orient="split")))

    @property
    def written(self) -> Path:
        """What saving writes: the folder of the table, its files and the ledger."""
        return self.path.parent

    def _exists(self) -> bool:
        return self.path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path)}


class MediaFolderDataset(AbstractDataset[NoReturn, Path]):
    """The folder that the files of tickets lie in.

    Args:
        path: The table, or the folder of an imported data set.
        metadata: For kedro-viz.
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = media_root(path)
        self.metadata = metadata

    def load(self) -> Path:
        """Return the folder; its files are opened one by one."""
        return self.path

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: files come with their table."""
        raise DatasetError(f"{self.path}: files of tickets are written with their table")

    def _exists(self) -> bool:
        return self.path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path)}


class ImportedTicketsDataset(TicketTableDataset):
    """Tickets that lie in another layout, read where they are by an importer.

    Args:
        path: The file or folder of the data set; media paths are relative to it, or to its folder if a file.
        importer: Dotted name of a :class:`kefu.importers.Importer`.
        options: What the importer is given beyond the path.
        metadata: For kedro-viz.
    """

    def __init__(
        self,
        path: str,
        importer: str,
        options: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(path, metadata=metadata)
        self.importer = importer
        self.options = options

    def load(self) -> TicketTable:
        """Import the tickets.

        Raises:
            KefuError: there is no such importer, or it does not take these options.
            TicketTableError: nothing fit is at the path.
        """
        return import_tickets(self.importer, self.path, self.options)

    def save(self, data: TicketShard) -> NoReturn:
        """Refuse: a foreign layout is read only."""
        raise DatasetError(f"{self.path}: imported tickets are read only")

    def _exists(self) -> bool:
        return self.path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path), "importer": self.importer, "options": self.options}
