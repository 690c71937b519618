"""Pictures changed a little, differently every time that they are looked at in training.

Copies made beforehand repeat themselves after a few epochs, and a network knows them by heart; these never do. All is
drawn by torch's global generator, on the CPU, so that a seed gives the same pictures on every device.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from kefu.modalities.image.encoders.pixels import PixelEncoder

# At strength 1, each drawn evenly from both sides of "no change".
_ROTATION = 0.2  # radians
_SCALE = 0.2  # of each side's length, so proportions change as well
_SHIFT = 0.075  # of each side's length
_SATURATION = 0.4
_CONTRAST = 0.3
_BRIGHTNESS = 0.15  # of white
_ERASED_SIDE = 0.4  # of the picture's, both sides
_ERASED_PICTURES = 0.7

_LUMA = (0.299, 0.587, 0.114)


class Jitter(nn.Module):
    """An encoder that in training sees each picture turned, scaled, shifted, recoloured and partly covered.

    Outside training it is the encoder itself. As in random affine and colour jitter, and cutout (DeVries & Taylor 2017,
    "Improved regularization of convolutional neural networks with cutout"), with one strength for all (Cubuk et al.
    2020, "RandAugment"). Expects ``pixels`` (B, 3, H, W) uint8; gives embeddings (B, embedding_dim).

    Args:
        encoder: what sees the pictures.
        strength: of all changes; 1 is far, 0 none.
    """

    def __init__(self, encoder: PixelEncoder, strength: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.strength = strength
        self.embedding_dim = encoder.embedding_dim
        self.token_dim = encoder.token_dim

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the encoder's tokens."""
        return self.encoder.tokens(self._seen(features))

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, embedding_dim)."""
        embedding: Tensor = self.encoder(self._seen(features))
        return embedding

    def _seen(self, features: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        if not self.training:
            return features
        pixels = move(features["pixels"].float(), self.strength)
        return {**features, "pixels": cover(recolour(pixels, self.strength), self.strength)}


def move(pixels: Tensor, strength: float) -> Tensor:
    """Rotate, scale and shift each of (B, 3, H, W); what comes into view is the picture mirrored at its edge."""
    size, (height, width) = len(pixels), pixels.shape[2:]
    angle, wide, high, right, down = _draw(
        size, strength, _ROTATION, _SCALE, _SCALE, 2 * _SHIFT, 2 * _SHIFT, device=pixels.device
    )
    cos, sin = angle.cos(), angle.sin()
    wide, high = 1 + wide, 1 + high
    # coordinates go from -1 to 1 along both sides: without the ratio of the sides a rotation would shear
    across = torch.stack([cos * wide, -sin * high * (height / width), right], dim=1)
    along = torch.stack([sin * wide * (width / height), cos * high, down], dim=1)
    grid = affine_grid(torch.stack([across, along], dim=1), list(pixels.shape), align_corners=False)
    return grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)


def recolour(pixels: Tensor, strength: float) -> Tensor:
    """Change saturation, contrast and brightness of each of (B, 3, H, W), which go from 0 to 255."""
    saturation, contrast, brightness = (
        amounts.view(-1, 1, 1, 1)
        for amounts in _draw(len(pixels), strength, _SATURATION, _CONTRAST, _BRIGHTNESS, device=pixels.device)
    )
    luma = torch.tensor(_LUMA, device=pixels.device).view(1, 3, 1, 1)
    grey = (pixels * luma).sum(dim=1, keepdim=True)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    coloured = grey + (pixels - grey) * (1 + saturation)
    return (mean + (coloured - mean) * (1 + contrast) + 255 * brightness).clamp(0, 255)


def cover(pixels: Tensor, strength: float) -> Tensor:
    """Lay a grey rectangle over most of the pictures (B, 3, H, W), its centre anywhere."""
    size, (height, width) = len(pixels), pixels.shape[2:]
    down, right, drawn = torch.rand(3, size).to(pixels.device)
    side = min(1.0, strength) * _ERASED_SIDE / 2
    rows = (torch.arange(height, device=pixels.device) / height - down[:, None]).abs() <= side
    columns = (torch.arange(width, device=pixels.device) / width - right[:, None]).abs() <= side
    covered = rows[:, :, None] & columns[:, None, :] & (drawn < _ERASED_PICTURES)[:, None, None]
    return torch.where(covered[:, None], 127.5, pixels)


def _draw(size: int, strength: float, *amounts: float, device: torch.device) -> Tensor:
    """Return for each amount as many numbers (len(amounts), size) from -amount to amount, times the strength."""
    limits = strength * torch.tensor(amounts)[:, None]
    return ((2 * torch.rand(len(amounts), size) - 1) * limits).to(device)
