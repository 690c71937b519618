"""One training with Lightning: early stopping, best epoch kept, resumed after an interruption."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightning.pytorch as pl
import pandas as pd
from lightning.pytorch.callbacks import Callback
from torch import nn

from kefu.tickets.errors import KefuError
from kefu.training.averaging import AverageWeights
from kefu.training.callbacks import BestWeights, ClipGradients, History, Patience, SeedEachEpoch
from kefu.training.checkpoints import AtomicCheckpointIO, SaveEachEpoch, find_checkpoint
from kefu.training.hardware import Hardware
from kefu.training.isolation import isolated

logger = logging.getLogger(__name__)

Monitor = Literal["macro_f1", "loss"]


@dataclass(frozen=True)
class Fitted:
    """How a training went."""

    history: pd.DataFrame
    """epoch, train_loss, validation_loss, a validation score, seconds"""
    best_epoch: int


def fit(
    name: str,
    task: pl.LightningModule,
    network: nn.Module,
    loader: Iterable[Any],
    validation: Iterable[Any] | None,
    *,
    max_epochs: int,
    patience: int,
    monitor: str,
    clip_norm: float,
    rate_parameter: str,
    hardware: Hardware,
    seed: int,
    checkpoints: Path | None = None,
    ema_decay: float = 0.0,
    score: str = "macro_f1",
) -> Fitted:
    """Train a network in place and leave it, on the CPU, as it was at its best validation epoch.

    Args:
        name: for messages.
        task: logs ``train_loss`` and, with validation, ``validation_loss`` and ``validation_<score>``.
        network: what is learned; a part of the task.
        loader: training batches.
        validation: validation batches; without, the last epoch is taken.
        max_epochs: epochs at most.
        patience: epochs without a better score before training stops.
        monitor: what picks the best epoch: ``loss`` or ``score``.
        clip_norm: largest norm of the gradient.
        rate_parameter: what the learning rate is called, for messages.
        hardware: device, precision, threads.
        seed: of whatever the epochs draw.
        checkpoints: folder of this very training, in which it is found again after an interruption.
        ema_decay: decay a step of the average of the weights that is judged and kept; 0: none.
        score: what is told beside the loss; one of :data:`kefu.training.callbacks.SCORES`.

    Raises:
        KefuError: the loss became infinite or NaN.
        KeyboardInterrupt: Ctrl-C; the checkpoint of the last whole epoch stays.
    """
    watched, mode = ("validation_loss", "min") if monitor == "loss" else (f"validation_{monitor}", "max")
    history = History(name, max_epochs, score)
    best = BestWeights(network, watched, mode)
    if validation is None:
        logger.info("%s: no validation tickets to stop by; %d epochs, the last one is kept", name, max_epochs)
    averaging = AverageWeights(network, ema_decay) if ema_decay > 0 else None
    callbacks: list[Callback] = [SeedEachEpoch(seed), ClipGradients(clip_norm), history, best]
    if averaging is not None:
        callbacks.append(averaging)
    if validation is not None:
        callbacks.append(Patience(watched, mode=mode, patience=patience))
    last = None
    if checkpoints is not None:
        last = find_checkpoint(checkpoints)
        callbacks.append(SaveEachEpoch(checkpoints))
    with isolated(hardware):
        trainer = pl.Trainer(
            max_epochs=max_epochs,
            accelerator=hardware.accelerator,
            devices=1,
            precision=hardware.precision,
            callbacks=callbacks,
            plugins=[AtomicCheckpointIO()],
            logger=False,
            enable_checkpointing=checkpoints is not None,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            deterministic="warn",
            use_distributed_sampler=False,
        )
        try:
            trainer.fit(task, loader, validation, ckpt_path=last, weights_only=True)
        except SystemExit as end:  # Lightning's answer to Ctrl-C
            if isinstance(end.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise
    if averaging is not None and validation is None:
        network.load_state_dict(averaging.average)
    if best.weights is not None:
        network.load_state_dict(best.weights)
    elif validation is not None or not all(bool(value.isfinite().all()) for value in network.parameters()):
        raise KefuError(f"{name}: training diverged, its loss is not finite; lower {rate_parameter}")
    network.eval().cpu()
    curve = pd.DataFrame(history.rows)
    return Fitted(curve, best.epoch if validation is not None else len(curve))
