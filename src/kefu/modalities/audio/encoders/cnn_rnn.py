"""Convolutions over the log-mel spectrogram, then a recurrent network over time."""

from collections.abc import Mapping, Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from kefu.modalities.audio.encoders.padding import behind, trim
from kefu.modalities.audio.encoders.spec_augment import SpecAugmentParameters, mask_bands, mask_frames
from kefu.modalities.recurrent import BidirectionalRecurrent


class CnnRnnParameters(SpecAugmentParameters):
    """Size of the network."""

    channels: tuple[int, ...] = Field(
        (32, 64, 96), description="Channels of each convolution, which halves the mel bands."
    )
    time_strides: tuple[int, ...] = Field((2, 1, 2), description="Step over time of each convolution.")
    hidden_dim: int = Field(96, ge=1, description="Width of the GRU, per direction.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Dropout before and after the GRU.")


class CnnRnnEncoder(nn.Module):
    """Convolution blocks, a bidirectional GRU and attention over time.

    In training, bands of mel channels and spans of frames are masked (Park et al. 2019, "SpecAugment").
    Expects ``log_mel`` (B, n_mels, T) in dB and ``num_frames`` (B,); gives embeddings (B, 4 * hidden_dim).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, params: CnnRnnParameters, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        if len(params.channels) != len(params.time_strides):
            raise ValueError("audio.encoder.cnn_rnn: give as many time_strides as channels")
        self.params = params
        self.embedding_dim = 4 * params.hidden_dim
        self.token_dim = 2 * params.hidden_dim
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, -1, 1))
        blocks: list[nn.Module] = []
        before, bands = 1, self.mean.shape[1]
        for index, (after, stride) in enumerate(zip(params.channels, params.time_strides, strict=True)):
            size = 5 if index == 0 else 3
            blocks += [
                nn.Conv2d(before, after, size, stride=(2, stride), padding=size // 2, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
            before, bands = after, (bands + 1) // 2
        self.convolutions = nn.Sequential(*blocks)
        self.convolutions.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recurrent = BidirectionalRecurrent("gru", before * bands, params.hidden_dim)
        self.attention = nn.Sequential(
            nn.Linear(2 * params.hidden_dim, params.hidden_dim), nn.Tanh(), nn.Linear(params.hidden_dim, 1)
        )
        self.dropout = nn.Dropout(params.dropout)

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the state at each step (B, T, 2 * hidden_dim), and where (B, T) the clip still goes on."""
        log_mel, num_frames = trim(features, "log_mel")
        log_mel = (log_mel - self.mean) / self.std
        log_mel = log_mel.masked_fill(behind(num_frames, log_mel.shape[2])[:, None, :], 0.0)
        if self.training:
            log_mel = mask_frames(mask_bands(log_mel, self.params), num_frames, self.params)
        maps, steps = self._convolve(log_mel, num_frames)
        heard = self.dropout(maps.flatten(1, 2).transpose(1, 2))
        return self.recurrent(heard, steps), ~behind(steps, heard.shape[1])

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, 4 * hidden_dim)."""
        states, inside = self.tokens(features)
        weights = self.attention(states).squeeze(-1).masked_fill(~inside, -torch.inf).softmax(dim=1)
        attended = torch.einsum("bt,btd->bd", weights, states)
        largest = states.masked_fill(~inside[:, :, None], -torch.inf).amax(dim=1)
        embedding: Tensor = self.dropout(torch.cat([attended, largest], dim=1))
        return embedding

    def _convolve(self, log_mel: Tensor, num_frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return maps (B, C, bands, steps) and each clip's steps (B,); behind its end a clip is 0 in every layer."""
        maps, steps = log_mel[:, None].contiguous(memory_format=torch.channels_last), num_frames
        for layer in self.convolutions:
            if isinstance(layer, nn.ReLU):  # masked by a product and before it: the cheapest of ways
                maps = maps * ~behind(steps, maps.shape[3])[:, None, None, :]
            maps = layer(maps)
            if isinstance(layer, nn.Conv2d):
                steps = (steps + layer.stride[1] - 1) // layer.stride[1]
        return maps, steps
