"""Averages over a picture and its mirror image."""

from collections.abc import Mapping

from torch import Tensor, nn

from kefu.modalities.image.encoders.jitter import Jitter
from kefu.modalities.image.encoders.pixels import PixelEncoder


class MirrorAveraging(nn.Module):
    """An encoder whose embeddings are, outside training, the mean over each picture and its mirror image.

    Test-time augmentation as in Krizhevsky et al. 2012; it doubles the time. Expects ``pixels`` (B, 3, H, W) uint8;
    gives embeddings (B, embedding_dim).
    """

    def __init__(self, encoder: PixelEncoder | Jitter) -> None:
        super().__init__()
        self.encoder = encoder
        self.embedding_dim = encoder.embedding_dim
        self.token_dim = encoder.token_dim

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the encoder's own tokens: places of a picture and of its mirror image are not the same."""
        return self.encoder.tokens(features)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, embedding_dim)."""
        embedding: Tensor = self.encoder(features)
        if self.training:
            return embedding
        return (embedding + self.encoder({"pixels": features["pixels"].flip(3)})) / 2
