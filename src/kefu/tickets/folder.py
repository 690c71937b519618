"""Folders and files that appear whole or not at all, whatever happens while they are written."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to write to; it takes the place of ``folder`` at the end, and of what was there before.

    Where the block is left by an exception, Ctrl-C included, nothing of it stays and what was there before does.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield new
        new.chmod(0o755)
        _replace(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def write_whole_file(path: Path, content: bytes) -> None:
    """Write a file, and the folders that it lies in; several may write the same one at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _replace(new: Path, folder: Path) -> None:
    """Put ``new`` in the place of ``folder``: a directory cannot be renamed over a full one in one step."""
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
        os.replace(folder, old / folder.name)
        try:
            os.replace(new, folder)
        except BaseException:
            os.replace(old / folder.name, folder)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(new, folder)
