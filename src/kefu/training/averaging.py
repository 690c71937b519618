"""Averaged weights: a training is judged by, and ends with, an exponential moving average of its steps."""

from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn


class AverageWeights(Callback):
    """Keep an exponential moving average of a network's weights and validate with it.

    After each step ``average = d * average + (1 - d) * weights`` [Polyak, Juditsky 1992, "Acceleration of stochastic
    approximation by averaging"], with ``d = min(decay, (1 + t) / (10 + t))`` after t earlier steps, so that a short
    training soon forgets its untrained start. Statistics of batch normalisation are averaged like the weights they
    belong to; whatever is not a floating-point number is copied.

    Args:
        network: its weights are swapped for the average while validation runs.
        decay: share of the average that stays from step to step, once warmed up.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = network
        self.decay = decay
        self.steps = 0
        self.average: dict[str, Tensor] = {}

    def state_dict(self) -> dict[str, Any]:
        """Return the average and how many steps it has seen."""
        return {"steps": self.steps, "average": self.average}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the average of an interrupted training."""
        self.steps, self.average = state_dict["steps"], state_dict["average"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin with the weights as they are, unless an average was taken up; hold it where the network is."""
        weights = self.network.state_dict()
        self.average = {
            name: self.average.get(name, value).to(value.device, copy=True) for name, value in weights.items()
        }

    @torch.no_grad()
    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the average a step towards the weights."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)
        self.steps += 1

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the average in the place of the weights."""
        self._swap()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the weights back; callbacks that want the average come before this one."""
        self._swap()

    def _swap(self) -> None:
        weights = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.average = weights
