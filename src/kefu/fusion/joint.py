"""What the strategies have in common whose networks are trained end to end, from features to label."""

from collections.abc import Sequence
from itertools import combinations

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from kefu.fusion.contract import Embeddings, Fusion, FusionRows
from kefu.fusion.learning import minimise
from kefu.parameters import Parameters
from kefu.training.objective import ClassWeights

_PULL = 2.0
"""Tickets' worth of belief that a combination of modalities needs no temperature."""


class JointParameters(Parameters):
    """How encoders and fusion are trained together."""

    warm_start: bool = Field(
        True, description="Encoders start from those that were trained for each modality, else from scratch."
    )
    max_epochs: int = Field(10, ge=1, description="Epochs; the learning rate is scheduled over all of them.")
    patience: int = Field(5, ge=1, description="Epochs without a better validation score before training stops.")
    batch_size: int = Field(64, ge=2, description="Tickets in a batch.")
    learning_rate: float = Field(2e-3, gt=0, description="Highest learning rate of the fusion, with AdamW.")
    encoder_factor: float = Field(0.25, gt=0, description="Learning rate of the encoders, as a share of the fusion's.")
    weight_decay: float = Field(0.05, ge=0, description="Decoupled weight decay.")
    warmup_share: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the learning rate rises.")
    label_smoothing: float = Field(0.05, ge=0, lt=1, description="Probability spread over all classes.")
    class_weights: ClassWeights = Field("sqrt", description="How much rare classes are lifted.")
    clip_norm: float = Field(1.0, gt=0, description="Largest norm of the gradient.")
    modality_dropout: float = Field(
        0.3, ge=0, lt=1, description="Chance that a present modality is hidden from a row (never its last one)."
    )
    auxiliary_weight: float = Field(
        0.5, ge=0, description="Weight of the loss of each modality's own classifier beside that of the fusion."
    )
    balance: float = Field(
        0.3,
        ge=0,
        description="How much the fusion's gradient is held back from encoders that are ahead of the others; 0: not.",
    )


class JointFusion(Fusion):
    """A network over embeddings whose encoders are trained with it.

    Its scores are divided by a temperature for each combination of present modalities, which is 1 until
    :func:`calibrate`.
    """

    def __init__(self, heads: dict[str, nn.Linear], prior: Tensor) -> None:
        super().__init__(heads, prior)
        self.log_temperature = nn.Parameter(torch.zeros(2 ** len(self.modalities)), requires_grad=False)

    def combine(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return logits (B, C)."""
        powers = 2 ** torch.arange(len(self.modalities), device=mask.device)
        temperature = self.log_temperature[(mask.long() * powers).sum(dim=1)].exp()
        return self.score(embeddings, mask) / temperature[:, None]

    def score(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return scores (B, C) before the temperature; arguments as for :meth:`combine`."""
        raise NotImplementedError


def calibrate(members: Sequence[JointFusion], held_out: Sequence[FusionRows]) -> None:
    """Fit the temperatures in place, the same for all members, on tickets that they have not learned from.

    For each combination of modalities every ticket that has at least those serves, the others hidden from it.
    """
    fusion = members[0]
    cases: list[tuple[int, Tensor, Tensor]] = []
    for size in range(1, len(fusion.modalities) + 1):
        for shown in combinations(range(len(fusion.modalities)), size):
            names = [fusion.modalities[m] for m in shown]
            scores, targets = [], []
            for member, rows in zip(members, held_out, strict=True):
                chosen = torch.stack([rows.present[name] for name in names]).all(dim=0)
                mask = torch.zeros(int(chosen.sum()), len(fusion.modalities), dtype=torch.bool)
                mask[:, shown] = True
                embeddings = {
                    name: torch.where(mask[:, [m]], rows.embeddings[name][chosen], 0.0)
                    for m, name in enumerate(fusion.modalities)
                }
                with torch.no_grad():
                    scores.append(member.eval().score(embeddings, mask))
                targets.append(torch.from_numpy(rows.targets)[chosen])
            cases.append((sum(2**m for m in shown), torch.cat(scores), torch.cat(targets)))
    log_temperature = fusion.log_temperature
    log_temperature.requires_grad_(True)

    def loss() -> Tensor:
        total = _PULL * (log_temperature**2).sum()
        for code, scores, targets in cases:
            total = total + cross_entropy(scores / log_temperature[code].exp(), targets, reduction="sum")
        return total / max(1, sum(len(targets) for _, _, targets in cases))

    minimise(log_temperature, loss)
    log_temperature.requires_grad_(False)
    for other in members[1:]:
        other.log_temperature.data.copy_(log_temperature.data)
