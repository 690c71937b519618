"""A plain convolutional network: the quickest to train on a processor."""

from collections.abc import Mapping, Sequence

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from kefu.modalities.image.encoders.pixels import PixelEncoder
from kefu.parameters import Parameters


class CnnParameters(Parameters):
    """Size of the convolutional network."""

    channels: tuple[int, ...] = Field(
        (32, 64, 128, 256), min_length=1, description="Channels of each convolution, which halves height and width."
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on the pooled embedding.")

    @field_validator("channels")
    @classmethod
    def _at_least_one(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        if min(channels) < 1:
            raise ValueError("channels must be 1 at least")
        return channels


class CnnEncoder(PixelEncoder):
    """Strided convolutions, each with batch normalisation and ReLU, then the average over the picture.

    Strides in place of pooling as in Springenberg et al. 2015, "Striving for simplicity". Expects ``pixels``
    (B, 3, H, W) uint8; gives embeddings (B, channels[-1]).
    """

    def __init__(self, params: CnnParameters, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__(mean, std)
        self.embedding_dim = params.channels[-1]
        self.token_dim = params.channels[-1]
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(zip((3, *params.channels), params.channels, strict=False)):
            size = 5 if index == 0 else 3
            layers += [
                nn.Conv2d(before, after, size, stride=2, padding=size // 2, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        self.network = nn.Sequential(*layers)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dropout = nn.Dropout(params.dropout)

    def maps(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the last convolution's maps (B, channels[-1], H', W')."""
        maps: Tensor = self.network(self.normalise(features))
        return maps

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, channels[-1])."""
        embedding: Tensor = self.dropout(self.maps(features).mean(dim=(2, 3)))
        return embedding
