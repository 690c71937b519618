"""One layer over word and character TF-IDF: hard to beat on small data."""

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import gelu

from kefu.parameters import Parameters


class TfidfParameters(Parameters):
    """Size of the layer."""

    embedding_dim: int = Field(64, ge=1, description="Width of the embedding.")
    activation: Literal["none", "gelu"] = Field("none", description="none: the sum itself; gelu: a hidden layer.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of a text's terms hidden in training.")
    embedding_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on the embedding.")


class TfidfEncoder(nn.Module):
    """Weighted sum of one learned vector a term, as it is or as a hidden layer.

    Expects ``tfidf_indices`` (B, K) and ``tfidf_values`` (B, K), padded with value 0; gives (B, embedding_dim).
    """

    def __init__(self, params: TfidfParameters, num_features: int) -> None:
        super().__init__()
        self.embedding_dim = params.embedding_dim
        self.token_dim = params.embedding_dim
        self.terms = nn.EmbeddingBag(max(num_features, 1), params.embedding_dim, mode="sum")
        nn.init.normal_(self.terms.weight, std=0.05)
        self.bias = nn.Parameter(torch.zeros(params.embedding_dim)) if params.activation == "gelu" else None
        self.dropout = nn.Dropout(params.dropout)
        self.embedding_dropout = nn.Dropout(params.embedding_dropout)

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the embedding as the one token (B, 1, embedding_dim), and that it is there (B, 1)."""
        embedding = self(features)[:, None]
        return embedding, torch.ones(embedding.shape[:2], dtype=torch.bool, device=embedding.device)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, embedding_dim)."""
        values = features["tfidf_values"].float()
        most = max(1, int((values != 0).sum(dim=1).max()))  # what follows is padding, the larger part of short texts
        summed = self.terms(
            features["tfidf_indices"][:, :most].long(), per_sample_weights=self.dropout(values[:, :most])
        )
        embedding: Tensor = self.embedding_dropout(summed if self.bias is None else gelu(summed + self.bias))
        return embedding
