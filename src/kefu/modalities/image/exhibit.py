"""A picture as a page shows it."""

import cv2
import numpy as np

from kefu.modalities.contract import Exhibit
from kefu.modalities.image.payload import unpack

SIDE_PX = 320
"""The longest side."""

_QUALITY = 80


def show(packed: bytes) -> Exhibit:
    """Return a packed picture as a JPEG of at most 320 px a side."""
    pixels = unpack(packed)
    scale = SIDE_PX / max(pixels.shape[:2])
    if scale < 1:
        size = tuple(max(1, round(side * scale)) for side in pixels.shape[1::-1])
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return Exhibit("image/jpeg", encoded.tobytes())
