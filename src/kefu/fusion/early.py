"""Early fusion: embeddings side by side, one joint network over them, trained end to end."""

import torch
from pydantic import Field
from torch import Tensor, nn

from kefu.fusion.contract import Embeddings
from kefu.fusion.joint import JointFusion, JointParameters
from kefu.parameters import Parameters


class EarlyParameters(Parameters):
    """Size and training of the joint network."""

    projection_dim: int = Field(64, ge=1, description="Width to which each embedding is brought first.")
    hidden_dim: int = Field(128, ge=1, description="Width of the hidden layer.")
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout before and after the hidden layer.")
    training: JointParameters = JointParameters()


class EarlyFusion(JointFusion):
    """Joint network over the concatenated embeddings.

    An absent modality is stood in for by a learned vector, so the network can tell absence from an embedding of
    zeros (Ma et al. 2021, "SMIL").
    """

    def __init__(self, heads: dict[str, nn.Linear], prior: Tensor, params: EarlyParameters) -> None:
        super().__init__(heads, prior)
        self.projections = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.LayerNorm(heads[name].in_features),
                    nn.Dropout(params.dropout),
                    nn.Linear(heads[name].in_features, params.projection_dim),
                )
                for name in self.modalities
            }
        )
        self.absent = nn.Parameter(torch.zeros(len(self.modalities), params.projection_dim))
        self.joint = nn.Sequential(
            nn.GELU(),
            nn.Linear(len(self.modalities) * params.projection_dim, params.hidden_dim),
            nn.GELU(),
            nn.Dropout(params.dropout),
            nn.Linear(params.hidden_dim, self.num_classes),
        )

    def score(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return scores (B, C)."""
        projected = torch.stack([self.projections[name](embeddings[name]) for name in self.modalities], dim=1)
        scores: Tensor = self.joint(torch.where(mask[:, :, None], projected, self.absent).flatten(1))
        return scores
