"""Several tokens a ticket in place of one embedding, for fusion that looks at parts of a text, picture or clip."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class TokenEncoder(nn.Module):
    """An encoder whose embedding is a fixed number of its tokens, one after the other.

    Expects what the encoder expects; gives (B, num_tokens * encoder.token_dim).

    Args:
        encoder: of any modality.
        num_tokens: of each ticket, however long it is.
    """

    def __init__(self, encoder: nn.Module, num_tokens: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.num_tokens = num_tokens
        self.embedding_dim = num_tokens * int(encoder.token_dim)  # type: ignore[arg-type]

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, num_tokens * token_dim)."""
        tokens, inside = self.encoder.tokens(features)  # type: ignore[operator]
        return average_stretches(tokens, inside, self.num_tokens).flatten(1)


def average_stretches(tokens: Tensor, inside: Tensor, count: int) -> Tensor:
    """Average the tokens of each row over ``count`` stretches of equal length.

    Stretches overlap where a row has fewer tokens than that, as in adaptive average pooling.

    Args:
        tokens: (B, T, D).
        inside: (B, T) which of them are there, one a row at least.
        count: stretches a row.

    Returns:
        (B, count, D).
    """
    lengths = inside.sum(dim=1)[:, None]
    order = inside.cumsum(dim=1)[:, None] - 1
    stretch = torch.arange(count, device=tokens.device)
    first = (stretch * lengths) // count
    behind = -(-((stretch + 1) * lengths) // count)
    members = (order >= first[:, :, None]) & (order < behind[:, :, None]) & inside[:, None]
    weights = members.to(tokens.dtype)
    return weights @ torch.where(inside[:, :, None], tokens, 0.0) / weights.sum(dim=2, keepdim=True).clamp(min=1)
