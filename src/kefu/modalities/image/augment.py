"""Changed copies of a picture that a person would still label the same."""

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from kefu.modalities.image.decode import Pixels
from kefu.parameters import Parameters

_LUMA = np.array([0.299, 0.587, 0.114])
# RGB to YIQ: hue is the angle in the plane of I and Q.
_YIQ = np.array([_LUMA, [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])

# A narrower Gaussian rounds to no blur at all in 8 bits.
_MIN_BLUR_PX = 0.5


class Augmentation(Parameters):
    """How far a copy may stray from its picture. An amount or a probability of 0 switches a change off."""

    flip: bool = Field(False, description="Mirror half of the copies; only where left and right mean the same.")
    rotate_degrees: float = Field(12.0, ge=0, le=180, description="Largest rotation, either way.")
    shear_degrees: float = Field(6.0, ge=0, le=45, description="Largest horizontal shear, either way.")
    min_crop_area: float = Field(0.6, gt=0, le=1, description="Smallest share of the picture's area that is kept.")
    max_stretch: float = Field(1.2, ge=1, le=4, description="Largest change of the proportions by the crop.")
    brightness: float = Field(0.2, ge=0, le=1, description="Largest shift of all channels, as a share of white.")
    contrast: float = Field(0.25, ge=0, lt=1, description="Largest relative change of contrast.")
    saturation: float = Field(0.3, ge=0, le=1, description="Largest relative change of saturation.")
    hue_degrees: float = Field(8.0, ge=0, le=180, description="Largest turn of the colour wheel.")
    blur_probability: float = Field(0.2, ge=0, le=1, description="Share of copies that are blurred.")
    max_blur_px: float = Field(1.2, ge=_MIN_BLUR_PX, description="Largest standard deviation of the blur.")
    noise_probability: float = Field(0.2, ge=0, le=1, description="Share of copies with sensor noise.")
    max_noise: float = Field(0.04, gt=0, le=1, description="Largest deviation of the noise, as a share of white.")
    jpeg_probability: float = Field(0.2, ge=0, le=1, description="Share of copies that are compressed once more.")
    min_jpeg_quality: int = Field(30, ge=1, le=95, description="Lowest quality of that compression; the highest is 95.")
    erase_probability: float = Field(0.25, ge=0, le=1, description="Share of copies with a rectangle erased.")
    min_erase_area: float = Field(0.02, gt=0, lt=1, description="Smallest erased share of the area.")
    max_erase_area: float = Field(0.2, gt=0, lt=1, description="Largest erased share of the area.")

    @model_validator(mode="after")
    def _areas_in_order(self) -> "Augmentation":
        if self.min_erase_area > self.max_erase_area:
            raise ValueError(
                f"min_erase_area {self.min_erase_area} is larger than max_erase_area {self.max_erase_area}"
            )
        return self


def augment(payload: Pixels, params: Augmentation, rng: np.random.Generator) -> Pixels:
    """Return a changed copy of the same size.

    Geometry (rotation, shear, crop, flip) is one resampling, colour one matrix; then come blur, noise, compression
    and random erasing (Zhong et al. 2020, "Random Erasing Data Augmentation").

    Args:
        payload: uint8 RGB (H, W, 3); it is not changed.
        params: Amounts and probabilities.
        rng: The only source of randomness: an equal generator gives an equal copy.
    """
    pixels = _warp(payload, params, rng)
    pixels = _shift_colours(pixels, params, rng)
    if rng.random() < params.blur_probability:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(_MIN_BLUR_PX, params.max_blur_px))
    if rng.random() < params.noise_probability:
        pixels = add_noise(pixels, 255 * rng.uniform(0.25, 1) * params.max_noise, rng)
    if rng.random() < params.jpeg_probability:
        pixels = recompress(pixels, int(rng.integers(params.min_jpeg_quality, 96)))
    if rng.random() < params.erase_probability:
        pixels = _erase(pixels, params, rng)
    return pixels


