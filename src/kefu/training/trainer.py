"""Training of one modality with Lightning: early stopping, best epoch kept, resumed after an interruption."""

import hashlib
import json
import logging
import math
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightning.pytorch as pl
import numpy as np
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from numpy.typing import NDArray
from pydantic import Field
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from kefu.parameters import Parameters
from kefu.training.classifier import Classifier, Output
from kefu.training.data import TARGET, FeatureRows, ordered_loader, training_loader
from kefu.training.hardware import Hardware
from kefu.training.objective import ClassWeights, class_weights, warmup_cosine

logger = logging.getLogger(__name__)

HISTORY_COLUMNS = ("epoch", "train_loss", "validation_loss", "validation_macro_f1", "seconds")


class TrainingParameters(Parameters):
    """How one modality is trained."""

    max_epochs: int = Field(30, ge=1, description="Epochs; the learning rate is scheduled over all of them.")
    patience: int = Field(10, ge=1, description="Epochs without a better validation score before training stops.")
    monitor: Literal["macro_f1", "loss"] = Field("macro_f1", description="Validation score that picks the best epoch.")
    batch_size: int = Field(64, ge=2, description="Tickets in a batch.")
    learning_rate: float = Field(1e-3, gt=0, description="Highest learning rate of AdamW.")
    weight_decay: float = Field(0.05, ge=0, description="Decoupled weight decay (Loshchilov & Hutter 2019).")
    warmup_share: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the learning rate rises.")
    label_smoothing: float = Field(0.05, ge=0, lt=1, description="Probability spread over all classes.")
    class_weights: ClassWeights = Field("sqrt", description="How much rare classes are lifted.")
    clip_norm: float = Field(1.0, gt=0, description="Largest norm of the gradient.")


@dataclass(frozen=True)
class Trained:
    """A trained classifier and how it got there."""

    classifier: Classifier
    history: pd.DataFrame
    """epoch, train_loss, validation_loss, validation_macro_f1, seconds"""
    best_epoch: int


