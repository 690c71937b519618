"""Ways in which a picture is spoilt, by degrees: four of those in Hendrycks and Dietterich 2019.

"Benchmarking Neural Network Robustness to Common Corruptions and Perturbations" has blur, noise and compression; to
cover a part is from Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks".
"""

import math

import cv2
import numpy as np

from kefu.modalities.contract import Corruption
from kefu.modalities.image.augment import add_noise, recompress
from kefu.modalities.image.decode import Pixels

_GREY = 127


def blur(pixels: Pixels, percent: float, _: np.random.Generator) -> Pixels:
    """Blur by a Gaussian.

    Args:
        pixels: uint8 RGB (H, W, 3).
        percent: standard deviation as a share of the shorter side, so that it means the same for pictures of any size.
    """
    sigma = percent / 100 * min(pixels.shape[:2])
    return cv2.GaussianBlur(pixels, (0, 0), sigma) if sigma > 0 else pixels


def noise(pixels: Pixels, std: float, rng: np.random.Generator) -> Pixels:
    """Add white Gaussian noise.

    Args:
        pixels: uint8 RGB (H, W, 3).
        std: standard deviation in grey levels, 0 to 255.
        rng: an equal generator gives the same noise, louder or fainter.
    """
    return add_noise(pixels, std, rng)


def compress(pixels: Pixels, quality: float, _: np.random.Generator) -> Pixels:
    """Compress as JPEG of a quality from 1 (worst) to 100."""
    return recompress(pixels, round(quality))


def cover(pixels: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Cover a part with a grey rectangle of the picture's proportions.

    Args:
        pixels: uint8 RGB (H, W, 3); it is not changed.
        percent: share of the area, 0 to 100.
        rng: where the rectangle lies; with an equal generator a larger one holds the smaller.
    """
    height, width = pixels.shape[:2]
    part = math.sqrt(percent / 100)
    down, right = rng.random(2) * (1 - part)
    top, bottom = round(down * height), round((down + part) * height)
    left, end = round(right * width), round((right + part) * width)
    covered = pixels.copy()
    covered[top:bottom, left:end] = _GREY
    return covered


CORRUPTIONS = (
    Corruption("blur", "σ, % of the shorter side", intact=0, levels=(1, 2, 3, 5, 8), apply=blur),
    Corruption("noise", "σ, grey levels of 255", intact=0, levels=(10, 20, 40, 60, 100), apply=noise),
    Corruption(
        "JPEG",
        "JPEG quality (–: not compressed)",
        intact=100,
        levels=(90, 60, 30, 15, 5),
        apply=compress,
        intact_name="–",
    ),
    Corruption("occlusion", "Covered area, %", intact=0, levels=(10, 20, 40, 60, 80), apply=cover),
)
