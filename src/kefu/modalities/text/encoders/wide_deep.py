"""A network over tokens and a layer over TF-IDF side by side."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from kefu.modalities.text.encoders.bert import BertEncoder
from kefu.modalities.text.encoders.rnn import RnnEncoder
from kefu.modalities.text.encoders.tfidf import TfidfEncoder


class WideDeepEncoder(nn.Module):
    """Concatenate a deep and a wide view of the same text (Cheng et al. 2016, "Wide & deep learning").

    Gives embeddings (B, deep.embedding_dim + wide.embedding_dim).
    """

    def __init__(self, deep: RnnEncoder | BertEncoder, wide: TfidfEncoder) -> None:
        super().__init__()
        self.deep = deep
        self.wide = wide
        self.embedding_dim = deep.embedding_dim + wide.embedding_dim
        self.token_dim = deep.token_dim + wide.token_dim

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the deep tokens, each with the wide embedding at its side (B, L, D), and where (B, L) there is one."""
        deep, inside = self.deep.tokens(features)
        wide = self.wide(features)[:, None].expand(-1, deep.shape[1], -1)
        return torch.cat([deep, wide], dim=2), inside

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return both embeddings side by side."""
        return torch.cat([self.deep(features), self.wide(features)], dim=1)
