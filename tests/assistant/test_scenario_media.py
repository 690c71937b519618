import io
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest

from kefu.assistant.scenario_media import DrawnPicture, SpokenWords, draw, record
from kefu.assistant.yaml_files import ShopError


def decode(data: bytes) -> np.ndarray | None:
    return cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)


def test_a_drawing_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    first, again, other = (
        draw(DrawnPicture(draw=("login",), seed=seed, order="A12345"), "en", tmp_path) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert decode(first).shape[2] == 3


def test_words_are_black_on_white(tmp_path: Path) -> None:
    pixels = decode(draw(DrawnPicture(words=("ORDER A12345", "yes")), "en", tmp_path))
    assert pixels.max() == 255
    assert pixels.min() < 40
    assert np.median(pixels) == 255


def test_a_broken_picture_is_half_of_one(tmp_path: Path) -> None:
    whole, half = (draw(DrawnPicture(words=("a",), broken=broken), "en", tmp_path) for broken in (False, True))
    assert half == whole[: len(whole) // 2]


@pytest.mark.parametrize(
    ("intents", "message"),
    [(("logon",), "there is no demo intent 'logon'"), (("login", "refund"), "nothing looks like login, refund alike")],
)
def test_what_cannot_be_drawn_is_told(tmp_path: Path, intents: tuple[str, ...], message: str) -> None:
    with pytest.raises(ShopError, match=message):
        draw(DrawnPicture(draw=intents), "en", tmp_path)


def test_what_pictures_mix_up_can_be_drawn(tmp_path: Path) -> None:
    assert draw(DrawnPicture(draw=("login", "payment_failed")), "zh", tmp_path)
    assert draw(DrawnPicture(draw=("anything",)), "zh", tmp_path)


def test_files_lie_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")
    assert draw(DrawnPicture(file="a.png"), "en", tmp_path) == b"picture"
    (tmp_path / "a.wav").write_bytes(b"voice")
    assert record(SpokenWords(say="yes", file="a.wav"), "en", tmp_path) == b"voice"
    with pytest.raises(ShopError, match=r"b\.png: No such file or directory; a scenario names it"):
        draw(DrawnPicture(file="b.png"), "en", tmp_path)


@pytest.mark.parametrize(("say", "language"), [("yes please", "en"), ("我要退款", "zh")])
def test_words_are_spoken(tmp_path: Path, say: str, language: str) -> None:
    pytest.importorskip("espeakng_loader")
    first, again = (record(SpokenWords(say=say, seed=1), language, tmp_path) for _ in range(2))
    assert first == again
    with wave.open(io.BytesIO(first)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert 0.3 < file.getnframes() / file.getframerate() < 5
