"""Late fusion: each modality gives its opinion, the calibrated opinions are multiplied."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from kefu.fusion.contract import Embeddings, Fusion, FusionRows
from kefu.fusion.learning import minimise
from kefu.parameters import Parameters


class LateParameters(Parameters):
    """How the weights of the opinions are fitted."""

    pull: float = Field(2.0, ge=0, description="Tickets' worth of belief that every weight is 1 (a plain product).")
    max_iterations: int = Field(200, ge=1, description="Steps of L-BFGS.")


class LateFusion(Fusion):
    """Log-linear opinion pool over calibrated classifiers.

    Each modality's logits are divided by its temperature (Guo et al. 2017, "On calibration of modern neural
    networks"). Then, with p the prior, logits = log p + sum_m w[S, m] * (log q_m - log p): with all weights 1 the
    product of experts that is exact when modalities are independent given the class. Weights are non-negative and
    fitted for each combination S of present modalities, as two opinions that agree by habit must count for less.
    """

    def __init__(self, heads: dict[str, nn.Linear], prior: Tensor) -> None:
        super().__init__(heads, prior)
        self.log_temperature = nn.Parameter(torch.zeros(len(self.modalities)))
        self.raw_weight = nn.Parameter(torch.full((2 ** len(self.modalities), len(self.modalities)), _raw(1.0)))

    @property
    def temperatures(self) -> dict[str, float]:
        """Temperature of each modality; above 1 it was over-confident."""
        return dict(zip(self.modalities, self.log_temperature.exp().tolist(), strict=True))

    @property
    def weights(self) -> dict[str, dict[str, float]]:
        """Weight of each modality in each combination of present modalities."""
        positive = nn.functional.softplus(self.raw_weight).tolist()
        return {
            "+".join(names): {name: positive[self._code(names)][self.modalities.index(name)] for name in names}
            for size in range(1, len(self.modalities) + 1)
            for names in combinations(self.modalities, size)
        }

    def combine(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return log-linear scores (B, C)."""
        opinions = self.calibrate(self.logits(embeddings)) - self.log_prior
        powers = 2 ** torch.arange(len(self.modalities), device=mask.device)
        weights = nn.functional.softplus(self.raw_weight)[(mask.long() * powers).sum(dim=1)] * mask
        return self.log_prior + torch.einsum("bm,bmc->bc", weights, opinions)

    def logits(self, embeddings: Embeddings) -> Tensor:
        """Return what the modalities' classifiers say (B, M, C)."""
        return torch.stack([self.heads[name](embeddings[name]) for name in self.modalities], dim=1)

    def calibrate(self, logits: Tensor) -> Tensor:
        """Return log-probabilities (B, M, C) at the temperatures."""
        return log_softmax(logits / self.log_temperature.exp()[:, None], dim=2)

    def _code(self, names: tuple[str, ...]) -> int:
        return sum(2 ** self.modalities.index(name) for name in names)


def fit(members: Sequence[LateFusion], held_out: Sequence[FusionRows], params: LateParameters) -> None:
    """Fit temperatures, then weights, in place: one set for all members.

    Args:
        members: a fusion for each member of the ensemble.
        held_out: for each member, tickets that its classifiers did not learn from. For each combination of
            modalities every ticket that has at least those serves, the others hidden from it.
        params: how they are fitted.
    """
    fusion = members[0]
    targets = torch.from_numpy(np.concatenate([rows.targets for rows in held_out]))
    mask = torch.cat([torch.stack([rows.present[name] for name in fusion.modalities], dim=1) for rows in held_out])
    with torch.no_grad():
        logits = torch.cat([member.logits(rows.embeddings) for member, rows in zip(members, held_out, strict=True)])
    logits = torch.where(mask[:, :, None], logits, 0.0)
    minimise(fusion.log_temperature, lambda: _temperature_loss(fusion, logits, mask, targets), params.max_iterations)
    with torch.no_grad():
        scores = fusion.calibrate(logits)
    cases = [
        (shown, mask[:, shown].all(dim=1))
        for size in range(1, len(fusion.modalities) + 1)
        for shown in map(list, combinations(range(len(fusion.modalities)), size))
    ]

    def weight_loss() -> Tensor:
        weights = nn.functional.softplus(fusion.raw_weight)
        total = params.pull * ((weights - 1) ** 2).sum()
        for shown, rows in cases:
            code = sum(2**m for m in shown)
            pooled = torch.einsum("m,bmc->bc", weights[code, shown], (scores - fusion.log_prior)[rows][:, shown])
            total = total + cross_entropy(fusion.log_prior + pooled, targets[rows], reduction="sum")
        return total / max(1, len(targets))

    minimise(fusion.raw_weight, weight_loss, params.max_iterations)
    for other in members[1:]:
        other.log_temperature.data.copy_(fusion.log_temperature.data)
        other.raw_weight.data.copy_(fusion.raw_weight.data)


def _temperature_loss(fusion: LateFusion, logits: Tensor, mask: Tensor, targets: Tensor) -> Tensor:
    opinions = fusion.calibrate(logits)
    chosen = opinions.gather(2, targets[:, None, None].expand(-1, opinions.shape[1], 1)).squeeze(2)
    # the small second term keeps a modality that no validation ticket has at temperature 1
    return -(chosen * mask).sum() / max(1, int(mask.sum())) + 1e-3 * (fusion.log_temperature**2).sum()


def _raw(weight: float) -> float:
    """Inverse of softplus."""
    return float(np.log(np.expm1(weight)))
