"""A trained model on disk: a folder of safetensors and JSON, read without Kedro and never by pickle."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from kefu.tickets.errors import KefuError

SCHEMA_VERSION = 1
_FILES = "files"


class BundleError(KefuError):
    """A folder that is no bundle, or one that this version of kefu cannot read."""


@dataclass(frozen=True)
class Bundle:
    """What a bundle folder holds.

    ``model.safetensors`` (tensors), ``config.json`` (schema version, kind, configuration), ``labels.json``,
    ``metrics.json``, ``card.md``, and below ``files/`` what the preprocessors need.
    """

    kind: str
    """``modality`` or ``fused``"""
    config: Mapping[str, Any]
    labels: tuple[str, ...]
    tensors: Mapping[str, Tensor]
    files: Mapping[str, bytes] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""

    def save(self, folder: Path) -> None:
        """Write the bundle; the folder appears whole or not at all, and replaces one that was there."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.tensors.items()}
            save_file(tensors, new / "model.safetensors")
            config = {"schema_version": SCHEMA_VERSION, "kind": self.kind, **self.config}
            _write_json(new / "config.json", config)
            _write_json(new / "labels.json", list(self.labels))
            _write_json(new / "metrics.json", self.metrics)
            (new / "card.md").write_text(self.card, encoding="utf-8")
            for name, content in self.files.items():
                path = new / _FILES / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            new.chmod(0o755)
            _replace(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """Read a bundle.

        Raises:
            BundleError: the folder is missing or incomplete, or of a newer schema.
        """
        if not (folder / "config.json").is_file():
            raise BundleError(f"{folder} is not a model bundle (no config.json); train one with `kedro run`")
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            version = config.pop("schema_version", None)
            if version != SCHEMA_VERSION:
                raise BundleError(
                    f"{folder}: bundle schema {version}, this kefu reads {SCHEMA_VERSION}; train again or change kefu"
                )
            root = folder / _FILES
            files = {
                str(PurePosixPath(path.relative_to(root))): path.read_bytes()
                for path in sorted(root.rglob("*"))
                if path.is_file()
            }
            return cls(
                kind=config.pop("kind"),
                config=config,
                labels=tuple(json.loads((folder / "labels.json").read_text(encoding="utf-8"))),
                tensors=load_file(folder / "model.safetensors"),
                files=files,
                metrics=json.loads((folder / "metrics.json").read_text(encoding="utf-8")),
                card=(folder / "card.md").read_text(encoding="utf-8"),
            )
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise BundleError(f"{folder}: the bundle is incomplete or damaged ({error}); train again") from error


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _replace(new: Path, folder: Path) -> None:
    """Put ``new`` in the place of ``folder``: a directory cannot be renamed over a full one in one step."""
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
        os.replace(folder, old / folder.name)
        os.replace(new, folder)
        shutil.rmtree(old)
    else:
        os.replace(new, folder)
