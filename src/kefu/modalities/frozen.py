"""A network that is used as it is, while what stands behind it learns."""

from typing import Any, Self

import torch
from torch import nn


class Frozen(nn.Module):
    """Keeps a network's weights as they are: no gradients, and always in evaluation mode.

    So there is no dropout in it, and the statistics of batch normalisation stay those it was trained with.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """Change nothing but this module's own flag: the network stays in evaluation mode."""
        self.training = mode
        return self

    @torch.no_grad()
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the network returns."""
        return self.network(*args, **kwargs)
