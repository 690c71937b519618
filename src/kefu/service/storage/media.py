"""Pictures and recordings on disk, by the hash of their content."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from kefu.tickets.folder import write_whole_file

_NAME = re.compile(r"[0-9a-f]{64}")


class MediaStore:
    """A folder of files, each named by the SHA-256 of what it holds; what is kept twice is there once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes) -> str:
        """Write a file, whole or not at all, and return its name."""
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        if not path.exists():
            write_whole_file(path, content)
        return name

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None if there is none, or ``name`` is no hash."""
        if not _NAME.fullmatch(name):
            return None
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        """Delete a file, if there is one of this name."""
        if _NAME.fullmatch(name):
            self._path(name).unlink(missing_ok=True)

    def names(self, before: datetime | None = None) -> Iterator[str]:
        """Yield the names of all files, or of those that were written before a time."""
        for path in self.folder.glob("??/*"):
            if not _NAME.fullmatch(path.name):
                continue
            try:
                written_at = path.stat().st_mtime
            except FileNotFoundError:  # deleted in the very moment
                continue
            if before is None or written_at < before.timestamp():
                yield path.name

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name