class _Task(pl.LightningModule):
    def __init__(self, classifier: nn.Module, params: TrainingParameters, weights: Tensor, num_steps: int) -> None:
        super().__init__()
        self.classifier = classifier
        self.params = params
        self.num_steps = num_steps
        self.register_buffer("weights", weights, persistent=False)
        self.validation: list[tuple[Tensor, Tensor]] = []

    def _loss(self, logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        return cross_entropy(logits.float(), targets, weight=self.weights, label_smoothing=smoothing)

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        output: Output = self.classifier(batch)
        loss = self._loss(output.logits, batch[TARGET], self.params.label_smoothing)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[TARGET]))
        return loss

    def validation_step(self, batch: dict[str, Tensor], _: int) -> None:
        self.validation.append((self.classifier(batch).logits.float(), batch[TARGET]))

    def on_validation_epoch_end(self) -> None:
        logits, targets = (torch.cat(parts) for parts in zip(*self.validation, strict=True))
        self.validation.clear()
        self.log("validation_loss", cross_entropy(logits, targets))
        self.log(
            "validation_macro_f1",
            float(f1_score(targets.cpu(), logits.argmax(1).cpu(), average="macro", zero_division=0)),
        )

    def configure_optimizers(self) -> Any:
        decayed = [p for p in self.parameters() if p.ndim > 1]
        plain = [p for p in self.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": self.params.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.params.learning_rate)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_cosine(self.num_steps, self.params.warmup_share))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class _SeedEachEpoch(Callback):
    """Make an epoch's random numbers depend on (seed, epoch) alone, so that a resumed run equals an uninterrupted one."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        torch.manual_seed(self.seed * 100_003 + trainer.current_epoch)


class _History(Callback):
    """Keep one row an epoch, across interruptions, and tell a person how far training is."""

    def __init__(self, name: str, max_epochs: int) -> None:
        self.name = name
        self.max_epochs = max_epochs
        self.rows: list[dict[str, float]] = []
        self.started = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = list(state_dict["rows"])
        logger.info("%s: resuming after epoch %d", self.name, len(self.rows))

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.started = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        measured = {key: float(value) for key, value in trainer.callback_metrics.items()}
        seconds = time.monotonic() - self.started
        epoch = trainer.current_epoch + 1
        row = {key: measured.get(key, math.nan) for key in ("train_loss", "validation_loss", "validation_macro_f1")}
        self.rows.append({"epoch": epoch, **row, "seconds": round(seconds, 3)})
        logger.info(
            "%s: epoch %d/%d  loss %.3f  validation loss %.3f  macro-F1 %.3f  (%.1f s, at most %.0f s left)",
            self.name, epoch, self.max_epochs, row["train_loss"], row["validation_loss"],
            row["validation_macro_f1"], seconds, seconds * (self.max_epochs - epoch),
        )  # fmt: skip


def train_classifier(
    name: str,
    classifier: Classifier,
    training: FeatureRows,
    validation: FeatureRows,
    params: TrainingParameters,
    *,
    num_classes: int,
    hardware: Hardware,
    seed: int,
    checkpoints: Path | None = None,
) -> Trained:
    """Train a classifier and return it at its best validation epoch.

    Args:
        name: for messages and the checkpoint folder.
        classifier: untrained, or trained before (fine-tuning).
        training: originals and augmented copies of the training tickets.
        validation: tickets that pick the best epoch. Without any, the last epoch is taken.
        params: epochs, batch size, learning rate …
        num_classes: C.
        hardware: device, precision, threads.
        seed: of shuffling, dropout and masking.
        checkpoints: folder in which an interrupted training is found again; what lies there is used only if data,
            parameters and starting weights are the same. It is emptied when training is over.
    """
    torch.set_num_threads(hardware.threads)
    loader = training_loader(training, params.batch_size, seed)
    has_validation = len(validation) > 0
    task = _Task(
        classifier,
        params,
        class_weights(training.targets, num_classes, params.class_weights),
        num_steps=params.max_epochs * len(loader),
    )
    score = "validation_macro_f1" if params.monitor == "macro_f1" else "validation_loss"
    mode = "max" if params.monitor == "macro_f1" else "min"
    history = _History(name, params.max_epochs)
    callbacks: list[Callback] = [_SeedEachEpoch(seed), history]
    if has_validation:
        callbacks.append(EarlyStopping(score, mode=mode, patience=params.patience))
    folder = None
    if checkpoints is not None:
        folder = checkpoints / _fingerprint(classifier, training, validation, params, hardware, seed)
    best = _BestWeights(score, mode, has_validation)
    callbacks.append(best)
    if folder is not None:
        callbacks.append(
            ModelCheckpoint(folder, filename="{epoch}", save_top_k=0, save_last=True, enable_version_counter=False)
        )
    trainer = pl.Trainer(
        max_epochs=params.max_epochs,
        accelerator=hardware.accelerator,
        devices=1,
        precision=hardware.precision,
        gradient_clip_val=params.clip_norm,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=folder is not None,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        deterministic="warn",
        use_distributed_sampler=False,
    )
    last = folder / "last.ckpt" if folder is not None else None
    trainer.fit(
        task,
        loader,
        ordered_loader(validation, 256) if has_validation else None,
        ckpt_path=str(last) if last is not None and last.exists() else None,
        weights_only=True,
    )
    if trainer.interrupted:
        raise KeyboardInterrupt
    if best.weights is not None:
        classifier.load_state_dict(best.weights)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    return Trained(classifier.eval().cpu(), pd.DataFrame(history.rows), best.epoch)


class _BestWeights(Callback):
    """Hold the weights of the best epoch in memory and in the checkpoint."""

    def __init__(self, score: str, mode: str, has_validation: bool) -> None:
        self.score = score
        self.sign = 1.0 if mode == "max" else -1.0
        self.has_validation = has_validation
        self.best = -math.inf
        self.epoch = 0
        self.weights: dict[str, Tensor] | None = None

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "epoch": self.epoch, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.epoch, self.weights = (state_dict[key] for key in ("best", "epoch", "weights"))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        score = self.sign * float(trainer.callback_metrics[self.score])
        if score > self.best:
            self.best, self.epoch = score, trainer.current_epoch + 1
            weights = pl_module.classifier.state_dict()  # type: ignore[union-attr, operator]
            self.weights = {key: value.detach().cpu().clone() for key, value in weights.items()}


def predict_classifier(classifier: Classifier, features: Mapping[str, NDArray], hardware: Hardware) -> Output:
    """Run a classifier over features, in batches and in full precision, and return its outputs on the CPU."""
    first = next(iter(features.values()))
    rows = FeatureRows([""] * len(first), features, np.zeros(len(first), dtype=np.int64))
    classifier = classifier.to(hardware.device).eval()
    outputs: list[Output] = []
    with torch.inference_mode():
        for batch in ordered_loader(rows, 256):
            output = classifier({key: value.to(hardware.device) for key, value in batch.items()})
            outputs.append(Output(output.embedding.float().cpu(), output.logits.float().cpu()))
    classifier.cpu()
    if not outputs:
        dim, num_classes = classifier.head.in_features, classifier.head.out_features
        return Output(torch.zeros(0, dim), torch.zeros(0, num_classes))
    return Output(torch.cat([o.embedding for o in outputs]), torch.cat([o.logits for o in outputs]))


def _fingerprint(
    classifier: nn.Module,
    training: FeatureRows,
    validation: FeatureRows,
    params: TrainingParameters,
    hardware: Hardware,
    seed: int,
) -> str:
    """Name of everything that decides the outcome of a training."""
    digest = hashlib.blake2b(digest_size=12)
    digest.update(json.dumps([params.model_dump(mode="json"), hardware.precision, seed]).encode())
    for rows in (training, validation):
        for name in sorted(rows.features):
            digest.update(np.ascontiguousarray(rows.features[name]).view(np.uint8).data)
        digest.update(np.ascontiguousarray(rows.targets).data)
        digest.update("\0".join(rows.ticket_ids).encode())
    for name, tensor in sorted(classifier.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
