"""A linear map over word and character TF-IDF: hard to beat on small data."""

from collections.abc import Mapping

from pydantic import Field
from torch import Tensor, nn

from kefu.parameters import Parameters


class TfidfParameters(Parameters):
    """Size of the linear map."""

    embedding_dim: int = Field(64, ge=1, description="Width of the embedding.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of a text's terms hidden in training.")


class TfidfEncoder(nn.Module):
    """Weighted sum of one learned vector a term.

    Expects ``tfidf_indices`` (B, K) and ``tfidf_values`` (B, K), padded with value 0; gives (B, embedding_dim).
    """

    def __init__(self, params: TfidfParameters, num_features: int) -> None:
        super().__init__()
        self.embedding_dim = params.embedding_dim
        self.terms = nn.EmbeddingBag(max(num_features, 1), params.embedding_dim, mode="sum")
        nn.init.normal_(self.terms.weight, std=0.05)
        self.dropout = nn.Dropout(params.dropout)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, embedding_dim)."""
        values = self.dropout(features["tfidf_values"].float())
        embedding: Tensor = self.terms(features["tfidf_indices"].long(), per_sample_weights=values)
        return embedding
