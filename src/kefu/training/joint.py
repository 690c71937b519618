"""Encoders of all modalities and the fusion over them, trained end to end."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from kefu.fusion.joint import JointFusion, JointParameters
from kefu.training.checkpoints import fingerprint
from kefu.training.classifier import Classifier
from kefu.training.fit import fit
from kefu.training.hardware import Hardware
from kefu.training.joint_data import JointBatch, JointRows, joint_ordered_loader, joint_training_loader
from kefu.training.objective import class_weights, warmup_cosine


@dataclass(frozen=True)
class TrainedJoint:
    """Classifiers and fusion after training, and how they got there."""

    classifiers: dict[str, Classifier]
    fusion: JointFusion
    history: pd.DataFrame
    """epoch, train_loss, validation_loss, validation_macro_f1, seconds"""
    best_epoch: int


class JointNetwork(nn.Module):
    """A classifier a modality, and a fusion over their embeddings."""

    def __init__(self, classifiers: Mapping[str, Classifier], fusion: JointFusion) -> None:
        super().__init__()
        self.classifiers = nn.ModuleDict(classifiers)
        self.fusion = fusion

    def embed(self, batch: JointBatch) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return for each modality embeddings (B, D), zeros where it is absent, and logits (n, C) where it is not."""
        embeddings, logits = {}, {}
        for name in self.classifiers:
            classifier = cast(Classifier, self.classifiers[name])
            rows, width = batch.rows[name], classifier.head.in_features
            if len(rows) == 0:
                embeddings[name] = torch.zeros(len(batch.targets), width, device=batch.targets.device)
                continue
            output = classifier(batch.features[name])
            everywhere = output.embedding.new_zeros(len(batch.targets), width)
            embeddings[name] = everywhere.index_copy(0, rows, output.embedding)
            logits[name] = output.logits
        return embeddings, logits


class _Task(pl.LightningModule):
    weights: Tensor

    def __init__(self, network: JointNetwork, params: JointParameters, weights: Tensor, num_steps: int) -> None:
        super().__init__()
        self.network = network
        self.params = params
        self.num_steps = num_steps
        self.register_buffer("weights", weights, persistent=False)
        self.validation: list[dict[str, Tensor]] = []

    def transfer_batch_to_device(self, batch: JointBatch, device: torch.device, dataloader_idx: int) -> JointBatch:
        return batch.to(device)

    def _loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(logits.float(), targets, weight=self.weights, label_smoothing=self.params.label_smoothing)

    def training_step(self, batch: JointBatch, _: int) -> Tensor:
        embeddings, logits = self.network.embed(batch)
        own_targets = {name: batch.targets[batch.rows[name]] for name in logits}
        shares = gradient_shares(logits, own_targets, self.params.balance)
        balanced = {
            name: value if name not in shares else value * shares[name] + value.detach() * (1 - shares[name])
            for name, value in embeddings.items()
        }
        loss = self._loss(self.network.fusion(balanced, batch.shown), batch.targets)
        if logits:
            own = torch.stack([self._loss(value, own_targets[name]) for name, value in logits.items()])
            loss = loss + self.params.auxiliary_weight * own.mean()
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch.targets))
        return loss

    def validation_step(self, batch: JointBatch, _: int) -> None:
        embeddings, _own = self.network.embed(batch)
        found = {"targets": batch.targets, "all": self.network.fusion(embeddings, batch.shown).float()}
        for hidden, there in batch.shown.items():
            others = {n: mask if n != hidden else torch.zeros_like(mask) for n, mask in batch.shown.items()}
            some = torch.stack(list(others.values())).any(dim=0) & there
            logits = self.network.fusion(embeddings, others).float()
            found[hidden] = torch.where(some[:, None], logits, torch.nan)
        self.validation.append(found)

    def on_validation_epoch_end(self) -> None:
        every = {key: torch.cat([found[key] for found in self.validation]) for key in self.validation[0]}
        self.validation.clear()
        targets = every.pop("targets")
        losses, scores = [], []
        for logits in every.values():
            some = ~logits.isnan().any(dim=1)
            if bool(some.any()):
                losses.append(cross_entropy(logits[some], targets[some]))
                predicted = logits[some].argmax(dim=1).cpu()
                scores.append(f1_score(targets[some].cpu(), predicted, average="macro", zero_division=0))
        self.log("validation_loss", torch.stack(losses).mean() if losses else torch.tensor(torch.nan))
        self.log("validation_macro_f1", float(np.mean(scores)) if scores else 0.0)

    def configure_optimizers(self) -> Any:
        rate = self.params.learning_rate
        groups = []
        for part, own_rate in (
            (self.network.fusion, rate),
            (self.network.classifiers, rate * self.params.encoder_factor),
        ):
            learned = [p for p in part.parameters() if p.requires_grad]
            decayed, plain = [p for p in learned if p.ndim > 1], [p for p in learned if p.ndim <= 1]
            groups += [
                {"params": decayed, "lr": own_rate, "weight_decay": self.params.weight_decay},
                {"params": plain, "lr": own_rate, "weight_decay": 0.0},
            ]
        optimizer = torch.optim.AdamW([group for group in groups if group["params"]], fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_cosine(self.num_steps, self.params.warmup_share))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def gradient_shares(logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], balance: float) -> dict[str, Tensor]:
    """Return how much of the fusion's gradient each encoder gets, so that a strong one does not silence the others.

    On-the-fly gradient modulation (Peng et al. 2022, "Balanced multimodal learning"): with s the mean probability that
    a modality's own classifier gives the true class, and r = s / (mean s of the others), the share is
    1 - tanh(balance * (r - 1)) where r > 1, else 1.

    Args:
        logits: for each modality (n, C).
        targets: for each modality (n,).
        balance: 0 leaves all gradients whole.
    """
    if balance == 0 or len(logits) < 2:
        return {}
    with torch.no_grad():
        sure = {
            name: value.float().softmax(dim=1).gather(1, targets[name][:, None]).mean()
            for name, value in logits.items()
        }
    shares = {}
    for name, own in sure.items():
        others = torch.stack([value for other, value in sure.items() if other != name]).mean()
        shares[name] = 1 - torch.tanh(balance * (own / others.clamp(min=1e-6) - 1).clamp(min=0))
    return shares


