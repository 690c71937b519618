"""What the picture encoders have in common: normalised pixels, and weights that others trained."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from kefu.modalities.pretrained import Pretrained, PretrainedError
from kefu.parameters import Parameters


class FinetuningParameters(Parameters):
    """Where the weights start from, and which of them learn."""

    pretrained: Pretrained | None = None
    tuning: Literal["full", "frozen"] = Field(
        "full", description="What learns: everything, or a projection of the fixed network's embedding."
    )
    projection_dim: int = Field(256, ge=1, description="Width of the projection where tuning is frozen.")

    @model_validator(mode="after")
    def _frozen_weights_are_pretrained(self) -> "FinetuningParameters":
        if self.tuning == "frozen" and self.pretrained is None:
            raise ValueError("tuning is frozen, but without pretrained weights everything must learn: full")
        return self


class PixelEncoder(nn.Module):
    """Base of the encoders, which expect ``pixels`` (B, 3, H, W) uint8.

    Args:
        mean: Of the training split, per channel, on the scale 0 to 1.
        std: Likewise.
        pretrained: Weights that bring their own mean and deviation (``preprocessor_config.json``), which take the
            place of the training split's.

    Raises:
        PretrainedError: they are not three numbers each.
    """

    embedding_dim: int
    token_dim: int
    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float], pretrained: Pretrained | None = None) -> None:
        super().__init__()
        if pretrained is not None:
            mean, std = _statistics(pretrained, mean, std)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1))

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return what is found at each place of the picture (B, T, D), row by row, and that it is there (B, T)."""
        maps = self.maps(features).flatten(2).transpose(1, 2)
        return maps, torch.ones(maps.shape[:2], dtype=torch.bool, device=maps.device)

    def maps(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the maps (B, D, H', W') that the embedding is pooled from."""
        raise NotImplementedError

    def normalise(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return float32 pixels (B, 3, H, W) of mean 0 and deviation 1, channels last in memory."""
        pixels = (features["pixels"].float() / 255 - self.mean) / self.std
        return pixels.contiguous(memory_format=torch.channels_last)


def require_three_channels(config: Any, pretrained: Pretrained) -> None:
    """Check that weights are for colour pictures.

    Raises:
        PretrainedError: they are for another number of channels.
    """
    if config.num_channels != 3:
        raise PretrainedError(f"{pretrained.source}: its num_channels is {config.num_channels}, but pictures have 3")


def _statistics(
    pretrained: Pretrained, mean: Sequence[float], std: Sequence[float]
) -> tuple[Sequence[float], Sequence[float]]:
    given = pretrained.preprocessing
    if not given.get("do_normalize", True):
        return (0.0,) * 3, (1.0,) * 3
    found = given.get("image_mean", mean), given.get("image_std", std)
    for name, values in zip(("image_mean", "image_std"), found, strict=True):
        numbers = isinstance(values, Sequence) and all(isinstance(value, int | float) for value in values)
        if not numbers or len(values) != 3 or (name == "image_std" and min(values) <= 0):
            raise PretrainedError(
                f"{pretrained.source}: {name} in preprocessor_config.json is {values!r}; three numbers are needed"
            )
    return found