def _warp(pixels: Pixels, params: Augmentation, rng: np.random.Generator) -> Pixels:
    """Rotate, shear, crop and mirror with one map from the copy's coordinates to the picture's."""
    height, width = pixels.shape[:2]
    angle = math.radians(rng.uniform(-1, 1) * params.rotate_degrees)
    shear = math.tan(math.radians(rng.uniform(-1, 1) * params.shear_degrees))
    area = rng.uniform(params.min_crop_area, 1)
    stretch = math.exp(rng.uniform(-1, 1) * math.log(params.max_stretch))
    crop_width, crop_height = (min(1.0, math.sqrt(area * ratio)) for ratio in (stretch, 1 / stretch))
    offset = rng.uniform(-1, 1, 2) * ((1 - crop_width) * width / 2, (1 - crop_height) * height / 2)
    mirror = -1 if rng.random() < 0.5 and params.flip else 1

    cos, sin = math.cos(angle), math.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, shear], [0, 1]])
    linear = linear @ np.diag([mirror * crop_width, crop_height])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = centre + offset - linear @ centre
    if np.allclose(linear, np.eye(2)) and np.allclose(shift, 0):
        return pixels
    # Mirrored borders: black corners would tell the model how far a copy was turned.
    return cv2.warpAffine(
        pixels,
        np.column_stack([linear, shift]),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def _shift_colours(pixels: Pixels, params: Augmentation, rng: np.random.Generator) -> Pixels:
    """Change hue, saturation, contrast and brightness, all of them linear in RGB, with one 3 x 4 matrix."""
    brightness, contrast, saturation, hue = rng.uniform(-1, 1, 4) * (
        255 * params.brightness,
        params.contrast,
        params.saturation,
        math.radians(params.hue_degrees),
    )
    chroma = (1 + saturation) * np.array([[math.cos(hue), -math.sin(hue)], [math.sin(hue), math.cos(hue)]])
    turn = np.eye(3)
    turn[1:, 1:] = chroma
    matrix = (1 + contrast) * (np.linalg.inv(_YIQ) @ turn @ _YIQ)
    mean = cv2.mean(pixels)[:3]
    # Contrast spreads about the picture's mean grey, so that it does not act as a second brightness.
    offset = brightness - contrast * float(_LUMA @ mean)
    return cv2.transform(pixels, np.column_stack([matrix, [offset] * 3]))


def add_noise(pixels: Pixels, std: float, rng: np.random.Generator) -> Pixels:
    """Add white Gaussian noise of a standard deviation (grey levels, 0 to 255) to a picture (H, W, 3)."""
    noise: NDArray[np.float32] = rng.standard_normal(pixels.shape, dtype=np.float32)
    return cv2.addWeighted(pixels, 1.0, noise, std, 0.0, dtype=cv2.CV_8U)


def recompress(pixels: Pixels, quality: int) -> Pixels:
    """Compress a picture (H, W, 3) as JPEG of a quality (1 to 100), and decode it again."""
    # The codec sees R and B exchanged; its artefacts are the same in kind, and two conversions are saved.
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cast(Pixels, cv2.imdecode(encoded, cv2.IMREAD_COLOR))


def _erase(pixels: Pixels, params: Augmentation, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    area = rng.uniform(params.min_erase_area, params.max_erase_area) * height * width
    ratio = math.exp(rng.uniform(-1, 1) * math.log(3.0))
    erased_height = min(height, max(1, round(math.sqrt(area * ratio))))
    erased_width = min(width, max(1, round(math.sqrt(area / ratio))))
    top = int(rng.integers(0, height - erased_height + 1))
    left = int(rng.integers(0, width - erased_width + 1))
    noise = rng.integers(0, 256, (erased_height, erased_width, 3), dtype=np.uint8)
    pixels[top : top + erased_height, left : left + erased_width] = noise
    return pixels
