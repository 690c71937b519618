"""An encoder with a linear head: what is trained for one modality."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn


class Output(NamedTuple):
    """What a modality says of B tickets."""

    embedding: Tensor
    """(B, D)"""
    logits: Tensor
    """(B, C)"""


class Classifier(nn.Module):
    """Encoder and head."""

    def __init__(self, encoder: nn.Module, num_classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(int(encoder.embedding_dim), num_classes)  # type: ignore[arg-type]

    def forward(self, features: Mapping[str, Tensor]) -> Output:
        """Return embeddings (B, D) and logits (B, C)."""
        embedding = self.encoder(features)
        return Output(embedding, self.head(embedding))
