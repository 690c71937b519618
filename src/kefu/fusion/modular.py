"""Modular fusion: a module per modality, and a small learned head that weighs what the modules say."""

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from kefu.fusion.contract import Embeddings, Fusion
from kefu.fusion.learning import HeadParameters
from kefu.parameters import Parameters


class ModularParameters(Parameters):
    """Size and training of the head."""

    projection_dim: int = Field(16, ge=1, description="Width to which each embedding is brought for the gate.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Dropout on the embeddings.")
    training: HeadParameters = HeadParameters(learning_rate=1e-2)


class ModularFusion(Fusion):
    """Gated sum of the modules' opinions, corrected from their embeddings.

    A module is a modality's classifier, trained and replaceable on its own. A gate sees each module's embedding and
    how sure its opinion is, and decides how much it counts in this ticket (mixture of experts, Jacobs et al. 1991);
    opinions are log-probabilities, so the gated sum is a product of experts.
    """

    def __init__(self, heads: dict[str, nn.Linear], prior: Tensor, params: ModularParameters) -> None:
        super().__init__(heads, prior)
        num_modalities = len(self.modalities)
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
        self.scales = nn.Parameter(torch.ones(num_modalities))
        self.gate = nn.Linear(num_modalities * (params.projection_dim + 3), num_modalities)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, 0.5413)  # softplus of it is 1: a plain product to begin with
        self.bias = nn.Parameter(torch.zeros(self.num_classes))

    def combine(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return logits (B, C)."""
        opinions = torch.stack(
            [
                log_softmax(scale * self.heads[name](embeddings[name]), dim=1)
                for name, scale in zip(self.modalities, nn.functional.softplus(self.scales), strict=True)
            ],
            dim=1,
        )
        shown = mask[:, :, None]
        sureness = torch.stack(
            [opinions.amax(dim=2).exp(), -(opinions.exp() * opinions).sum(dim=2), mask.float()], dim=2
        )
        projected = torch.stack([self.projections[name](embeddings[name]) for name in self.modalities], dim=1)
        seen = torch.where(shown, torch.cat([projected.tanh(), sureness], dim=2), 0.0)
        gates = nn.functional.softplus(self.gate(seen.flatten(1)))[:, :, None]
        pooled = torch.where(shown, gates * (opinions - self.log_prior), 0.0).sum(dim=1)
        return self.log_prior + self.bias + pooled
