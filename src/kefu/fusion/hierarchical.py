"""Hierarchical fusion: tokens look at the other modalities first, then all of them at each other."""

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from kefu.fusion.contract import Embeddings
from kefu.fusion.joint import JointFusion, JointParameters
from kefu.parameters import Parameters


class HierarchicalParameters(Parameters):
    """Size and training of the transformer over tokens."""

    num_tokens: int = Field(6, ge=1, description="Tokens of each modality: averages over equal stretches of it.")
    hidden_dim: int = Field(96, ge=1, description="Width of the tokens.")
    num_heads: int = Field(4, ge=1, description="Attention heads, a divisor of hidden_dim.")
    num_layers: int = Field(1, ge=1, description="Layers of the joint transformer.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on tokens, attention and hidden states.")
    training: JointParameters = JointParameters(learning_rate=1e-3, encoder_factor=0.5)

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.hidden_dim % self.num_heads:
            raise ValueError(f"hidden_dim ({self.hidden_dim}) must be a multiple of num_heads ({self.num_heads})")
        return self


class HierarchicalFusion(JointFusion):
    """Cross-attention from each modality's tokens to those of the others, then a transformer over all tokens.

    After Tsai et al. 2019, "Multimodal transformer for unaligned multimodal language sequences", with a class token
    that the label is read off. A learned token speaks for an absent modality, in training (where modalities are hidden
    from rows at random) as in use, and nothing else of it is seen. Embeddings are ``num_tokens`` tokens, one after the
    other (:class:`kefu.modalities.tokens.TokenEncoder`).
    """

    def __init__(self, heads: dict[str, nn.Linear], prior: Tensor, params: HierarchicalParameters) -> None:
        super().__init__(heads, prior)
        self.num_tokens = params.num_tokens
        dim = params.hidden_dim
        self.projections = nn.ModuleDict()
        for name in self.modalities:
            width = heads[name].in_features // params.num_tokens
            self.projections[name] = nn.Sequential(
                nn.LayerNorm(width), nn.Dropout(params.dropout), nn.Linear(width, dim)
            )
        self.positions = nn.Parameter(torch.randn(len(self.modalities), params.num_tokens, dim) * 0.02)
        self.absent = nn.Parameter(torch.randn(len(self.modalities), dim) * 0.02)
        self.class_token = nn.Parameter(torch.randn(dim) * 0.02)
        self.norms = nn.ModuleDict({name: nn.LayerNorm(dim) for name in self.modalities})
        self.crossings = nn.ModuleDict(
            {
                name: nn.MultiheadAttention(dim, params.num_heads, dropout=params.dropout, batch_first=True)
                for name in self.modalities
            }
        )
        layer = nn.TransformerEncoderLayer(
            dim, params.num_heads, 2 * dim, params.dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.joint = nn.TransformerEncoder(layer, params.num_layers, norm=nn.LayerNorm(dim), enable_nested_tensor=False)
        self.head = nn.Linear(dim, self.num_classes)

    def score(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return scores (B, C)."""
        if len(mask) == 0:  # attention takes no empty batch
            return torch.zeros(0, self.num_classes, device=mask.device)
        tokens, hidden = self._tokens(embeddings, mask)
        if len(self.modalities) > 1:
            tokens = [self._cross(number, tokens, hidden) for number in range(len(tokens))]
        first = self.class_token.expand(len(mask), 1, -1)
        unseen = torch.cat([torch.zeros_like(mask[:, :1]), *hidden], dim=1)
        joint = self.joint(torch.cat([first, *tokens], dim=1), src_key_padding_mask=unseen)
        scores: Tensor = self.head(joint[:, 0])
        return scores

    def _tokens(self, embeddings: Embeddings, mask: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return each modality's tokens (B, T, D), and which of them (B, T) must not be seen."""
        tokens, hidden = [], []
        for number, name in enumerate(self.modalities):
            width = embeddings[name].shape[1] // self.num_tokens
            own = self.projections[name](embeddings[name].view(len(mask), self.num_tokens, width))
            absent = ~mask[:, number, None]
            tokens.append(torch.where(absent[:, :, None], self.absent[number], own + self.positions[number]))
            # one token stands for an absent modality
            hidden.append(absent & (torch.arange(self.num_tokens, device=mask.device) > 0))
        return tokens, hidden

    def _cross(self, number: int, tokens: list[Tensor], hidden: list[Tensor]) -> Tensor:
        """Return one modality's tokens after they have looked at those of the others."""
        name = self.modalities[number]
        normed = [self.norms[other](own) for other, own in zip(self.modalities, tokens, strict=True)]
        others = torch.cat([own for other, own in enumerate(normed) if other != number], dim=1)
        unseen = torch.cat([own for other, own in enumerate(hidden) if other != number], dim=1)
        seen, _ = self.crossings[name](normed[number], others, others, key_padding_mask=unseen, need_weights=False)
        return tokens[number] + seen
