"""Training of one modality."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import Field
from sklearn.metrics import f1_score
from torch import Tensor
from torch import compile as compile_network
from torch.nn.functional import cross_entropy

from kefu.modalities.pretrained import loaded_parameters
from kefu.parameters import Parameters
from kefu.tickets.errors import KefuError
from kefu.training.callbacks import HISTORY_COLUMNS
from kefu.training.checkpoints import fingerprint
from kefu.training.classifier import Classifier, Output
from kefu.training.data import TARGET, FeatureRows, ordered_loader, training_loader
from kefu.training.fit import Monitor, fit
from kefu.training.hardware import Hardware, limit_threads
from kefu.training.mixing import Mixture, cut_and_paste, draw_mixture, find_pictures
from kefu.training.objective import ClassWeights, class_weights, warmup_cosine

__all__ = ["HISTORY_COLUMNS", "Trained", "TrainingParameters", "predict_classifier", "train_classifier"]


class TrainingParameters(Parameters):
    """How one modality is trained."""

    max_epochs: int = Field(30, ge=1, description="Epochs; the learning rate is scheduled over all of them.")
    patience: int = Field(10, ge=1, description="Epochs without a better validation score before training stops.")
    monitor: Monitor = Field("macro_f1", description="Validation score that picks the best epoch.")
    batch_size: int = Field(64, ge=2, description="Tickets in a batch.")
    learning_rate: float = Field(1e-3, gt=0, description="Highest learning rate of AdamW.")
    pretrained_factor: float = Field(
        1.0, gt=0, le=1, description="Learning rate of weights that came from a folder, as a share of learning_rate."
    )
    weight_decay: float = Field(0.05, ge=0, description="Decoupled weight decay (Loshchilov & Hutter 2019).")
    warmup_share: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the learning rate rises.")
    label_smoothing: float = Field(0.05, ge=0, lt=1, description="Probability spread over all classes.")
    class_weights: ClassWeights = Field("sqrt", description="How much rare classes are lifted.")
    clip_norm: float = Field(1.0, gt=0, description="Largest norm of the gradient.")
    ema_decay: float = Field(
        0.0, ge=0, lt=1, description="Decay a step of the average of the weights that is judged and kept; 0: none."
    )
    mixup_alpha: float = Field(
        0.0, ge=0, description="Embeddings are mixed in pairs, shares drawn from Beta(alpha, alpha); 0: not."
    )
    cutmix_alpha: float = Field(
        0.0, ge=0, description="Pictures get a rectangle of another one, of area Beta(alpha, alpha); 0: not."
    )

    def scaled(self, factor: int) -> "TrainingParameters":
        """Return the parameters for batches ``factor`` times larger.

        The learning rate grows with the square root, which is the rule for Adam (Malladi et al. 2022, "On the SDEs
        and Scaling Rules for Adaptive Gradient Algorithms").
        """
        return self.model_copy(
            update={"batch_size": self.batch_size * factor, "learning_rate": self.learning_rate * math.sqrt(factor)}
        )


@dataclass(frozen=True)
class Trained:
    """A trained classifier and how it got there."""

    classifier: Classifier
    history: pd.DataFrame
    """epoch, train_loss, validation_loss, validation_macro_f1, seconds"""
    best_epoch: int


class _Task(pl.LightningModule):
    weights: Tensor

    def __init__(
        self, classifier: Classifier, params: TrainingParameters, weights: Tensor, num_steps: int, *, compiled: bool
    ) -> None:
        super().__init__()
        self.classifier = classifier
        # of the method, as a compiled module would be one more child and stand twice in every checkpoint
        self.classify = compile_network(classifier.forward) if compiled else classifier.__call__
        self.params = params
        self.num_steps = num_steps
        self.register_buffer("weights", weights, persistent=False)
        self.validation: list[tuple[Tensor, Tensor]] = []

    def _loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(logits.float(), targets, weight=self.weights, label_smoothing=self.params.label_smoothing)

    def _forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Mixture | None]:
        """Return logits of a training batch, and how its tickets are mixed in them."""
        mixup, cutmix = self.params.mixup_alpha, self.params.cutmix_alpha
        if cutmix > 0 and (mixup == 0 or torch.rand(()) < 0.5):
            pictures = cast(str, find_pictures(batch))
            pasted, mixture = cut_and_paste(batch[pictures], cutmix)
            return self.classify(batch | {pictures: pasted}).logits, mixture
        output: Output = self.classify(batch)
        if mixup == 0:
            return output.logits, None
        mixture = draw_mixture(len(output.embedding), mixup, output.embedding.device)
        return self.classifier.head(mixture.of_embeddings(output.embedding)), mixture

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        logits, mixture = self._forward(batch)
        loss_of = partial(self._loss, logits)
        loss = loss_of(batch[TARGET]) if mixture is None else mixture.of_losses(loss_of, batch[TARGET])
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[TARGET]))
        return loss

    def validation_step(self, batch: dict[str, Tensor], _: int) -> None:
        self.validation.append((self.classify(batch).logits.float(), batch[TARGET]))

    def on_validation_epoch_end(self) -> None:
        logits, targets = (torch.cat(parts) for parts in zip(*self.validation, strict=True))
        self.validation.clear()
        self.log("validation_loss", cross_entropy(logits, targets))
        self.log(
            "validation_macro_f1",
            float(f1_score(targets.cpu(), logits.argmax(1).cpu(), average="macro", zero_division=0)),
        )

    def configure_optimizers(self) -> Any:
        rate = self.params.learning_rate
        loaded = set(loaded_parameters(self.classifier))
        groups = [
            {
                "params": [p for p in self.parameters() if (p.ndim > 1) == decays and (p in loaded) == is_loaded],
                "lr": rate * self.params.pretrained_factor if is_loaded else rate,
                "weight_decay": self.params.weight_decay if decays else 0.0,
            }
            for decays in (True, False)
            for is_loaded in (False, True)
        ]
        optimizer = torch.optim.AdamW([group for group in groups if group["params"]], fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_cosine(self.num_steps, self.params.warmup_share))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


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
            parameters and starting weights are the same. Whoever has put the result in safety clears it.

    Raises:
        KefuError: the loss became infinite or NaN; cutmix without pictures.
        KeyboardInterrupt: Ctrl-C; the checkpoint of the last whole epoch stays.
        ValueError: there is no training ticket.
    """
    if len(training) == 0:
        raise ValueError(f"{name}: no training tickets")
    if params.cutmix_alpha > 0 and find_pictures(training.features) is None:
        raise KefuError(f"{name}.training.cutmix_alpha: {name} has no pictures to cut from; set it to 0")
    params = params.scaled(hardware.batch_factor)
    loader = training_loader(training, params.batch_size, seed)
    weights = class_weights(training.targets, num_classes, params.class_weights)
    task = _Task(classifier, params, weights, num_steps=params.max_epochs * len(loader), compiled=hardware.compiled)
    if checkpoints is not None:
        arithmetic = (hardware.precision, hardware.compiled)
        checkpoints = checkpoints / fingerprint(
            classifier, [training, validation], params, num_classes, *arithmetic, seed
        )
    fitted = fit(
        name,
        task,
        classifier,
        loader,
        ordered_loader(validation, 256) if len(validation) else None,
        max_epochs=params.max_epochs,
        patience=params.patience,
        monitor=params.monitor,
        clip_norm=params.clip_norm,
        rate_parameter=f"{name.split(maxsplit=1)[0]}.training.learning_rate",
        hardware=hardware,
        seed=seed,
        checkpoints=checkpoints,
        ema_decay=params.ema_decay,
    )
    return Trained(classifier, fitted.history, fitted.best_epoch)


def predict_classifier(classifier: Classifier, features: Mapping[str, NDArray[Any]], hardware: Hardware) -> Output:
    """Run a classifier over features, in batches and in full precision, and return its outputs on the CPU."""
    first = next(iter(features.values()))
    rows = FeatureRows([""] * len(first), features, np.zeros(len(first), dtype=np.int64))
    classifier = classifier.to(hardware.device).eval()
    outputs: list[Output] = []
    with torch.inference_mode(), limit_threads(hardware.threads):
        for batch in ordered_loader(rows, 256):
            output = classifier({key: value.to(hardware.device) for key, value in batch.items()})
            outputs.append(Output(output.embedding.float().cpu(), output.logits.float().cpu()))
    classifier.cpu()
    if not outputs:
        dim, num_classes = classifier.head.in_features, classifier.head.out_features
        return Output(torch.zeros(0, dim), torch.zeros(0, num_classes))
    return Output(torch.cat([o.embedding for o in outputs]), torch.cat([o.logits for o in outputs]))
