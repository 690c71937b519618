"""Bidirectional recurrent network with attention over learned word-piece embeddings."""

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor, nn

from kefu.modalities.recurrent import BidirectionalRecurrent, Cell
from kefu.modalities.text.encoders.padding import drop_tokens, padding_mask, trim
from kefu.parameters import Parameters


class RnnParameters(Parameters):
    """Size of the recurrent network."""

    cell: Cell = Field("gru", description="Recurrent cell.")
    token_dim: int = Field(96, ge=1, description="Width of the learned token embeddings.")
    hidden_dim: int = Field(96, ge=1, description="Width of the hidden state, per direction.")
    token_dropout: float = Field(0.1, ge=0, lt=1, description="Share of tokens hidden from the network in training.")
    dropout: float = Field(0.4, ge=0, lt=1, description="Dropout on embeddings and on the pooled state.")


class RnnEncoder(nn.Module):
    """Bidirectional GRU or LSTM whose states are pooled by additive attention and by maximum.

    The attention is that of Yang et al. 2016, "Hierarchical attention networks for document classification".
    Expects ``token_ids`` (B, L) padded with 0 and ``num_tokens`` (B,); gives embeddings (B, 4 * hidden_dim).
    """

    def __init__(self, params: RnnParameters, vocab_size: int) -> None:
        super().__init__()
        self.embedding_dim = 4 * params.hidden_dim
        self.token_dim = 2 * params.hidden_dim
        self.token_dropout = params.token_dropout
        self.embedding = nn.Embedding(vocab_size, params.token_dim, padding_idx=0)
        self.recurrent = BidirectionalRecurrent(params.cell, params.token_dim, params.hidden_dim)
        self.attention = nn.Sequential(
            nn.Linear(2 * params.hidden_dim, params.hidden_dim), nn.Tanh(), nn.Linear(params.hidden_dim, 1)
        )
        self.dropout = nn.Dropout(params.dropout)

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the state at each token (B, L, 2 * hidden_dim), and where (B, L) there is one."""
        token_ids, lengths = trim(features)
        if self.training:
            token_ids = drop_tokens(token_ids, self.token_dropout)
        embedded = self.dropout(self.embedding(token_ids))
        return self.recurrent(embedded, lengths), ~padding_mask(lengths, token_ids.shape[1])

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, 4 * hidden_dim)."""
        states, inside = self.tokens(features)
        weights = self.attention(states).squeeze(-1).masked_fill(~inside, -torch.inf).softmax(dim=1)
        attended = torch.einsum("bt,btd->bd", weights, states)
        largest = states.masked_fill(~inside[:, :, None], -torch.inf).amax(dim=1)
        embedding: Tensor = self.dropout(torch.cat([attended, largest], dim=1))
        return embedding
