"""Audio spectrogram transformer, from its configuration or from a local folder of weights."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from kefu.modalities.audio.encoders.padding import behind, trim
from kefu.modalities.audio.encoders.spec_augment import SpecAugmentParameters, mask_bands, mask_frames
from kefu.modalities.audio.features import AudioPreprocessor, Features, mel_edges_hz
from kefu.modalities.frozen import Frozen
from kefu.modalities.pretrained import PREPROCESSING, Pretrained, from_folder, load_network
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    from transformers import ASTModel

_SPECIAL_TOKENS = 2  # class and distillation token
# how Kaldi computes log-mel, which the published weights were trained on
_PRE_EMPHASIS = 0.97
_KALDI_FLOOR = math.log(1.1920929e-07)
_KALDI_HOP_SECONDS = 0.01
# of the published weights, for a folder without preprocessor_config.json
_RATE_HZ = 16_000
_AUDIO_SET_MEAN, _AUDIO_SET_STD = -4.2677393, 4.5689974


class AstParameters(SpecAugmentParameters):
    """Size of the transformer, or where its weights come from, and what of them learns."""

    pretrained: Annotated[Pretrained | None, from_folder("audio-spectrogram-transformer")] = Field(
        None,
        description="Folder of weights, or package:NAME, with the mel bands they were trained on. Empty: untrained.",
    )
    tuning: Literal["full", "frozen"] = Field(
        "full", description="What learns: everything, or a projection of the fixed network's embedding."
    )
    projection_dim: int = Field(256, ge=1, description="Width of the projection where tuning is frozen.")
    stem: Literal["convolutions", "patches"] = Field(
        "convolutions",
        description="Patches are embedded by a few strided convolutions, or by one linear map. This and all below: "
        "untrained network.",
    )
    pooling: Literal["mean", "first"] = Field(
        "mean", description="The embedding is the mean of the patches, or of the class and the distillation token."
    )
    patch_size: int = Field(8, ge=1, description="Bands and frames of a patch, where stem is patches.")
    band_stride: int = Field(8, ge=1, description="Bands from one patch to the next.")
    time_stride: int = Field(8, ge=1, description="Frames from one patch to the next.")
    num_layers: int = Field(4, ge=1, description="Layers.")
    hidden_dim: int = Field(128, ge=1, description="Width of the hidden states.")
    num_heads: int = Field(4, ge=1, description="Attention heads, a divisor of hidden_dim.")
    intermediate_dim: int = Field(256, ge=1, description="Width within the feed-forward layers.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout on hidden states and attention.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pretrained is not None:
            return self
        if self.hidden_dim % self.num_heads:
            raise ValueError(f"hidden_dim ({self.hidden_dim}) must be a multiple of num_heads ({self.num_heads})")
        if self.stem == "convolutions":
            for name, stride in (("band_stride", self.band_stride), ("time_stride", self.time_stride)):
                if stride & (stride - 1):
                    raise ValueError(f"{name} {stride}: stem: convolutions needs a power of two (4, 8, 16 …)")
        elif max(self.band_stride, self.time_stride) > self.patch_size:
            raise ValueError(f"a stride beyond patch_size ({self.patch_size}) would leave bands or frames unheard")
        if self.tuning != "full":
            raise ValueError(f"tuning is {self.tuning}, but without pretrained weights everything must learn: full")
        return self


class AstEncoder(nn.Module):
    """AST (Gong, Chung, Glass 2021): attention over patches of a log-mel spectrogram.

    An untrained network hears bands normalised by the training tickets; its patches are by default embedded by
    convolutions (Xiao et al. 2021, "Early convolutions help transformers see better") and averaged. A pretrained one's
    embedding is the mean of its class and distillation tokens, and it hears what it was trained on:
    kefu's bands as Kaldi would have computed them, normalised by the mean and deviation that its folder gives. Its
    position embeddings are cut to the frames of the features, or interpolated in time where these are more.

    In training, spans of frames and bands are masked. Expects ``log_mel`` (B, n_mels, T) in dB and ``num_frames``
    (B,), T being at most the preprocessor's; gives embeddings (B, embedding_dim). Patches that begin behind the end
    of a clip are not attended to.

    Raises:
        KefuError: the features are not those that the pretrained weights were trained with.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, params: AstParameters, preprocessor: AudioPreprocessor) -> None:
        # transformers takes seconds to import, and other encoders have no need of it
        from transformers import ASTConfig, ASTModel

        super().__init__()
        self.params = params
        features = preprocessor.params
        self.pooling = "first" if params.pretrained is not None else params.pooling
        if params.pretrained is None:
            by_convolutions = params.stem == "convolutions"
            self.patch_frames = params.time_stride if by_convolutions else params.patch_size
            patch_bands = params.band_stride if by_convolutions else params.patch_size
            config = ASTConfig(
                num_mel_bins=_covering(features.n_mels, patch_bands, params.band_stride),
                max_length=_covering(features.num_frames, self.patch_frames, params.time_stride),
                patch_size=1 if by_convolutions else params.patch_size,
                frequency_stride=params.band_stride,
                time_stride=params.time_stride,
                num_hidden_layers=params.num_layers,
                hidden_size=params.hidden_dim,
                num_attention_heads=params.num_heads,
                intermediate_size=params.intermediate_dim,
                hidden_dropout_prob=params.dropout,
                attention_probs_dropout_prob=params.dropout,
            )
            network = ASTModel(config)
            if by_convolutions:
                network.embeddings.register_module("patch_embeddings", _ConvolutionalStem(params))
            scale, shift = 1 / preprocessor.std_db, -preprocessor.mean_db / preprocessor.std_db
            self.least = -math.inf
        else:
            network = load_network(ASTModel, params.pretrained)
            _check_features(params.pretrained, network.config, features)
            _fit_positions(network, features.num_frames)
            self.patch_frames = cast(int, network.config.patch_size)
            mean, spread = _normalisation(params.pretrained)
            scale = np.full(features.n_mels, math.log(10) / 10 / spread)
            shift = (_kaldi_offsets(features) - mean) / spread
            self.least = (_KALDI_FLOOR - mean) / spread
        self.config: Any = network.config
        self.register_buffer("scale", torch.as_tensor(scale, dtype=torch.float32).view(1, -1, 1))
        self.register_buffer("shift", torch.as_tensor(shift, dtype=torch.float32).view(1, -1, 1))
        self.network: nn.Module = network
        self.projection: nn.Module = nn.Identity()
        self.embedding_dim = int(network.config.hidden_size)
        if params.tuning == "frozen":
            self.network = Frozen(network)
            self.projection = nn.Sequential(nn.Linear(self.embedding_dim, params.projection_dim), nn.Tanh())
            self.embedding_dim = params.projection_dim
        self.token_dim = self.embedding_dim

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return what is heard in each patch (B, T, embedding_dim), band by band, and which are within the clip."""
        output, attended = self._states(features)
        return self.projection(output.last_hidden_state[:, _SPECIAL_TOKENS:]), attended[:, _SPECIAL_TOKENS:]

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, embedding_dim)."""
        output, attended = self._states(features)
        pooled = output.pooler_output
        if self.pooling == "mean":
            inside = attended[:, _SPECIAL_TOKENS:, None].to(pooled.dtype)
            pooled = (output.last_hidden_state[:, _SPECIAL_TOKENS:] * inside).sum(dim=1) / inside.sum(dim=1)
        embedding: Tensor = self.projection(pooled)
        return embedding

    def _states(self, features: Mapping[str, Tensor]) -> tuple[Any, Tensor]:
        """Return the transformer's output, and which of its tokens are attended to (B, tokens)."""
        log_mel, num_frames = trim(features, "log_mel")
        log_mel = (log_mel * self.scale + self.shift).clamp(min=self.least)
        log_mel = log_mel.masked_fill(behind(num_frames, log_mel.shape[2])[:, None, :], 0.0)
        if self.training:
            log_mel = mask_frames(mask_bands(log_mel, self.params), num_frames, self.params)
        bands, frames = self.config.num_mel_bins, self.config.max_length
        log_mel = pad(log_mel, (0, frames - log_mel.shape[2], 0, bands - log_mel.shape[1]))
        attended = self._attended(num_frames)
        return self.network(log_mel.transpose(1, 2), attention_mask=attended), attended

    def _attended(self, num_frames: Tensor) -> Tensor:
        """Return which tokens are attended to (B, tokens): the special ones, and patches needed to cover a clip."""
        bands, steps = _grid(self.config)
        beyond = (num_frames - self.patch_frames).clamp(min=0)
        needed = 1 + (beyond + self.config.time_stride - 1) // self.config.time_stride
        patches = ~behind(needed, steps)[:, None, :].expand(-1, bands, -1).flatten(1)
        return pad(patches, (_SPECIAL_TOKENS, 0), value=True)


