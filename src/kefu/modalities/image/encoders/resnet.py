"""A residual network for pictures, trained from its configuration or from weights in a local folder."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from kefu.modalities.frozen import Frozen
from kefu.modalities.image.encoders.pixels import (
    FinetuningParameters,
    PixelEncoder,
    require_three_channels,
)
from kefu.modalities.pretrained import Pretrained, from_folder, load_network


class ResNetParameters(FinetuningParameters):
    """Size of the residual network; pretrained weights bring their own."""

    pretrained: Annotated[Pretrained | None, from_folder("resnet")] = Field(
        None, description="Folder of a ResNet (config.json, model.safetensors), or package:NAME. Empty: untrained."
    )
    stem_dim: int = Field(32, ge=1, description="Channels after the stem.")
    stage_dims: tuple[int, ...] = Field((32, 64, 128, 256), description="Channels of each stage.")
    stage_depths: tuple[int, ...] = Field((1, 1, 1, 1), description="Residual blocks of each stage.")
    layer: Literal["basic", "bottleneck"] = Field(
        "basic", description="Residual blocks of two convolutions, or of three with a narrow one in the middle."
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on the pooled embedding.")

    @model_validator(mode="after")
    def _sizes_fit(self) -> "ResNetParameters":
        if not self.stage_dims or len(self.stage_dims) != len(self.stage_depths):
            raise ValueError("give as many stage_depths as stage_dims, one at least")
        least = 4 if self.layer == "bottleneck" else 1  # the narrow convolution has a quarter of the channels
        if min(self.stage_dims) < least or min(self.stage_depths) < 1:
            raise ValueError(f"stage_dims must be {least} at least, and stage_depths 1")
        return self


class ResNetEncoder(PixelEncoder):
    """ResNet (He et al. 2016) with global average pooling.

    Expects ``pixels`` (B, 3, H, W) uint8, and mean and std on the scale 0 to 1; gives embeddings (B,
    embedding_dim).
    """

    def __init__(self, params: ResNetParameters, mean: Sequence[float], std: Sequence[float]) -> None:
        # transformers takes seconds to import, and cleaning pictures has no need of it
        from transformers import ResNetConfig, ResNetModel

        super().__init__(mean, std, params.pretrained)
        if params.pretrained is not None:
            network = load_network(ResNetModel, params.pretrained)
            require_three_channels(network.config, params.pretrained)
        else:
            config = ResNetConfig(
                num_channels=3,
                embedding_size=params.stem_dim,
                hidden_sizes=list(params.stage_dims),
                depths=list(params.stage_depths),
                layer_type=params.layer,
            )
            network = ResNetModel(config)
        self.embedding_dim = network.config.hidden_sizes[-1]  # type: ignore[index]
        network.to(memory_format=torch.channels_last)  # type: ignore[call-arg]
        self.network: nn.Module = network
        self.projection: nn.Module = nn.Identity()
        if params.tuning == "frozen":
            self.network = Frozen(network)
            self.projection = nn.Sequential(nn.Linear(self.embedding_dim, params.projection_dim), nn.Tanh())
            self.embedding_dim = params.projection_dim
        self.token_dim = int(self.embedding_dim)
        self.dropout = nn.Dropout(params.dropout)

    def maps(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the last stage's maps (B, D, H', W')."""
        maps: Tensor = self.network(self.normalise(features)).last_hidden_state
        return self.projection(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, embedding_dim)."""
        pooled = self.network(self.normalise(features)).pooler_output.flatten(1)
        embedding: Tensor = self.dropout(self.projection(pooled))
        return embedding
