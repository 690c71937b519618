"""Clips of different length in one array: what lies behind the end of a clip must not be heard."""

from collections.abc import Mapping

import torch
from torch import Tensor


def trim(features: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """Cut an array to the longest clip of the batch.

    Args:
        features: the array and ``num_frames`` (B,), which is taken as 1 to T.
        name: of the array (B, D, T).

    Returns:
        The array (B, D, T') as float, and the number of frames of each clip (B,).
    """
    array = features[name]
    num_frames = features["num_frames"].clamp(min=1, max=array.shape[2]).long()
    return array[:, :, : int(num_frames.max())].float(), num_frames


def behind(lengths: Tensor, size: int) -> Tensor:
    """Return where (B, size) lies behind the end of a row."""
    return torch.arange(size, device=lengths.device) >= lengths[:, None]


def mean_and_deviation(array: Tensor, lengths: Tensor) -> Tensor:
    """Pool (B, D, T) over the frames of each clip: mean and standard deviation (B, 2 * D).

    References:
        Snyder, Garcia-Romero, Sell, Povey, Khudanpur: X-vectors: robust DNN embeddings for speaker recognition,
        ICASSP 2018.
    """
    inside = ~behind(lengths, array.shape[2])[:, None, :]
    mean = (array * inside).sum(dim=2, keepdim=True) / lengths[:, None, None]
    variance = ((array - mean).square() * inside).sum(dim=2) / lengths[:, None]
    # the root has no slope at 0, where a clip of one frame lies
    return torch.cat([mean.squeeze(2), (variance + 1e-5).sqrt()], dim=1)
