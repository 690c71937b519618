"""A folder for each class, as torchvision's ImageFolder and many published data sets have it."""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from kefu.tickets.errors import EmptyTableError

logger = logging.getLogger(__name__)

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_ENDINGS = {
    **dict.fromkeys((".txt",), "text"),
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"), "image"),
    **dict.fromkeys((".wav", ".flac", ".ogg", ".mp3"), "audio"),
}


def read_class_folders(path: Path) -> pd.DataFrame:
    """Make a ticket of each file ``<class>/<file>`` or ``<split>/<class>/<file>``.

    The folders are splits if all of them are called like splits (``train``, ``val``, ``test`` and the like). The
    ending of a file says whether it is a text, a picture or a recording; files of other kinds, and links that lead out
    of ``path``, are left out with a warning, hidden ones without. Folders within a class do not matter.

    Args:
        path: The folder of the folders.

    Returns:
        ``ticket_id`` (the path of the file), ``text``, ``image``, ``audio``, ``label`` (the name of the folder) and
        ``split``, empty where there is none.

    Raises:
        EmptyTableError: There is no such file.
    """
    folders = _folders(path)
    has_splits = bool(folders) and all(folder.name.lower() in SPLIT_NAMES for folder in folders)
    splits = {folder: SPLIT_NAMES[folder.name.lower()] for folder in folders} if has_splits else {path: None}
    other_kinds: Counter[str] = Counter()
    rows = []
    for split_folder, split in splits.items():
        for class_folder in _folders(split_folder):
            for file in _files(class_folder, path.resolve()):
                kind = _ENDINGS.get(file.suffix.lower())
                if kind is None:
                    other_kinds[file.suffix] += 1
                    continue
                name = file.relative_to(path).as_posix()
                value = file.read_text(encoding="utf-8", errors="replace") if kind == "text" else name
                rows.append({"ticket_id": name, kind: value, "label": class_folder.name, "split": split})
    if other_kinds:
        logger.warning(
            "%s: %d files of other kinds are left out (%s)", path, other_kinds.total(), ", ".join(sorted(other_kinds))
        )
    if not rows:
        raise EmptyTableError(f"{path}: no text (.txt), picture or recording in folders of classes")
    return pd.DataFrame(rows, columns=["ticket_id", "text", "image", "audio", "label", "split"])


def _folders(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith("."))


def _files(folder: Path, root: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in file.relative_to(folder).parts) or not file.is_file():
            continue
        if file.resolve().is_relative_to(root):
            yield file
        else:
            logger.warning("%s: leads out of the folder and is left out", file)
