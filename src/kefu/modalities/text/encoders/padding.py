"""Rows of token ids of different length: cutting, masking and hiding of tokens."""

from collections.abc import Mapping

import torch
from torch import Tensor

from kefu.modalities.text.tokenizer import PAD_ID


def trim(features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return token ids (B, longest text) and numbers of tokens (B,), at least 1, both int64."""
    lengths = features["num_tokens"].clamp(min=1).long()
    return features["token_ids"][:, : int(lengths.max())].long(), lengths


def padding_mask(lengths: Tensor, size: int) -> Tensor:
    """Return a mask (B, ``size``) that is true where a row has ended."""
    return torch.arange(size, device=lengths.device) >= lengths[:, None]


def drop_tokens(token_ids: Tensor, share: float) -> Tensor:
    """Return token ids of which a random share is replaced by padding."""
    if share == 0:
        return token_ids
    return token_ids.masked_fill(torch.rand(token_ids.shape, device=token_ids.device) < share, PAD_ID)