class _ConvolutionalStem(nn.Module):
    """Strided convolutions over spectrograms (B, T, bands), in place of the patches of AST.

    Gives (B, bands / band_stride * T / time_stride, hidden_dim).
    """

    def __init__(self, params: AstParameters) -> None:
        super().__init__()
        over_bands, over_time = params.band_stride.bit_length() - 1, params.time_stride.bit_length() - 1
        count = max(over_bands, over_time)
        layers: list[nn.Module] = []
        before = 1
        for index in range(count):
            after = max(8, params.hidden_dim >> (count - 1 - index))
            strides = (2 if index < over_bands else 1, 2 if index < over_time else 1)
            layers += [
                nn.Conv2d(before, after, 3, stride=strides, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
            before = after
        self.layers = nn.Sequential(*layers, nn.Conv2d(before, params.hidden_dim, 1))
        self.layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Return the patches, band by band."""
        patches: Tensor = self.layers(spectrograms.transpose(1, 2)[:, None])
        return patches.flatten(2).transpose(1, 2)


def _covering(size: int, patch_size: int, stride: int) -> int:
    """Return the least size, ``size`` or more, that patches fill to its end."""
    return patch_size + math.ceil(max(0, size - patch_size) / stride) * stride


def _grid(config: Any) -> tuple[int, int]:
    """Return how many patches there are over bands and over time."""
    bands = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
    return bands, (config.max_length - config.patch_size) // config.time_stride + 1


def _check_features(pretrained: Pretrained, config: Any, features: Features) -> None:
    asked = {
        "sample_rate_hz": pretrained.preprocessing.get("sampling_rate", _RATE_HZ),
        "hop_length": round(features.sample_rate_hz * _KALDI_HOP_SECONDS),
        "n_mels": config.num_mel_bins,
    }
    for name, value in asked.items():
        if getattr(features, name) != value:
            raise KefuError(
                f"audio.encoder.ast.pretrained: {pretrained.source} was trained with {name} {value}, "
                f"audio.features.{name} is {getattr(features, name)}; set it to {value} and extract the features again"
            )


def _normalisation(pretrained: Pretrained) -> tuple[float, float]:
    """Return what the folder's ASTFeatureExtractor subtracts from the logarithms, and what it divides them by."""
    settings = pretrained.preprocessing
    if not settings.get("do_normalize", True):
        return 0.0, 1.0
    mean, std = settings.get("mean", _AUDIO_SET_MEAN), settings.get("std", _AUDIO_SET_STD)
    if not isinstance(mean, int | float) or not isinstance(std, int | float) or std <= 0:
        raise KefuError(f"{pretrained.source}: {PREPROCESSING} gives mean {mean!r} and std {std!r}; numbers are needed")
    return float(mean), 2 * float(std)


def _fit_positions(network: "ASTModel", num_frames: int) -> None:
    """Cut the position embeddings to ``num_frames``, or stretch them where they are fewer."""
    config: Any = network.config
    bands, steps = _grid(config)
    covering = _covering(num_frames, config.patch_size, config.time_stride)
    config.max_length = min(covering, config.max_length) if num_frames <= config.max_length else covering
    _, wanted = _grid(config)
    positions = network.embeddings.position_embeddings.detach()
    special, patches = positions[:, :_SPECIAL_TOKENS], positions[0, _SPECIAL_TOKENS:]
    over_time = patches.view(bands, steps, -1).transpose(1, 2)
    fitted = over_time[:, :, :wanted] if wanted <= steps else interpolate(over_time, wanted, mode="linear")
    fitted = fitted.transpose(1, 2).flatten(0, 1)[None]
    network.embeddings.position_embeddings = nn.Parameter(torch.cat([special, fitted], dim=1))


def _kaldi_offsets(features: Features) -> NDArray[np.float64]:
    """Return what to add to the natural logarithm of kefu's mel powers to get those of Kaldi (``n_mels``,).

    kefu's filters are of equal area, Kaldi's of equal height; Kaldi lifts high frequencies by pre-emphasis. The centres
    of the bands differ a little between the two mel scales, and that is left.
    """
    edges_hz = mel_edges_hz(features)
    angles = 2 * np.pi * edges_hz[1:-1] / features.sample_rate_hz
    emphasis = 1 + _PRE_EMPHASIS**2 - 2 * _PRE_EMPHASIS * np.cos(angles)
    offsets: NDArray[np.float64] = np.log((edges_hz[2:] - edges_hz[:-2]) / 2) + np.log(emphasis)
    return offsets
