"""Masks over frames and bands, drawn anew for every clip and batch in training (Park et al. 2019, "SpecAugment").

They are drawn by torch's global generator, on the CPU, so that a seed gives the same masks on every device.
"""

import torch
from pydantic import Field
from torch import Tensor

from kefu.parameters import Parameters


class TimeMaskParameters(Parameters):
    """Which spans of frames are hidden."""

    num_masks: int = Field(1, ge=0, description="Masks of each kind on a clip in training (SpecAugment); 0: none.")
    mask_share: float = Field(0.15, ge=0, lt=1, description="Longest share of a clip's frames hidden by a mask.")


class SpecAugmentParameters(TimeMaskParameters):
    """Which spans of frames and of mel bands are hidden."""

    mask_bands: int = Field(8, ge=0, description="Most mel bands hidden by a mask.")


def mask_frames(features: Tensor, num_frames: Tensor, params: TimeMaskParameters) -> Tensor:
    """Set spans of frames to 0.

    Args:
        features: (B, D, T), of mean 0.
        num_frames: frames of each clip (B,); masks lie within them.
        params: how many, and how long.
    """
    for _ in range(params.num_masks):
        hidden = _draw_spans(num_frames, (params.mask_share * num_frames).long(), features.shape[2])
        features = features.masked_fill(hidden[:, None, :], 0.0)
    return features


def mask_bands(features: Tensor, params: SpecAugmentParameters) -> Tensor:
    """Set spans of bands of (B, D, T) to 0."""
    sizes = torch.full((len(features),), features.shape[1], device=features.device)
    for _ in range(params.num_masks):
        hidden = _draw_spans(sizes, torch.full_like(sizes, params.mask_bands), features.shape[1])
        features = features.masked_fill(hidden[:, :, None], 0.0)
    return features


def _draw_spans(sizes: Tensor, longest: Tensor, positions: int) -> Tensor:
    """Return where (B, positions) a span of 0 to ``longest`` (B,) covers a row of ``sizes`` (B,) positions."""
    share, place = torch.rand(2, len(sizes)).to(sizes.device)
    width = (share * (longest.minimum(sizes) + 1)).long()
    start = (place * (sizes - width + 1)).long()
    at = torch.arange(positions, device=sizes.device)
    return (at >= start[:, None]) & (at < (start + width)[:, None])
