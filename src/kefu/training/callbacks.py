"""What happens around an epoch. Each callback's state is part of the checkpoint, so a resumed run goes on as it was."""

import logging
import math
import time
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from torch import Tensor, nn

logger = logging.getLogger(__name__)

SCORES = {"macro_f1": "macro-F1", "retrieval_auc": "retrieval AUC", "unit_accuracy": "unit accuracy"}
"""What a validation score is called in messages."""


def history_columns(score: str) -> tuple[str, ...]:
    """Return the columns of a history with this validation score beside the loss."""
    return ("epoch", "train_loss", "validation_loss", f"validation_{score}", "seconds")


HISTORY_COLUMNS = history_columns("macro_f1")
_SECONDS_BETWEEN_SIGNS = 10.0


class SeedEachEpoch(Callback):
    """Make an epoch's random numbers depend on (seed, epoch) alone, so that a resumed run repeats them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Seed torch."""
        torch.manual_seed(self.seed * 100_003 + trainer.current_epoch)


class ClipGradients(Callback):
    """Scale the gradients down to a norm. Lightning's own clipping refuses fused optimizers in mixed precision."""

    def __init__(self, max_norm: float) -> None:
        self.max_norm = max_norm

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        """Clip."""
        nn.utils.clip_grad_norm_(pl_module.parameters(), self.max_norm)


class Patience(EarlyStopping):
    """Early stopping that also holds when training was interrupted after its last epoch."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop at once where the epochs before the interruption had used up the patience."""
        trainer.should_stop = trainer.should_stop or self.wait_count >= self.patience


class History(Callback):
    """Keep one row an epoch, across interruptions, and tell how far training is.

    A person reads the message; whoever draws curves finds in the log record ``training``, the name, and ``epochs``, the
    rows that are new.
    """

    def __init__(self, name: str, max_epochs: int, score: str = "macro_f1") -> None:
        self.name = name
        self.max_epochs = max_epochs
        self.score = score
        self.rows: list[dict[str, float]] = []
        self.started = self.told = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        """Return the rows."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the rows of an interrupted training."""
        self.rows = list(state_dict["rows"])
        logger.info("%s: resuming after epoch %d", self.name, len(self.rows), extra=self._said(self.rows))

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self.started = self.told = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Tell every ten seconds how far an epoch is, which may last minutes."""
        done, total, now = batch_idx + 1, trainer.num_training_batches, time.monotonic()
        if now - self.told < _SECONDS_BETWEEN_SIGNS or done == total:
            return
        self.told = now
        logger.info(
            "%s: epoch %d/%d, batch %d of %.0f, about %.0f s until its end",
            self.name, trainer.current_epoch + 1, self.max_epochs, done, total,
            (now - self.started) / done * (total - done),
        )  # fmt: skip

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add a row; scores are NaN where there are no validation tickets."""
        measured = {key: float(value) for key, value in trainer.callback_metrics.items()}
        seconds = time.monotonic() - self.started
        epoch = trainer.current_epoch + 1
        row = {key: measured.get(key, math.nan) for key in history_columns(self.score)[1:-1]}
        self.rows.append({"epoch": epoch, **row, "seconds": round(seconds, 3)})
        loss, score = row["validation_loss"], row[f"validation_{self.score}"]
        judged = "" if math.isnan(score) else f"validation loss {loss:.3f}  {SCORES[self.score]} {score:.3f}  "
        logger.info(
            "%s: epoch %d/%d  loss %.3f  %s(%.1f s, at most %.0f s left)",
            self.name, epoch, self.max_epochs, row["train_loss"], judged, seconds, seconds * (self.max_epochs - epoch),
            extra=self._said(self.rows[-1:]),
        )  # fmt: skip

    def _said(self, rows: list[dict[str, float]]) -> dict[str, Any]:
        return {"training": self.name, "epochs": list(rows)}


class BestWeights(Callback):
    """Hold the weights of the best epoch in memory and in the checkpoint; of equal epochs, the first."""

    def __init__(self, classifier: nn.Module, score: str, mode: str) -> None:
        self.classifier = classifier
        self.score = score
        self.sign = 1.0 if mode == "max" else -1.0
        self.best = -math.inf
        self.epoch = 0
        self.weights: dict[str, Tensor] | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return the best score, epoch and weights."""
        return {"best": self.best, "epoch": self.epoch, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best epoch of an interrupted training."""
        self.best, self.epoch, self.weights = (state_dict[key] for key in ("best", "epoch", "weights"))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the weights if they are the best so far; an epoch whose loss is not finite never is."""
        score = self.sign * float(trainer.callback_metrics[self.score])
        if score > self.best and math.isfinite(float(trainer.callback_metrics["validation_loss"])):
            self.best, self.epoch = score, trainer.current_epoch + 1
            state = self.classifier.state_dict()
            self.weights = {key: value.detach().cpu().clone() for key, value in state.items()}
