"""The picture payload: RGB pixels, packed as PNG."""

import cv2
import numpy as np

from kefu.modalities.image.decode import Pixels
from kefu.parameters import Parameters


def pack(payload: Pixels, params: Parameters | None = None) -> bytes:
    """Encode RGB pixels (H, W, 3) as PNG, without loss."""
    # The payloads are read back a few times and small: speed counts for more than the last tenth of size.
    _, encoded = cv2.imencode(".png", cv2.cvtColor(payload, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return encoded.tobytes()


def unpack(data: bytes) -> Pixels:
    """Undo :func:`pack`.

    Raises:
        ValueError: The bytes are not a PNG.
    """
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if pixels is None:
        raise ValueError(f"expected a PNG written by pack, got {len(data)} bytes of something else")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
