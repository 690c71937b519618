"""A network over tokens and other views of the same text side by side."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from kefu.modalities.text.encoders.bert import BertEncoder
from kefu.modalities.text.encoders.rnn import RnnEncoder
from kefu.modalities.text.encoders.tfidf import TfidfEncoder


class WideDeepEncoder(nn.Module):
    """Concatenate a deep and a wide view of the same text (Cheng et al. 2016, "Wide & deep learning"), and others.

    Gives embeddings (B, sum of all embedding_dim).

    Args:
        deep: gives the tokens, where they are asked for.
        others: stand beside it as they are.
    """

    def __init__(self, deep: RnnEncoder | BertEncoder, others: Sequence[BertEncoder | TfidfEncoder]) -> None:
        super().__init__()
        self.deep = deep
        self.others = nn.ModuleList(others)
        self.embedding_dim = deep.embedding_dim + sum(other.embedding_dim for other in others)
        self.token_dim = deep.token_dim + sum(other.embedding_dim for other in others)

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the deep tokens (B, L, D), the other embeddings at the side of each, and where (B, L) there is one."""
        deep, inside = self.deep.tokens(features)
        others = [other(features)[:, None].expand(-1, deep.shape[1], -1) for other in self.others]
        return torch.cat([deep, *others], dim=2), inside

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return all embeddings side by side."""
        return torch.cat([self.deep(features), *(other(features) for other in self.others)], dim=1)
