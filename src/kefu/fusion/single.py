"""One modality alone: what every fusion has to beat."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from kefu.fusion.contract import Embeddings, Fusion, FusionRows
from kefu.fusion.learning import minimise


class SingleFusion(Fusion):
    """The opinion of one modality at its temperature; tickets without it get the prior.

    Args:
        heads: of all trained modalities.
        prior: share of each class among the training tickets (C,).
        modality: the one that is listened to.
    """

    def __init__(self, heads: dict[str, nn.Linear], prior: Tensor, modality: str) -> None:
        super().__init__(heads, prior)
        self.modality = modality
        self.log_temperature = nn.Parameter(torch.zeros(()))

    def combine(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return logits (B, C)."""
        logits = self.heads[self.modality](embeddings[self.modality]) / self.log_temperature.exp()
        there = mask[:, self.modalities.index(self.modality), None]
        return torch.where(there, logits, self.log_prior)


def fit(members: Sequence[SingleFusion], held_out: Sequence[FusionRows]) -> None:
    """Fit one temperature for all members, in place, on the tickets that have the modality."""
    name = members[0].modality
    shown = [rows.present[name] for rows in held_out]
    with torch.no_grad():
        logits = torch.cat(
            [m.heads[name](r.embeddings[name][there]) for m, r, there in zip(members, held_out, shown, strict=True)]
        )
    targets = torch.from_numpy(
        np.concatenate([rows.targets[there.numpy()] for rows, there in zip(held_out, shown, strict=True)])
    )
    log_temperature = members[0].log_temperature

    def loss() -> Tensor:
        # the small second term keeps a modality that no held-out ticket has at temperature 1
        errors = cross_entropy(logits / log_temperature.exp(), targets, reduction="sum") / max(1, len(targets))
        return errors + 1e-3 * log_temperature**2

    minimise(log_temperature, loss)
    for other in members[1:]:
        other.log_temperature.data.copy_(log_temperature.data)
