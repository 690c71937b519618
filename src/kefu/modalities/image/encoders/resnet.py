"""A residual network for pictures, trained from its configuration."""

from collections.abc import Mapping, Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from kefu.parameters import Parameters


class ResNetParameters(Parameters):
    """Size of the residual network."""

    stem_dim: int = Field(32, ge=1, description="Channels after the stem.")
    stage_dims: tuple[int, ...] = Field((32, 64, 128, 256), description="Channels of each stage.")
    stage_depths: tuple[int, ...] = Field((1, 1, 1, 1), description="Residual blocks of each stage.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on the pooled embedding.")


class ResNetEncoder(nn.Module):
    """Basic-block ResNet (He et al. 2016) with global average pooling.

    Expects ``pixels`` (B, 3, H, W) uint8, and mean and std on the scale 0 to 1; gives embeddings (B, stage_dims[-1]).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, params: ResNetParameters, mean: Sequence[float], std: Sequence[float]) -> None:
        # transformers takes seconds to import, and cleaning pictures has no need of it
        from transformers import ResNetConfig, ResNetModel

        super().__init__()
        self.embedding_dim = params.stage_dims[-1]
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1))
        config = ResNetConfig(
            num_channels=3,
            embedding_size=params.stem_dim,
            hidden_sizes=list(params.stage_dims),
            depths=list(params.stage_depths),
            layer_type="basic",
        )
        self.network: nn.Module = ResNetModel(config)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-arg]
        self.dropout = nn.Dropout(params.dropout)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, stage_dims[-1])."""
        pixels = (features["pixels"].float() / 255 - self.mean) / self.std
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        embedding: Tensor = self.dropout(self.network(pixels).pooler_output.flatten(1))
        return embedding
