"""A network that is used as it is, while what stands behind it learns."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeGuard

import torch
from torch import Tensor, nn

Memory = dict[bytes, Tensor]
"""What a frozen network made of its inputs (D,), by their bytes."""


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


class Remembering(nn.Module):
    """Base of encoders that may keep what their frozen network made of an input."""

    memory: Memory | None = None


@contextmanager
def shared_memory(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Let encoders remember together what their frozen networks make of an input, so that it is computed once.

    Args:
        networks: with encoders of one architecture whose frozen weights are the same, as those of an ensemble are.
    """
    memory: Memory = {}
    encoders = [module for network in networks for module in network.modules() if _is_frozen(module)]
    for encoder in encoders:
        encoder.memory = memory
    try:
        yield
    finally:
        for encoder in encoders:
            encoder.memory = None


def _is_frozen(module: nn.Module) -> TypeGuard[Remembering]:
    return isinstance(module, Remembering) and any(isinstance(child, Frozen) for child in module.children())
