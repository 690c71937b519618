"""One-dimensional convolutions over time on cepstral coefficients and their deltas."""

from collections.abc import Mapping, Sequence
from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from kefu.modalities.audio.encoders.padding import behind, mean_and_deviation, trim
from kefu.modalities.audio.encoders.spec_augment import TimeMaskParameters, mask_frames


class MfccCnnParameters(TimeMaskParameters):
    """Size of the network."""

    channels: tuple[int, ...] = Field((128, 128, 128, 192), min_length=1, description="Channels of each convolution.")
    kernel_sizes: tuple[int, ...] = Field((5, 3, 3, 1), description="Frames that each convolution sees; odd.")
    dilations: tuple[int, ...] = Field((1, 2, 3, 1), description="Distance between these frames.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout after each convolution but the last, and on the end.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not len(self.channels) == len(self.kernel_sizes) == len(self.dilations):
            raise ValueError("give as many kernel_sizes and dilations as channels")
        if any(size < 1 or size % 2 == 0 for size in self.kernel_sizes) or min(self.dilations) < 1:
            raise ValueError("kernel_sizes must be odd, dilations at least 1")
        return self


class MfccCnnEncoder(nn.Module):
    """Dilated convolutions over time (Waibel et al. 1989; Peddinti et al. 2015), pooled by mean and deviation.

    The coefficients lose their training mean, and batch normalisation brings them to one scale. In training, spans of
    frames are masked. Expects ``mfcc`` (B, D, T), deltas included, and ``num_frames`` (B,); gives embeddings
    (B, 2 * channels[-1]).
    """

    mean: Tensor

    def __init__(self, params: MfccCnnParameters, mean: Sequence[float]) -> None:
        super().__init__()
        self.params = params
        self.embedding_dim = 2 * params.channels[-1]
        self.token_dim = params.channels[-1]
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1))
        before = self.mean.shape[1]
        self.scale = nn.BatchNorm1d(before, affine=False)
        self.convolutions = nn.ModuleList()
        for after, size, dilation in zip(params.channels, params.kernel_sizes, params.dilations, strict=True):
            padding = dilation * (size // 2)
            self.convolutions.append(
                nn.Sequential(
                    nn.Conv1d(before, after, size, padding=padding, dilation=dilation, bias=False),
                    nn.BatchNorm1d(after),
                    nn.ReLU(inplace=True),
                )
            )
            before = after
        self.dropout = nn.Dropout(params.dropout)

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return what the convolutions find at each frame (B, T, channels[-1]), and where the clip still goes on."""
        states, num_frames = self._states(features)
        return states.transpose(1, 2), ~behind(num_frames, states.shape[2])

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, 2 * channels[-1])."""
        states, num_frames = self._states(features)
        embedding: Tensor = self.dropout(mean_and_deviation(states.float(), num_frames))
        return embedding

    def _states(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return what the convolutions find (B, channels[-1], T), and the frames of each clip (B,)."""
        mfcc, num_frames = trim(features, "mfcc")
        outside = behind(num_frames, mfcc.shape[2])[:, None, :]
        states = self.scale((mfcc - self.mean).masked_fill(outside, 0.0))
        if self.training:
            states = mask_frames(states, num_frames, self.params)
        for index, convolution in enumerate(self.convolutions):
            states = states if index == 0 else self.dropout(states)
            states = convolution(states.masked_fill(outside, 0.0))
        return states, num_frames
