"""The acoustic model: convolutions and a recurrent network that say at each moment which unit is heard."""

from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor, nn

from kefu.modalities.audio.encoders.spec_augment import SpecAugmentParameters, mask_bands, mask_frames
from kefu.modalities.recurrent import BidirectionalRecurrent
from kefu.parameters import Parameters

BLANK = 0
"""The output that stands for no unit."""
_STRIDE = 2


class NetworkParameters(Parameters):
    """How large the acoustic model is, and what is hidden from it in training."""

    channels: int = Field(128, ge=1, description="Channels of the convolutions.")
    kernel_size: int = Field(5, ge=1, description="Frames that a convolution sees.")
    hidden_dim: int = Field(128, ge=1, description="Width of a recurrent layer, in each direction.")
    num_layers: int = Field(2, ge=1, description="Recurrent layers.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of the values between layers that is dropped.")
    masks: SpecAugmentParameters = Field(
        default_factory=lambda: SpecAugmentParameters(num_masks=2, mask_share=0.05, mask_bands=6),
        description="What is hidden of a recording in training.",
    )


class CtcNetwork(nn.Module):
    """Log-mel spectrograms to logits of units, one step for four frames.

    Two strided convolutions, then recurrent layers in both directions, as in Deep Speech 2 [Amodei et al. 2016,
    "Deep Speech 2: end-to-end speech recognition in English and Mandarin"], much smaller.

    Args:
        n_mels: mel bands.
        num_units: U, without the blank.
        params: sizes.
    """

    def __init__(self, n_mels: int, num_units: int, params: NetworkParameters) -> None:
        super().__init__()
        self.params = params
        widths = [n_mels, params.channels, params.channels]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, params.kernel_size, _STRIDE, params.kernel_size // 2)
            for before, after in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in widths[1:])
        dims = [params.channels, *[2 * params.hidden_dim] * params.num_layers]
        self.recurrent = nn.ModuleList(BidirectionalRecurrent("gru", dim, params.hidden_dim) for dim in dims[:-1])
        self.dropout = nn.Dropout(params.dropout)
        self.head = nn.Linear(dims[-1], num_units + 1)

    def forward(self, log_mel: Tensor, num_frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (B, S, U + 1), the blank first, and the steps of each recording (B,).

        Args:
            log_mel: (B, n_mels, T), normalised; 0 behind the end of a recording.
            num_frames: (B,) int64, 1 to T.
        """
        steps = log_mel
        if self.training:
            steps = mask_bands(mask_frames(steps, num_frames, self.params.masks), self.params.masks)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            steps = nn.functional.gelu(norm(convolution(steps).transpose(1, 2))).transpose(1, 2)
            num_frames = (num_frames - 1) // _STRIDE + 1
            inside = torch.arange(steps.shape[2], device=steps.device) < num_frames[:, None]
            steps = steps * inside[:, None, :]
        steps = steps.transpose(1, 2)
        for layer in self.recurrent:
            steps = layer(self.dropout(steps), num_frames)
        return self.head(self.dropout(steps)), num_frames
