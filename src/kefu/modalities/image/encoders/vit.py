"""A vision transformer, trained from its configuration or from weights in a local folder."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from kefu.modalities.frozen import Frozen
from kefu.modalities.image.encoders.pixels import (
    FinetuningParameters,
    PixelEncoder,
    require_three_channels,
)
from kefu.modalities.pretrained import Pretrained, from_folder, load_network


class VitParameters(FinetuningParameters):
    """Size of the vision transformer; pretrained weights bring their own."""

    pretrained: Annotated[Pretrained | None, from_folder("vit")] = Field(
        None, description="Folder of a ViT (config.json, model.safetensors), or package:NAME. Empty: untrained."
    )
    stem: Literal["convolutions", "patches"] = Field(
        "convolutions", description="Patches are embedded by a few strided convolutions, or by one linear map."
    )
    patch_px: int = Field(8, ge=1, description="Height and width of a patch.")
    hidden_dim: int = Field(128, ge=1, description="Width of the transformer.")
    num_layers: int = Field(4, ge=1, description="Layers of the transformer.")
    num_heads: int = Field(4, ge=1, description="Attention heads, a divisor of hidden_dim.")
    intermediate_dim: int = Field(256, ge=1, description="Width within the feed-forward layers.")
    pooling: Literal["mean", "first"] = Field(
        "mean", description="The embedding is the mean of the patches, or the first (class) token."
    )
    dropout: float = Field(
        0.1, ge=0, lt=1, description="Dropout in the layers (pretrained ones keep theirs) and on the pooled embedding."
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> "VitParameters":
        if self.hidden_dim % self.num_heads:
            raise ValueError(f"hidden_dim ({self.hidden_dim}) must be a multiple of num_heads ({self.num_heads})")
        if self.stem == "convolutions" and (self.patch_px < 2 or self.patch_px & (self.patch_px - 1)):
            raise ValueError(f"patch_px {self.patch_px}: stem: convolutions needs a power of two (4, 8, 16 …)")
        return self


class VitEncoder(PixelEncoder):
    """Vision transformer (Dosovitskiy et al. 2021, "An image is worth 16x16 words").

    Trained from scratch, its patches are by default embedded by convolutions (Xiao et al. 2021, "Early convolutions
    help transformers see better"). Pictures of any size: they are filled up with the mean colour to whole patches, and
    pretrained position embeddings are interpolated to their grid.

    Expects ``pixels`` (B, 3, H, W) uint8 of the size (H, W) given here; gives embeddings (B, embedding_dim).
    """

    def __init__(
        self, params: VitParameters, mean: Sequence[float], std: Sequence[float], size: tuple[int, int]
    ) -> None:
        # transformers takes seconds to import, and cleaning pictures has no need of it
        from transformers import ViTConfig, ViTModel

        super().__init__(mean, std, params.pretrained)
        self.pooling = params.pooling
        self.stem: nn.Module = nn.Identity()
        if params.pretrained is not None:
            network = load_network(ViTModel, params.pretrained, add_pooling_layer=False)
            require_three_channels(network.config, params.pretrained)
            patch_size = network.embeddings.patch_embeddings.patch_size
            self.size = _whole_patches(size, patch_size)
            _resize_positions(network.embeddings, self.size)
        else:
            self.size = _whole_patches(size, (params.patch_px, params.patch_px))
            channels, scale = 3, 1
            if params.stem == "convolutions":
                self.stem, channels = _convolutional_stem(params)
                scale = params.patch_px
            config = ViTConfig(
                num_channels=channels,
                image_size=[side // scale for side in self.size],
                patch_size=params.patch_px // scale,
                hidden_size=params.hidden_dim,
                num_hidden_layers=params.num_layers,
                num_attention_heads=params.num_heads,
                intermediate_size=params.intermediate_dim,
                hidden_dropout_prob=params.dropout,
            )
            network = ViTModel(config, add_pooling_layer=False)
        self.embedding_dim = network.config.hidden_size
        self.network: nn.Module = network
        self.projection: nn.Module = nn.Identity()
        if params.tuning == "frozen":
            self.network = Frozen(network)
            self.projection = nn.Sequential(nn.Linear(self.embedding_dim, params.projection_dim), nn.Tanh())
            self.embedding_dim = params.projection_dim
        self.token_dim = int(self.embedding_dim)
        self.dropout = nn.Dropout(params.dropout)

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return what is found in each patch (B, T, embedding_dim), row by row, and that it is there (B, T)."""
        patches = self.projection(self._states(features)[:, 1:])
        return patches, torch.ones(patches.shape[:2], dtype=torch.bool, device=patches.device)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, embedding_dim)."""
        states = self._states(features)
        pooled = states[:, 0] if self.pooling == "first" else states[:, 1:].mean(dim=1)
        embedding: Tensor = self.dropout(self.projection(pooled))
        return embedding

    def _states(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the class token's state and those of the patches (B, 1 + T, hidden_dim)."""
        pixels = self.normalise(features)
        height, width = pixels.shape[2:]
        pixels = pad(pixels, (0, self.size[1] - width, 0, self.size[0] - height))
        states: Tensor = self.network(self.stem(pixels)).last_hidden_state
        return states


def _whole_patches(size: Sequence[int], patch_size: Sequence[int]) -> tuple[int, int]:
    """Return the least height and width that are whole patches."""
    height, width = (-(-side // patch) * patch for side, patch in zip(size, patch_size, strict=True))
    return height, width


def _convolutional_stem(params: VitParameters) -> tuple[nn.Module, int]:
    """Return convolutions (B, 3, H, W) to (B, C, H / patch_px, W / patch_px), and C.

    The 1 x 1 convolution that ends the stem of Xiao et al. is the transformer's own embedding of patches of 1 x 1.
    """
    num_halvings = params.patch_px.bit_length() - 1
    layers: list[nn.Module] = []
    before = 3
    for index in range(num_halvings):
        after = max(8, params.hidden_dim >> (num_halvings - 1 - index))
        layers += [
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        ]
        before = after
    stem = nn.Sequential(*layers)
    stem.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return stem, before


def _resize_positions(embeddings: Any, size: tuple[int, int]) -> None:
    """Interpolate the position embeddings of a ViT to pictures of another size (Dosovitskiy et al. 2021, section 3.2).

    Args:
        embeddings: ``ViTModel.embeddings``, whose position embeddings (1, 1 + patches, D) begin with the class token's.
        size: height and width of the pictures, whole patches.
    """
    patches = embeddings.patch_embeddings
    old, new = (
        [side // patch for side, patch in zip(sides, patches.patch_size, strict=True)]
        for sides in (embeddings.image_size, size)
    )
    if old != new:
        positions = embeddings.position_embeddings.detach()
        grid = positions[:, 1:].unflatten(1, old).permute(0, 3, 1, 2)
        grid = interpolate(grid, new, mode="bicubic", antialias=True)
        embeddings.position_embeddings = nn.Parameter(
            torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)
        )
    embeddings.image_size = patches.image_size = size
