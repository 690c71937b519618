"""A residual network for a few thousand pictures: channel attention, a gentler start, blocks left out in training."""

from collections.abc import Mapping, Sequence

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from kefu.modalities.image.encoders.pixels import PixelEncoder
from kefu.parameters import Parameters


class SeResNetParameters(Parameters):
    """Size of the residual network with squeeze and excitation."""

    stage_dims: tuple[int, ...] = Field(
        (32, 64, 128, 256), description="Channels of each stage; the stem has those of the first."
    )
    stage_depths: tuple[int, ...] = Field((1, 1, 1, 1), description="Residual blocks of each stage.")
    squeeze: int = Field(
        8, ge=1, description="So many times fewer channels in the bottleneck of squeeze and excitation."
    )
    stochastic_depth: float = Field(
        0.1, ge=0, lt=1, description="Probability that the last block is left out in training; less for those before."
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on the pooled embedding.")

    @model_validator(mode="after")
    def _sizes_fit(self) -> "SeResNetParameters":
        if not self.stage_dims or len(self.stage_dims) != len(self.stage_depths):
            raise ValueError("give as many stage_depths as stage_dims, one at least")
        if min(self.stage_dims) < 2 or min(self.stage_depths) < 1:
            raise ValueError("stage_dims must be 2 at least, and stage_depths 1")
        return self


class SeResNetEncoder(PixelEncoder):
    """ResNet-D (He et al. 2019, "Bag of tricks") with squeeze and excitation (Hu et al. 2018, "SENet").

    Small convolutions in the stem, and shortcuts that average before they halve. In training, residual blocks are
    left out at random, picture by picture (Huang et al. 2016, "Deep networks with stochastic depth"). The embedding is
    the average and the maximum over the picture. Expects ``pixels`` (B, 3, H, W) uint8; gives embeddings
    (B, 2 * stage_dims[-1]).
    """

    def __init__(self, params: SeResNetParameters, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__(mean, std)
        self.embedding_dim = 2 * params.stage_dims[-1]
        self.token_dim = params.stage_dims[-1]
        before = params.stage_dims[0]
        layers: list[nn.Module] = [
            *_convolution(3, before // 2, stride=2),
            nn.ReLU(inplace=True),
            *_convolution(before // 2, before),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        ]
        last = sum(params.stage_depths) - 1
        number = 0
        for stage, (after, depth) in enumerate(zip(params.stage_dims, params.stage_depths, strict=True)):
            for block in range(depth):
                stride = 2 if stage > 0 and block == 0 else 1
                left_out = params.stochastic_depth * number / max(1, last)
                layers.append(_Block(before, after, stride, params.squeeze, left_out))
                before, number = after, number + 1
        self.network = nn.Sequential(*layers)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dropout = nn.Dropout(params.dropout)

    def maps(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the last stage's maps (B, stage_dims[-1], H', W')."""
        maps: Tensor = self.network(self.normalise(features))
        return maps

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, 2 * stage_dims[-1])."""
        maps = self.maps(features)
        embedding: Tensor = self.dropout(torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1))
        return embedding


class _Block(nn.Module):
    """Two convolutions and squeeze and excitation beside a shortcut: (B, before, H, W) to (B, after, H', W')."""

    def __init__(self, before: int, after: int, stride: int, squeeze: int, left_out: float) -> None:
        super().__init__()
        self.left_out = left_out
        self.residual = nn.Sequential(
            *_convolution(before, after, stride=stride),
            nn.ReLU(inplace=True),
            *_convolution(after, after),
            _SqueezeExcitation(after, squeeze),
        )
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut.append(nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False))
        if stride > 1 or before != after:
            self.shortcut.extend(_convolution(before, after, size=1))

    def forward(self, maps: Tensor) -> Tensor:
        residual = self.residual(maps)
        if self.training and self.left_out:
            kept = torch.rand(len(maps), 1, 1, 1, device=maps.device) >= self.left_out
            residual = residual * kept / (1 - self.left_out)
        return torch.relu(residual + self.shortcut(maps))


class _SqueezeExcitation(nn.Module):
    """Weights each channel (B, C, H, W) by what all of them hold on average."""

    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        narrow = max(8, channels // squeeze)
        self.gate = nn.Sequential(
            nn.Conv2d(channels, narrow, 1), nn.ReLU(inplace=True), nn.Conv2d(narrow, channels, 1), nn.Sigmoid()
        )

    def forward(self, maps: Tensor) -> Tensor:
        weighted: Tensor = maps * self.gate(maps.mean(dim=(2, 3), keepdim=True))
        return weighted


def _convolution(before: int, after: int, size: int = 3, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(before, after, size, stride=stride, padding=size // 2, bias=False), nn.BatchNorm2d(after)
