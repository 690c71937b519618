"""Which bundle a folder of models stands for just now."""

from dataclasses import dataclass
from pathlib import Path

from kefu.registry.promotion import promoted_folder
from kefu.tickets.errors import KefuError

_CONFIG = "config.json"
_FUSED = "fused"


@dataclass(frozen=True)
class BundleVersion:
    """A bundle on disk, as it was when it was found; another one is unequal, even where it took the same place."""

    folder: Path
    inode: int
    written_ns: int

    @property
    def name(self) -> str:
        """The version: when it was trained, `current`, or the name of the folder."""
        return self.folder.parent.name if self.folder.name == _FUSED else self.folder.name


def find_version(folder: Path) -> BundleVersion:
    """Find the bundle to serve: the folder itself, the promoted version in it, or else the newest.

    Args:
        folder: a bundle, the models of a data set (``data/06_models/<dataset>``), or their ``versions/fused``.

    Raises:
        KefuError: there is none, or the promoted one is gone.
    """
    if (folder / _CONFIG).is_file():
        return _version(folder)
    if (folder / "versions" / _FUSED).is_dir():
        return _version(promoted_folder(folder) or _newest(folder / "versions" / _FUSED))
    if folder.name == _FUSED:
        promoted = promoted_folder(folder.parents[1]) if folder.parent.name == "versions" else None
        return _version(promoted or _newest(folder))
    raise KefuError(f"{folder}: there is no model; train one with `kedro run`, or name another folder")


def _newest(versions: Path) -> Path:
    found = max((path.parent for path in versions.glob(f"*/{_FUSED}/{_CONFIG}")), default=None)
    if found is None:
        raise KefuError(f"{versions}: there is no version of a model yet; train one with `kedro run`")
    return found


def _version(folder: Path) -> BundleVersion:
    try:
        status = (folder / _CONFIG).stat()
    except OSError as error:  # it was replaced just now
        raise KefuError(f"{folder}: the model is gone ({error.strerror})") from None
    return BundleVersion(folder, status.st_ino, status.st_mtime_ns)
