"""A trained model on disk: a folder of safetensors and JSON, read without Kedro and never by pickle."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from kefu.tickets.errors import KefuError
from kefu.tickets.folder import whole_folder

SCHEMA_VERSION = 4
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
        """Write the bundle; the folder appears whole or not at all, and replaces one that was there.

        Raises:
            BundleError: the name of a file leads out of the folder.
        """
        for name in self.files:
            _check_name(name)
        with whole_folder(folder) as new:
            tensors = {
                name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
                for name, tensor in self.tensors.items()
            }
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

    def hash_weights(self) -> str:
        """Return a SHA-256 of all tensors, their names, types and shapes: what tells two models apart."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.tensors.items()):
            array = tensor.detach().cpu().contiguous()
            digest.update(f"{name} {array.dtype} {tuple(array.shape)}\n".encode())
            digest.update(array.reshape(-1).view(torch.uint8).numpy().data if array.numel() else b"")
        return digest.hexdigest()

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """Read a bundle.

        Raises:
            BundleError: the folder is missing, incomplete or damaged, or of another schema.
        """
        if not (folder / "config.json").is_file():
            raise BundleError(f"{folder} is not a model bundle (no config.json); train one with `kedro run`")
        try:
            config = _read_json(folder / "config.json", dict)
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
                labels=tuple(_read_json(folder / "labels.json", list)),
                tensors=load_file(folder / "model.safetensors"),
                files=files,
                metrics=_read_json(folder / "metrics.json", dict),
                card=(folder / "card.md").read_text(encoding="utf-8"),
            )
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            reason = " ".join(str(error).split())
            raise BundleError(f"{folder}: the bundle is incomplete or damaged ({reason}); train again") from error


def damage(what: str, error: Exception) -> str:
    """Return one line that says what of a bundle is damaged."""
    return f"{what}: the bundle is damaged or of another version ({' '.join(str(error).split())[:300]}); train again"


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise BundleError(f"a bundle cannot hold the file {name!r}: the name must stay within the folder")


def _read_json(path: Path, kind: type) -> Any:
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, kind):
        raise ValueError(f"{path.name} holds a {type(value).__name__}, not a {kind.__name__}")
    return value


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
