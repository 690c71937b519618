"""Low-rank adaptation: a large network learns through a few small matrices beside its own."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


class LoraLinear(nn.Module):
    """A fixed linear map W with a learned correction of low rank: W x + (alpha / rank) B A x.

    Hu et al. 2021, "LoRA: Low-rank adaptation of large language models". B starts at zero, so that training starts
    from the network as it was.
    """

    def __init__(self, fixed: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.fixed = fixed.requires_grad_(False)
        self.scale = alpha / rank
        self.down = nn.Parameter(torch.empty(rank, fixed.in_features))
        self.up = nn.Parameter(torch.zeros(fixed.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map inputs (..., in) to (..., out)."""
        output: Tensor = self.fixed(inputs) + self.scale * linear(linear(inputs, self.down), self.up)
        return output


def adapt(network: nn.Module, names: tuple[str, ...], rank: int, alpha: float) -> None:
    """Fix all weights of a network, and put a :class:`LoraLinear` around each linear map of one of these names.

    Args:
        network: changed in place.
        names: last parts of the maps' names, as ``query`` for ``encoder.layer.0.attention.self.query``.
        rank: rank of the correction.
        alpha: its weight, which is divided by the rank.
    """
    network.requires_grad_(False)
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if name in names and isinstance(child, nn.Linear):
                setattr(parent, name, LoraLinear(child, rank, alpha))
