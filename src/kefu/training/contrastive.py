"""Contrastive pretraining: what belongs to one ticket is drawn together, what belongs to others is pushed apart.

No label is looked at. The loss of a pair of modalities is that of CLIP [Radford et al. 2021, "Learning transferable
visual models from natural language supervision"]; with three modalities every pair has one, as in AudioCLIP [Guzhov
et al. 2022, "AudioCLIP: extending CLIP to image, text and audio"]. Beside them, two variants of one text, picture or
clip can be drawn together, as SLIP does [Mu et al. 2022, "SLIP: self-supervision meets language-image pre-training"].
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from torch.utils.data import DataLoader, Dataset, Sampler

from kefu.parameters import Parameters
from kefu.training.checkpoints import fingerprint
from kefu.training.fit import fit
from kefu.training.hardware import Hardware
from kefu.training.joint_data import JointBatch, JointIndex, JointRows, joint_ordered_loader
from kefu.training.objective import warmup_cosine

_MAX_SCALE = 100.0
"""Cosines are multiplied by this much at most, as in CLIP."""
_VALIDATION_BATCH = 256

Pair = tuple[str, str]


class PretrainingParameters(Parameters):
    """How encoders are pretrained on pairs of modalities, without labels."""

    max_epochs: int = Field(0, ge=0, description="Epochs; 0: no pretraining, encoders start from scratch.")
    patience: int = Field(
        10, ge=1, description="Epochs without better retrieval of validation tickets before pretraining stops."
    )
    batch_size: int = Field(128, ge=2, description="Tickets in a batch; each is told apart from all others in it.")
    learning_rate: float = Field(1e-3, gt=0, description="Highest learning rate of AdamW.")
    weight_decay: float = Field(0.3, ge=0, description="Decoupled weight decay.")
    warmup_share: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the learning rate rises.")
    clip_norm: float = Field(1.0, gt=0, description="Largest norm of the gradient.")
    projection_dim: int = Field(64, ge=2, description="Width of the space in which modalities are compared.")
    temperature: float = Field(
        0.4, ge=1 / _MAX_SCALE, le=1, description="Temperature at the start; each pair of modalities learns its own."
    )
    variant_weight: float = Field(
        0.0,
        ge=0,
        description="Weight of the loss between two variants of the same modality, beside that of pairs; 0: none.",
    )


@dataclass(frozen=True)
class Pretrained:
    """Encoders after pretraining, and how they got there."""

    encoders: dict[str, nn.Module]
    """of those modalities that some loss was about"""
    history: pd.DataFrame
    """epoch, train_loss, validation_loss, validation_retrieval_auc, seconds"""
    best_epoch: int


class ContrastiveNetwork(nn.Module):
    """Encoders, each with a projection into a common space, and a scale a pair of modalities.

    Args:
        encoders: of each modality.
        pairs: the modalities to compare.
        projection_dim: P.
        temperature: at the start.
    """

    def __init__(
        self, encoders: Mapping[str, nn.Module], pairs: tuple[Pair, ...], projection_dim: int, temperature: float
    ) -> None:
        super().__init__()
        self.pairs = pairs
        self.encoders = nn.ModuleDict({name: encoders[name] for name in sorted(encoders)})
        self.projections = nn.ModuleDict(
            {name: _projection(int(self.encoders[name].embedding_dim), projection_dim) for name in self.encoders}  # type: ignore[arg-type]
        )
        self.log_scales = nn.Parameter(torch.full((len(pairs),), -math.log(temperature)))
        self.log_variant_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    def forward(self, batch: JointBatch) -> dict[str, Tensor]:
        """Return for each modality unit vectors (n, P) of the n tickets that have it; none where fewer than two do."""
        return {
            name: normalize(self.projections[name](encoder(batch.features[name])).float(), dim=1)
            for name, encoder in self.encoders.items()
            if len(batch.rows[name]) > 1
        }

    def similarities(self, batch: JointBatch, projected: Mapping[str, Tensor]) -> Iterator[Tensor]:
        """Yield for each pair of modalities that two tickets or more have both of, their scaled cosines (n, n)."""
        for (first, second), log_scale in zip(self.pairs, self.log_scales, strict=True):
            if first not in projected or second not in projected:
                continue
            rows, others = batch.rows[first], batch.rows[second]
            mine, theirs = torch.isin(rows, others), torch.isin(others, rows)
            if int(mine.sum()) > 1:
                yield scale_of(log_scale) * projected[first][mine] @ projected[second][theirs].T

    def variant_similarities(self, first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> Iterator[Tensor]:
        """Yield for each modality the scaled cosines (n, n) of two views of the same tickets."""
        for name, vectors in first.items():
            yield scale_of(self.log_variant_scale) * vectors @ second[name].T


def _projection(embedding_dim: int, projection_dim: int) -> nn.Module:
    """Return a head with a hidden layer, which leaves more in the embedding than a linear one (Chen et al. 2020)."""
    return nn.Sequential(
        nn.Linear(embedding_dim, embedding_dim), nn.ReLU(), nn.Linear(embedding_dim, projection_dim, bias=False)
    )


def scale_of(log_scale: Tensor) -> Tensor:
    """Return the factor of cosines, 1 / temperature, held between 1 and 100."""
    return log_scale.clamp(0.0, math.log(_MAX_SCALE)).exp()


def info_nce(similarities: Tensor) -> Tensor:
    """Return the symmetric InfoNCE loss (van den Oord et al. 2018) of similarities (n, n), a scalar.

    Row i and column i belong to one ticket: the mean of finding the column by the row and the row by the column.
    """
    targets = torch.arange(len(similarities), device=similarities.device)
    return (cross_entropy(similarities, targets) + cross_entropy(similarities.T, targets)) / 2


def retrieval_auc(similarities: Tensor) -> Tensor:
    """Return the share of others that are less similar than the ticket's own, both ways, of similarities (n, n).

    The area under the ROC curve of each search, averaged: 1 where the own one always comes first, 0.5 by chance; equals
    count half. Unlike the loss it does not suffer where similarities are right in order and too sure of themselves.
    """
    own, size = similarities.diagonal(), len(similarities)
    less = sum(
        (similarities < mine).sum() + ((similarities == mine).sum() - size) / 2 for mine in (own[:, None], own[None])
    )
    return torch.as_tensor(less / (2 * size * (size - 1)))


def find_pairs(rows: JointRows) -> tuple[Pair, ...]:
    """Return the pairs of modalities that two tickets or more have both of."""
    has = {name: np.array([bool(found) for found in rows.variants[name]], dtype=bool) for name in rows.modalities}
    return tuple(
        (first, second) for first, second in combinations(rows.modalities, 2) if (has[first] & has[second]).sum() > 1
    )


def find_modalities(rows: JointRows, params: PretrainingParameters) -> tuple[str, ...]:
    """Return the modalities that can be pretrained: those of a pair, or, with a loss of variants, of two tickets."""
    paired = {name for pair in find_pairs(rows) for name in pair}
    return tuple(
        name
        for name in rows.modalities
        if name in paired or (params.variant_weight > 0 and sum(map(bool, rows.variants[name])) > 1)
    )


class _Views(Dataset[tuple[JointBatch, ...]]):
    """The same tickets once or twice, in variants drawn for each."""

    def __init__(self, rows: JointRows) -> None:
        self.rows = rows

    def __getitem__(self, views: tuple[JointIndex, ...]) -> tuple[JointBatch, ...]:
        return tuple(self.rows[view] for view in views)


class _ViewSampler(Sampler[tuple[JointIndex, ...]]):
    """Draws every ticket once an epoch; what it draws depends on (seed, epoch) alone, so an epoch can be repeated."""

    def __init__(self, rows: JointRows, batch_size: int, num_views: int, seed: int) -> None:
        self.rows = rows
        self.batch_size = batch_size
        self.num_views = num_views
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return max(1, len(self.rows) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[JointIndex, ...]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        for tickets in np.array_split(rng.permutation(len(self.rows)), len(self)):
            yield tuple(self.rows.index(tickets, rng, 0.0) for _ in range(self.num_views))


class _Task(pl.LightningModule):
    def __init__(self, network: ContrastiveNetwork, params: PretrainingParameters, num_steps: int) -> None:
        super().__init__()
        self.network = network
        self.params = params
        self.num_steps = num_steps
        self.validation: list[tuple[int, Tensor, Tensor]] = []

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch.to(device) if isinstance(batch, JointBatch) else tuple(view.to(device) for view in batch)

    def training_step(self, views: tuple[JointBatch, ...], _: int) -> Tensor | None:
        projected = [self.network(view) for view in views]
        of_pairs = [info_nce(found) for found in self.network.similarities(views[0], projected[0])]
        losses = [torch.stack(of_pairs).mean()] if of_pairs else []
        if len(views) > 1 and projected[0]:
            of_variants = [info_nce(found) for found in self.network.variant_similarities(*projected)]
            losses.append(self.params.variant_weight * torch.stack(of_variants).mean())
        if not losses:
            return None
        loss = torch.stack(losses).sum()
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(views[0].targets))
        return loss

    def validation_step(self, batch: JointBatch, _: int) -> None:
        for found in self.network.similarities(batch, self.network(batch)):
            self.validation.append((len(found), info_nce(found), retrieval_auc(found)))

    def on_validation_epoch_end(self) -> None:
        sizes, losses, areas = (torch.tensor(values) for values in zip(*self.validation, strict=True))
        self.validation.clear()
        self.log("validation_loss", (sizes * losses).sum() / sizes.sum())
        self.log("validation_retrieval_auc", (sizes * areas).sum() / sizes.sum())

    def configure_optimizers(self) -> Any:
        learned = [p for p in self.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in learned if p.ndim > 1], "weight_decay": self.params.weight_decay},
            {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.params.learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_cosine(self.num_steps, self.params.warmup_share))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def pretrain_encoders(
    name: str,
    encoders: Mapping[str, nn.Module],
    training: JointRows,
    validation: JointRows,
    params: PretrainingParameters,
    *,
    hardware: Hardware,
    seed: int,
    checkpoints: Path | None = None,
) -> Pretrained:
    """Pretrain encoders together and return them as they were when validation tickets were retrieved best.

    A ticket without one modality of a pair takes no part in that pair's loss. Labels are not looked at.

    Args:
        name: for messages.
        encoders: untrained, one for each of :func:`find_modalities`; trained in place.
        training: originals and augmented copies of the training tickets.
        validation: tickets that pick the best epoch. Where none has two modalities, the last epoch is taken.
        params: epochs, batch size, temperature …; ``max_epochs`` 1 or more.
        hardware: device, precision, threads.
        seed: of the projections, shuffling, dropout and masking.
        checkpoints: folder in which an interrupted pretraining is found again; whoever has put the result in safety
            clears it.

    Raises:
        KefuError: the loss became infinite or NaN.
        KeyboardInterrupt: Ctrl-C; the checkpoint of the last whole epoch stays.
        ValueError: no two tickets can be told apart by any of the encoders.
    """
    if not encoders or set(encoders) != set(find_modalities(training, params)):
        raise ValueError(f"{name}: encoders {sorted(encoders)} for {list(find_modalities(training, params))}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = ContrastiveNetwork(encoders, find_pairs(training), params.projection_dim, params.temperature)
    num_views = 2 if params.variant_weight > 0 else 1
    sampler = _ViewSampler(training, params.batch_size * hardware.batch_factor, num_views, seed)
    loader: DataLoader[Any] = DataLoader(
        _Views(training), sampler=sampler, batch_size=None, generator=torch.Generator()
    )
    task = _Task(network, params, num_steps=params.max_epochs * len(sampler))
    if checkpoints is not None:
        everything = [*training.features.values(), *validation.features.values()]
        checkpoints = checkpoints / fingerprint(network, everything, params, name, hardware.precision, seed)
    judged = bool(set(find_pairs(validation)) & set(network.pairs))
    fitted = fit(
        name,
        task,
        network,
        loader,
        joint_ordered_loader(validation, _VALIDATION_BATCH) if judged else None,
        max_epochs=params.max_epochs,
        patience=params.patience,
        monitor="retrieval_auc",
        score="retrieval_auc",
        clip_norm=params.clip_norm,
        rate_parameter="pretraining.learning_rate",
        hardware=hardware,
        seed=seed,
        checkpoints=checkpoints,
    )
    return Pretrained(dict(network.encoders.items()), fitted.history, fitted.best_epoch)
