"""Convolutions over learned word-piece embeddings, pooled by maximum over time."""

from collections.abc import Mapping

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn
from torch.nn.functional import pad

from kefu.modalities.text.encoders.padding import drop_tokens, padding_mask, trim
from kefu.parameters import Parameters


class CnnParameters(Parameters):
    """Size of the convolutional network."""

    token_dim: int = Field(128, ge=1, description="Width of the learned token embeddings.")
    widths: tuple[int, ...] = Field((2, 3, 4, 5), min_length=1, description="Tokens that the filters span.")
    num_filters: int = Field(128, ge=1, description="Filters of each width.")
    token_dropout: float = Field(0.1, ge=0, lt=1, description="Share of tokens hidden from the network in training.")
    dropout: float = Field(0.4, ge=0, lt=1, description="Dropout on embeddings and on the pooled filters.")

    @field_validator("widths")
    @classmethod
    def _check_widths(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
        if min(widths) < 1:
            raise ValueError("a filter spans at least 1 token")
        return widths


class CnnEncoder(nn.Module):
    """Filters of several widths and the maximum of each over time.

    Kim 2014, "Convolutional neural networks for sentence classification", with the wide convolution of Kalchbrenner
    et al. 2014: every span that touches the text counts, so that a text shorter than a filter needs no exception.
    Expects ``token_ids`` (B, L) and ``num_tokens`` (B,); gives embeddings (B, len(widths) * num_filters).
    """

    def __init__(self, params: CnnParameters, vocab_size: int) -> None:
        super().__init__()
        self.widths = params.widths
        self.embedding_dim = len(params.widths) * params.num_filters
        self.token_dim = self.embedding_dim
        self.token_dropout = params.token_dropout
        self.embedding = nn.Embedding(vocab_size, params.token_dim, padding_idx=0)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(params.token_dim, params.num_filters, width) for width in params.widths
        )
        self.dropout = nn.Dropout(params.dropout)

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return what the filters find where they end (B, L, embedding_dim), and where (B, L) there is a token."""
        spans, lengths = self._spans(features)
        size = int(lengths.max())
        found = torch.cat([values[:, :, :size].relu() for values in spans], dim=1).transpose(1, 2)
        return found, ~padding_mask(lengths, size)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, len(widths) * num_filters)."""
        spans, lengths = self._spans(features)
        pooled = []
        for width, values in zip(self.widths, spans, strict=True):
            outside = padding_mask(lengths + width - 1, values.shape[2])
            pooled.append(values.masked_fill(outside[:, None], -torch.inf).amax(dim=2).relu())
        embedding: Tensor = self.dropout(torch.cat(pooled, dim=1))
        return embedding

    def _spans(self, features: Mapping[str, Tensor]) -> tuple[list[Tensor], Tensor]:
        """Return for each width what its filters say of every span (B, num_filters, L + width - 1), and L (B,)."""
        token_ids, lengths = trim(features)
        if self.training:
            token_ids = drop_tokens(token_ids, self.token_dropout)
        embedded = self.dropout(self.embedding(token_ids))
        embedded = embedded.masked_fill(padding_mask(lengths, token_ids.shape[1])[:, :, None], 0).transpose(1, 2)
        spans = [
            convolution(pad(embedded, (width - 1, width - 1)))
            for width, convolution in zip(self.widths, self.convolutions, strict=True)
        ]
        return spans, lengths
