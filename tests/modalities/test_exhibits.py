"""Payloads as a browser shows and plays them."""

import io

import cv2
import numpy as np
import pytest
import soundfile

from kefu import modalities


def test_a_picture_is_a_small_jpeg_of_its_shape() -> None:
    image = modalities.get("image")
    pixels = np.random.default_rng(0).integers(0, 256, (200, 800, 3), dtype=np.uint8)
    pixels[:, :, 0] = 255
    found = image.show(image.pack(pixels, None))
    shown = cv2.imdecode(np.frombuffer(found.data, np.uint8), cv2.IMREAD_COLOR)
    assert (found.media_type, shown.shape) == ("image/jpeg", (80, 320, 3))
    assert shown[:, :, 2].mean() > 200, "red stays red"


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2000, 3), (40, 48, 3)])
def test_no_picture_is_enlarged_or_lost(shape: tuple[int, ...]) -> None:
    image = modalities.get("image")
    found = image.show(image.pack(np.full(shape, 9, np.uint8), None))
    shown = cv2.imdecode(np.frombuffer(found.data, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[0] <= shape[0]
    assert shown.shape[1] == min(shape[1], 320)


def test_a_voice_plays_at_its_own_rate() -> None:
    audio = modalities.get("audio")
    found = audio.show(audio.pack(np.zeros(800, np.float32), audio.Cleaning(sample_rate_hz=8000)))
    assert found.media_type == "audio/flac"
    assert soundfile.info(io.BytesIO(found.data)).samplerate == 8000


def test_a_text_is_itself() -> None:
    text = modalities.get("text")
    assert text.show(text.pack("退款 <b>", None)).data.decode() == "退款 <b>"
