"""The loss, its class weights, and the schedule of the learning rate."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ClassWeights = Literal["none", "balanced", "sqrt"]


def class_weights(targets: NDArray[np.int64], num_classes: int, kind: ClassWeights) -> Tensor:
    """Weight of each class (C,), with mean 1 over the tickets.

    ``balanced`` is n / (C * count), as in scikit-learn; ``sqrt`` its square root, a milder choice. A class without
    a ticket gets weight 0.
    """
    counts = np.bincount(targets, minlength=num_classes).astype(float)
    power = {"none": 0.0, "sqrt": 0.5, "balanced": 1.0}[kind]
    weights = np.where(counts > 0, np.maximum(counts, 1) ** -power, 0.0)
    weights *= counts.sum() / max((weights * counts).sum(), 1e-12)
    return torch.tensor(weights, dtype=torch.float32)


def warmup_cosine(num_steps: int, warmup_share: float, final_share: float = 0.01) -> Callable[[int], float]:
    """Return the factor of the learning rate at a step: a linear rise, then half a cosine down to ``final_share``."""
    warmup = max(1, round(num_steps * warmup_share))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        done = min(1.0, (step - warmup) / max(1, num_steps - warmup))
        return final_share + (1 - final_share) * 0.5 * (1 + math.cos(math.pi * done))

    return factor
