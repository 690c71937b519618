"""Mixing each ticket of a batch with another one, so that a network learns what lies between the classes."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Mixture(NamedTuple):
    """How the B tickets of a batch are mixed: ``share`` of each ticket, the rest of its partner."""

    partners: Tensor
    """(B,) int64, a permutation"""
    share: float

    def of_embeddings(self, embeddings: Tensor) -> Tensor:
        """Mix embeddings (B, D), as manifold mixup does at the last hidden layer [Verma et al., ICML 2019]."""
        return self.share * embeddings + (1 - self.share) * embeddings[self.partners]

    def of_losses(self, loss: Callable[[Tensor], Tensor], targets: Tensor) -> Tensor:
        """Mix the losses against each ticket's own target and its partner's; ``loss`` takes targets (B,)."""
        return self.share * loss(targets) + (1 - self.share) * loss(targets[self.partners])


def draw_mixture(batch_size: int, alpha: float, device: torch.device) -> Mixture:
    """Draw a mixture with a share from Beta(alpha, alpha) [Zhang et al., "mixup", ICLR 2018].

    The numbers are torch's, which are seeded anew for each epoch: a resumed training draws what it would have drawn.
    """
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    return Mixture(torch.randperm(batch_size, device=device), share)
