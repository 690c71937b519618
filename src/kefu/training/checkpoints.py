"""Where an interrupted training is found again: one file, written whole, used only by the very same training."""

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import nn

from kefu import __version__
from kefu.parameters import Parameters
from kefu.training.data import FeatureRows

logger = logging.getLogger(__name__)

_FILE = "last.ckpt"
_PARTS = {"state_dict", "optimizer_states", "lr_schedulers", "loops", "callbacks"}
_FINGERPRINT = re.compile(r"[0-9a-f]{24}")


class AtomicCheckpointIO(TorchCheckpointIO):
    """Write a checkpoint beside the last one, then put it in its place: a kill leaves one or the other."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint to ``path``."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save(checkpoint, partial)
        os.replace(partial, path)


class SaveEachEpoch(Checkpoint):
    """Write the checkpoint after each epoch, when all other callbacks have seen it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _FILE

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Replace the checkpoint of the epoch before."""
        trainer.save_checkpoint(self.path)


def find_checkpoint(folder: Path) -> Path | None:
    """Return the checkpoint in a folder; one that cannot be read is removed with a warning."""
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        if torch.load(path, map_location="cpu", weights_only=True).keys() >= _PARTS:
            return path
        reason = "parts are missing"
    except Exception as error:  # damage shows as any of a dozen kinds of error
        reason = type(error).__name__
    logger.warning("%s: the checkpoint is damaged (%s); training starts over", path, reason)
    path.unlink()
    return None


def clear_checkpoints(folder: Path) -> None:
    """Remove all checkpoints in a folder, those of trainings that were given up included, and nothing else."""
    for path in folder.glob("*"):
        if path.is_dir() and _FINGERPRINT.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def fingerprint(classifier: nn.Module, rows: Sequence[FeatureRows], params: Parameters, *more: object) -> str:
    """Return a name for all that decides the outcome of a training: starting weights, data, parameters, versions."""
    digest = hashlib.blake2b(digest_size=12)
    versions = [__version__, torch.__version__, lightning.__version__]
    digest.update(json.dumps([params.model_dump(mode="json"), versions, [str(value) for value in more]]).encode())
    for part in rows:
        for name, array in [*sorted(part.features.items()), ("targets", part.targets)]:
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
        digest.update("\0".join(part.ticket_ids).encode())
    for name, tensor in sorted(classifier.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
