import cv2
import numpy as np
import pytest


def _photo(seed: int, height: int, width: int) -> np.ndarray:
    """Smooth colour noise: compresses like a photo, and no two seeds look alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def make_photo():
    return _photo


@pytest.fixture
def photo():
    return _photo(0, 96, 128)


@pytest.fixture
def encode():
    def encode(extension: str, pixels: np.ndarray, *flags: int) -> bytes:
        """Encode RGB, RGBA or grey pixels as a picture file."""
        order = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[
            pixels.ndim if pixels.ndim == 2 else pixels.shape[2]
        ]
        done, encoded = cv2.imencode(extension, pixels if order is None else cv2.cvtColor(pixels, order), flags)
        assert done
        return encoded.tobytes()

    return encode
