"""Mixing each ticket of a batch with another one, so that a network learns what lies between the classes."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

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


def find_pictures(features: Mapping[str, Any]) -> str | None:
    """Return the name of the feature with the four axes of pictures (N, C, H, W), or None where there is none."""
    return next((name for name, array in features.items() if array.ndim == 4), None)


def cut_and_paste(pictures: Tensor, alpha: float) -> tuple[Tensor, Mixture]:
    """Paste a rectangle of its partner into each picture (B, C, H, W), at one place for the whole batch.

    The rectangle has the picture's proportions and an area of 1 - Beta(alpha, alpha), less what lies beyond the
    picture's edge [Yun et al., "CutMix", ICCV 2019]; the mixture's share is the area that is left of each picture.
    """
    drawn = draw_mixture(len(pictures), alpha, pictures.device)
    height, width = pictures.shape[2:]
    side = math.sqrt(1 - drawn.share)
    rows, columns = _draw_span(height, side), _draw_span(width, side)
    pasted = pictures.clone()
    pasted[:, :, rows, columns] = pictures[drawn.partners, :, rows, columns]
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return pasted, Mixture(drawn.partners, 1 - area / (height * width))


def _draw_span(size: int, share: float) -> slice:
    centre, length = int(torch.randint(size, ())), round(size * share)
    start = centre - length // 2
    return slice(max(0, start), min(size, start + length))
