"""Training of the acoustic model."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor
from torch.nn.functional import ctc_loss
from torch.utils.data import DataLoader, Dataset, Sampler

from kefu.parameters import Parameters
from kefu.speech.ctc.batches import Batch, make_batch
from kefu.speech.ctc.decoding import greedy_units
from kefu.speech.ctc.errors import edit_distance
from kefu.speech.ctc.network import BLANK, CtcNetwork
from kefu.training.checkpoints import fingerprint
from kefu.training.fit import fit
from kefu.training.hardware import Hardware
from kefu.training.objective import warmup_cosine

_SCORE = "unit_accuracy"
_POOL = 16
"""Batches whose recordings are sorted by length among themselves, so that little of a batch is padding."""


class TrainingParameters(Parameters):
    """How the acoustic model is trained."""

    max_epochs: int = Field(20, ge=1, description="Epochs; the learning rate is scheduled over all of them.")
    patience: int = Field(5, ge=1, description="Epochs without fewer wrong units before training stops.")
    batch_size: int = Field(16, ge=1, description="Recordings in a batch.")
    learning_rate: float = Field(2e-3, gt=0, description="Highest learning rate of AdamW.")
    weight_decay: float = Field(0.01, ge=0, description="Decoupled weight decay.")
    warmup_share: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the learning rate rises.")
    clip_norm: float = Field(1.0, gt=0, description="Largest norm of the gradient.")


@dataclass(frozen=True)
class Recordings:
    """N recordings and what is said in them."""

    log_mels: Sequence[NDArray[np.floating]]
    """(T, n_mels) each"""
    units: Sequence[NDArray[np.int64]]
    """(L,) each, numbered from 1"""

    def __len__(self) -> int:
        """Return N."""
        return len(self.log_mels)

    def digest(self) -> str:
        """Return a name for all that is in them."""
        digest = hashlib.blake2b(digest_size=12)
        for array in (*self.log_mels, *self.units):
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


class _Batches(Dataset[Batch]):
    def __init__(self, recordings: Recordings) -> None:
        self.recordings = recordings

    def __getitem__(self, rows: Sequence[int]) -> Batch:
        return make_batch([self.recordings.log_mels[row] for row in rows], [self.recordings.units[row] for row in rows])


class _ByLength(Sampler[list[int]]):
    """Draws every recording once an epoch, those of about one length together; depends on (seed, epoch) alone."""

    def __init__(self, recordings: Recordings, batch_size: int, seed: int | None) -> None:
        self.lengths = np.array([len(log_mel) for log_mel in recordings.log_mels])
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return math.ceil(len(self.lengths) / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        if self.seed is None:
            yield from self._cut(np.argsort(self.lengths, kind="stable"))
            return
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(len(self.lengths))
        batches: list[list[int]] = []
        for start in range(0, len(order), _POOL * self.batch_size):
            pool = order[start : start + _POOL * self.batch_size]
            batches += self._cut(pool[np.argsort(self.lengths[pool], kind="stable")])
        for place in rng.permutation(len(batches)):
            yield batches[place]

    def _cut(self, rows: NDArray[np.int64]) -> list[list[int]]:
        return [rows[start : start + self.batch_size].tolist() for start in range(0, len(rows), self.batch_size)]


class _Task(pl.LightningModule):
    def __init__(self, network: CtcNetwork, params: TrainingParameters, num_steps: int) -> None:
        super().__init__()
        self.network = network
        self.params = params
        self.num_steps = num_steps
        self.judged: list[tuple[float, int, int, int]] = []

    def _losses(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the loss of each recording per unit (B,), log-probabilities (B, S, U + 1) and steps (B,)."""
        logits, steps = self.network(batch.log_mel, batch.num_frames)
        logs = logits.float().log_softmax(dim=2)
        losses = ctc_loss(
            logs.transpose(0, 1), batch.units, steps, batch.num_units, BLANK, reduction="none", zero_infinity=True
        )
        return losses / batch.num_units.clamp(min=1), logs, steps

    def training_step(self, batch: Batch, _: int) -> Tensor:
        loss = self._losses(batch)[0].mean()
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch.num_units))
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        losses, logs, steps = self._losses(batch)
        told = torch.split(batch.units, batch.num_units.tolist())
        for row, units in enumerate(told):
            found = greedy_units(logs[row, : steps[row]].cpu().numpy())
            self.judged.append((float(losses[row]), edit_distance(found, units.tolist()), len(units), 1))

    def on_validation_epoch_end(self) -> None:
        loss, wrong, units, recordings = np.sum(self.judged, axis=0)
        self.judged.clear()
        self.log("validation_loss", loss / recordings)
        self.log(f"validation_{_SCORE}", 1 - wrong / max(units, 1))

    def configure_optimizers(self) -> Any:
        groups = [
            {"params": [p for p in self.parameters() if p.ndim > 1], "weight_decay": self.params.weight_decay},
            {"params": [p for p in self.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.params.learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_cosine(self.num_steps, self.params.warmup_share))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


@dataclass(frozen=True)
class Trained:
    """A trained acoustic model, on the CPU, and how it got there."""

    network: CtcNetwork
    history: pd.DataFrame
    """epoch, train_loss, validation_loss, validation_unit_accuracy, seconds"""
    best_epoch: int


def train_network(
    network: CtcNetwork,
    training: Recordings,
    validation: Recordings,
    params: TrainingParameters,
    *,
    hardware: Hardware,
    seed: int,
    checkpoints: Path | None = None,
) -> Trained:
    """Train an acoustic model and return it as it was when fewest units of the validation recordings were wrong.

    Args:
        network: untrained, or trained before.
        training: what is learned from.
        validation: what picks the best epoch; without any, the last one is taken.
        params: epochs, batch size, learning rate …
        hardware: device, threads, and on a GPU precision.
        seed: of the order of the recordings, of dropout and of masks.
        checkpoints: folder in which an interrupted training is found again; whoever has put the result in safety
            clears it.

    Raises:
        KefuError: the loss became infinite or NaN.
        KeyboardInterrupt: Ctrl-C; the checkpoint of the last whole epoch stays.
        ValueError: there is no training recording.
    """
    if len(training) == 0:
        raise ValueError("speech: no recordings to train with")
    if hardware.accelerator == "cpu":  # where a network of so small steps takes twice as long in bf16
        hardware = replace(hardware, precision="32-true")
    sampler = _ByLength(training, params.batch_size, seed)
    loader: DataLoader[Any] = DataLoader(
        _Batches(training), sampler=sampler, batch_size=None, generator=torch.Generator()
    )
    ordered: DataLoader[Any] = DataLoader(
        _Batches(validation), sampler=_ByLength(validation, 32, None), batch_size=None
    )
    if checkpoints is not None:
        digests = [part.digest() for part in (training, validation)]
        checkpoints = checkpoints / fingerprint(network, [], params, *digests, hardware.precision, seed)
    fitted = fit(
        "speech",
        _Task(network, params, num_steps=params.max_epochs * len(sampler)),
        network,
        loader,
        ordered if len(validation) else None,
        max_epochs=params.max_epochs,
        patience=params.patience,
        monitor=_SCORE,
        score=_SCORE,
        clip_norm=params.clip_norm,
        rate_parameter="speech_training.learning_rate",
        hardware=hardware,
        seed=seed,
        checkpoints=checkpoints,
    )
    return Trained(network, fitted.history, fitted.best_epoch)
