"""Training of a fusion head over embeddings that stay as they are."""

import math
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from kefu.fusion.contract import Fusion, FusionRows
from kefu.parameters import Parameters
from kefu.training.hardware import limit_threads

_FEWEST_BATCHES = 4


class HeadParameters(Parameters):
    """How a fusion head is trained."""

    max_epochs: int = Field(30, ge=1, description="Most passes over the rows.")
    batch_size: int = Field(512, ge=2, description="Tickets in a batch, about; there are four batches at least.")
    learning_rate: float = Field(2e-3, gt=0, description="Learning rate of AdamW.")
    weight_decay: float = Field(0.05, ge=0, description="Decoupled weight decay.")
    modality_dropout: float = Field(
        0.3, ge=0, lt=1, description="Chance that a present modality is hidden from a row (never its last one)."
    )


def train_head(
    build: Callable[[], Fusion], rows: FusionRows, params: HeadParameters, seed: int, num_folds: int = 3
) -> Fusion:
    """Train on all rows, for as many epochs as were best when each fold of the customers was held out in turn.

    For few rows: none is set aside for good, and yet the number of epochs is never judged on rows trained on. Every
    modality of every row is hidden at random, so that the head learns to do without any (Neverova et al. 2016,
    "ModDrop"), and held-out rows are scored with every combination of their modalities. Without any row the head
    stays as it was built.
    """
    if len(rows) == 0:
        return build().eval()
    with limit_threads(1):  # so little is computed in a step that several would only wait for each other
        return _train_head(build, rows, params, seed, num_folds)


def _train_head(
    build: Callable[[], Fusion], rows: FusionRows, params: HeadParameters, seed: int, num_folds: int
) -> Fusion:
    folds = np.random.default_rng(seed).permutation(int(rows.groups.max(initial=0)) + 1) % num_folds
    held_out = [folds[rows.groups] == fold for fold in range(num_folds)]
    curves = []
    for mask in held_out:
        if mask.any() and not mask.all():
            fusion, rest, fold = build(), rows.take(np.flatnonzero(~mask)), rows.take(np.flatnonzero(mask))
            curves.append([held_out_loss(fusion, fold) for _ in _epochs(fusion, rest, params, seed)])
    num_epochs = 1 + int(np.mean(curves, axis=0).argmin()) if curves else 1
    fusion = build()
    for _ in islice(_epochs(fusion, rows, params, seed), num_epochs):
        pass
    return fusion.eval()


def _epochs(fusion: Fusion, rows: FusionRows, params: HeadParameters, seed: int) -> Iterator[None]:
    """Train one epoch after another; the caller looks at the fusion in between."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    parameters = [p for p in fusion.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=params.learning_rate, weight_decay=params.weight_decay, fused=True)
    for _ in range(params.max_epochs):
        fusion.train()
        for batch in _batches(rows, params.batch_size, rng):
            present = hide_modalities(batch.present, params.modality_dropout, rng)
            loss = cross_entropy(fusion(batch.embeddings, present), torch.from_numpy(batch.targets))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
        fusion.eval()
        yield


def hide_modalities(present: dict[str, Tensor], share: float, rng: np.random.Generator) -> dict[str, Tensor]:
    """Hide present modalities at random, leaving every row at least one of those it had."""
    names = sorted(present)
    mask = torch.stack([present[name] for name in names], dim=1).numpy()
    chance = np.where(mask, rng.random(mask.shape), -1.0)
    shown = mask & (chance >= share)
    last = np.zeros_like(mask)
    last[np.arange(len(mask)), chance.argmax(axis=1)] = True
    shown |= last & mask & ~shown.any(axis=1, keepdims=True)
    return {name: torch.from_numpy(shown[:, column]) for column, name in enumerate(names)}


@torch.inference_mode()
def held_out_loss(fusion: Fusion, rows: FusionRows) -> float:
    """Mean cross-entropy over all rows with all they have, and with each of their modalities hidden."""
    if len(rows) == 0:
        return math.nan
    fusion.eval()
    targets = torch.from_numpy(rows.targets)
    losses = [cross_entropy(fusion(rows.embeddings, rows.present), targets)]
    for hidden in fusion.modalities:
        left = torch.stack([rows.present[name] for name in fusion.modalities if name != hidden] or [targets < 0])
        useful = left.any(dim=0)
        if bool(useful.any()):
            present = {n: p & (n != hidden) for n, p in rows.present.items()}
            losses.append(cross_entropy(fusion(rows.embeddings, present)[useful], targets[useful]))
    return float(torch.stack(losses).mean())


def _batches(rows: FusionRows, batch_size: int, rng: np.random.Generator) -> Iterator[FusionRows]:
    order = rng.permutation(len(rows))
    for index in np.array_split(order, min(len(rows), max(_FEWEST_BATCHES, len(rows) // batch_size))):
        yield rows.take(index)


def minimise(parameter: nn.Parameter, loss: Callable[[], Tensor], max_iterations: int = 200) -> None:
    """Minimise a loss of few parameters with L-BFGS."""
    optimizer = torch.optim.LBFGS([parameter], max_iter=max_iterations, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]