def train_joint(
    name: str,
    classifiers: Mapping[str, Classifier],
    fusion: JointFusion,
    training: JointRows,
    validation: JointRows,
    params: JointParameters,
    *,
    hardware: Hardware,
    seed: int,
    checkpoints: Path | None = None,
) -> TrainedJoint:
    """Train encoders and fusion together and return them at their best validation epoch.

    Each batch's loss is that of the fusion, some modalities of each row hidden from it, and the mean loss of the
    modalities' own classifiers. Validation scores are means over what the tickets hold and each modality hidden.

    Args:
        name: for messages.
        classifiers: of each modality, trained before or not; copied.
        fusion: over their embeddings, not yet trained; copied.
        training: originals and augmented copies of the training tickets.
        validation: tickets that pick the best epoch. Without any, the last epoch is taken.
        params: epochs, batch size, learning rate …
        hardware: device, precision, threads.
        seed: of shuffling, hiding, dropout and masking.
        checkpoints: folder in which an interrupted training is found again; whoever has put the result in safety
            clears it.

    Raises:
        KefuError: the loss became infinite or NaN.
        KeyboardInterrupt: Ctrl-C; the checkpoint of the last whole epoch stays.
        ValueError: there is no training ticket.
    """
    if len(training) == 0:
        raise ValueError(f"{name}: no training tickets")
    network = JointNetwork(deepcopy(dict(classifiers)), deepcopy(fusion))
    batch_size = params.batch_size * hardware.batch_factor
    loader = joint_training_loader(training, batch_size, params.modality_dropout, seed)
    weights = class_weights(training.targets, fusion.num_classes, params.class_weights)
    task = _Task(network, params, weights, num_steps=params.max_epochs * len(loader))
    if checkpoints is not None:
        everything = list(chain(training.features.values(), validation.features.values()))
        checkpoints = checkpoints / fingerprint(network, everything, params, name, hardware.precision, seed)
    fitted = fit(
        name,
        task,
        network,
        loader,
        joint_ordered_loader(validation, 256) if len(validation) else None,
        max_epochs=params.max_epochs,
        patience=params.patience,
        monitor="macro_f1",
        clip_norm=params.clip_norm,
        rate_parameter=f"fusion.{name.split(maxsplit=1)[0]}.training.learning_rate",
        hardware=hardware,
        seed=seed,
        checkpoints=checkpoints,
    )
    trained: dict[str, Classifier] = dict(network.classifiers.items())  # type: ignore[arg-type]
    for modality, classifier in trained.items():
        network.fusion.heads[modality].load_state_dict(classifier.head.state_dict())
    return TrainedJoint(trained, network.fusion, fitted.history, fitted.best_epoch)
