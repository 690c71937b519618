"""Media files of a ticket, read without ever leaving the folder of its table."""

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from typing import TypeVar

from kefu.tickets.faults import Fault, Reason

Found = TypeVar("Found")
_URL = re.compile(r"[a-z][a-z0-9+.-]+://|(data|file):", re.IGNORECASE)


def read_media(root: Path, relative: str, max_bytes: int) -> bytes | Fault:
    """Read the file that a ticket names, or say why it cannot be had.

    Nothing is ever fetched from a network, and neither ``..`` nor a symbolic link leads out of ``root``. Backslashes
    are taken for separators where no file has that very name, and both Unicode forms of a name are tried, since macOS
    writes names decomposed.

    Args:
        root: The folder of the ticket table.
        relative: The path in the ticket, relative to ``root``.
        max_bytes: The largest size that is read.

    Returns:
        The bytes of the file (at least one), or a fault: ``PATH_OUTSIDE``, ``MISSING_FILE``, ``UNREADABLE_FILE``,
        ``FILE_TOO_LARGE`` or ``EMPTY``.
    """
    return _within(root, relative, lambda path, name: _read(path, name, max_bytes))


def find_media(root: Path, relative: str) -> Path | Fault:
    """Return where the file that a ticket names lies below ``root``, as :func:`read_media` finds it.

    Returns:
        ``root`` and the path as the file is spelled there, or a fault: ``PATH_OUTSIDE``, ``MISSING_FILE`` or
        ``UNREADABLE_FILE``.
    """
    return _within(root, relative, lambda path, name: _refuse_kind(path.stat(), name) or path)


def _within(root: Path, relative: str, use: Callable[[Path, str], Found | Fault]) -> Found | Fault:
    """Return what ``use`` makes of the file and its name, or why it cannot be had."""
    name = relative.strip()
    fault = _refuse(name)
    if fault is not None:
        return fault
    try:
        path = _find(root, name)
        if path is None:
            return Fault(Reason.MISSING_FILE, f"no file '{_short(name)}' in the table's folder")
        if not path.resolve().is_relative_to(root.resolve()):
            return Fault(Reason.PATH_OUTSIDE, f"'{_short(name)}' leads out of the table's folder; move the file inside")
        return use(path, name)
    except PermissionError:
        return Fault(Reason.UNREADABLE_FILE, f"'{_short(name)}' may not be read; check its permissions")
    except (OSError, ValueError, RuntimeError) as error:  # a NUL byte, a name too long, a loop of links
        why = getattr(error, "strerror", None) or str(error)
        return Fault(Reason.UNREADABLE_FILE, f"'{_short(name)}' cannot be read ({why})")


class MediaDigests:
    """Tells what :func:`read_media` would return by its digest, several times faster than by reading.

    Args:
        root: The folder of the ticket table.
        max_bytes: The largest size that is read.
    """

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._root, self._max_bytes = root, max_bytes
        self._inside: dict[str, bool] = {}

    def digest(self, relative: str) -> str:
        """Return the digest of the bytes of a file, or the fault that reading it is."""
        path = self._ordinary(relative)
        if path is not None:
            with suppress(OSError, ValueError):
                self._status(path)
                with open(path, "rb") as file:
                    return _digest(file.read())
        content = read_media(self._root, relative, self._max_bytes)
        return repr(content) if isinstance(content, Fault) else _digest(content)

    def state(self, relative: str) -> str:
        """Return what changes whenever a file is written or replaced, without reading it; where in doubt, the digest.

        The time of change (``ctime``) is the system's own: copying a file with its times sets it, too.
        """
        path = self._ordinary(relative)
        if path is not None:
            with suppress(OSError, ValueError):
                status = self._status(path)
                return f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        return self.digest(relative)

    def _ordinary(self, relative: str) -> str | None:
        """Return the path of a file if nothing about its name, or the folder it is in, asks for a second look."""
        name = relative.strip()
        folder, _, leaf = name.rpartition("/")
        if _refuse(name) is not None or "\\" in name or leaf in {"", ".", ".."}:
            return None
        if folder not in self._inside:
            try:
                self._inside[folder] = (self._root / folder).resolve().is_relative_to(self._root.resolve())
            except (OSError, ValueError, RuntimeError):
                self._inside[folder] = False
        return os.path.join(self._root, name) if self._inside[folder] else None

    def _status(self, path: str) -> os.stat_result:
        """Return the status of an ordinary file that is no link and can be read; anything else raises."""
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= self._max_bytes:
            raise ValueError(path)
        return status


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _refuse(name: str) -> Fault | None:
    """Return what is wrong with the path as it is written."""
    if not name:
        return Fault(Reason.MISSING_FILE, "the path is blank; leave the field empty or give a file")
    if _URL.match(name):
        return Fault(Reason.PATH_OUTSIDE, f"'{_short(name)}' is a URL; download it and give its path from the table")
    if name.startswith("/") or ((":" in name or "\\" in name) and PureWindowsPath(name).anchor):
        return Fault(Reason.PATH_OUTSIDE, f"'{_short(name)}' is absolute; give its path from the table's folder")
    return None


def _find(root: Path, name: str) -> Path | None:
    spellings = (name, name.replace("\\", "/"))
    forms = (form(spelling) for spelling in spellings for form in (str, _composed, _decomposed))
    for form in dict.fromkeys(forms):
        path = root / form
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            # what lies outside is not to be told from what is missing: say outside
            if not path.resolve().is_relative_to(root.resolve()):
                return path
            continue
        return path
    return None


def _read(path: Path, name: str, max_bytes: int) -> bytes | Fault:
    status = path.stat()
    fault = _refuse_kind(status, name)
    if fault is not None:
        return fault
    if status.st_size == 0:
        return Fault(Reason.EMPTY, f"'{_short(name)}' has no bytes; export it again")
    if status.st_size > max_bytes:
        return Fault(
            Reason.FILE_TOO_LARGE,
            f"'{_short(name)}' has {status.st_size / 1e6:.1f} MB, the limit is {max_bytes / 1e6:.1f} MB",
        )
    return path.read_bytes()


def _refuse_kind(status: os.stat_result, name: str) -> Fault | None:
    if stat.S_ISDIR(status.st_mode):
        return Fault(Reason.UNREADABLE_FILE, f"'{_short(name)}' is a folder; give a file")
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        return Fault(Reason.UNREADABLE_FILE, f"'{_short(name)}' is not an ordinary file")
    return None


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _decomposed(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def _short(name: str) -> str:
    printable = "".join(char if char.isprintable() else "�" for char in name)
    return printable if len(printable) <= 80 else f"{printable[:77]}…"
