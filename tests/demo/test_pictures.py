import cv2
import numpy as np
import pytest

from kefu.demo import DemoParameters, Intent
from kefu.demo.articles import draw_article
from kefu.demo.english import COLOURS, PRODUCTS
from kefu.demo.intents import CONFUSIONS, VAGUE, Evidence
from kefu.demo.pictures import draw_picture
from kefu.demo.text import draw_matter

ALL_EVIDENCE = [frozenset({intent}) for intent in Intent] + [*CONFUSIONS["image"], VAGUE]


def draw(evidence: Evidence, seed: int, language: str = "en") -> bytes:
    rng = np.random.default_rng(seed)
    return draw_picture(evidence, language, draw_matter(rng), DemoParameters(), rng)


def decode(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("evidence", ALL_EVIDENCE, ids=lambda evidence: "+".join(sorted(evidence))[:40])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pictures_decode_vary_and_repeat(evidence: Evidence, language: str) -> None:
    pictures = [draw(evidence, seed, language) for seed in range(4)]
    assert len(set(pictures)) == 4
    assert draw(evidence, 0, language) == pictures[0]
    for picture in pictures:
        pixels = decode(picture)
        assert 256 <= max(pixels.shape[:2]) <= 384
        assert min(pixels.shape[:2]) >= 192
        assert pixels.std() > 10


def test_every_article_can_be_drawn_in_its_colour() -> None:
    for product in PRODUCTS:
        red, blue = draw_article(product, "red"), draw_article(product, "blue")
        assert (red.mask > 0).mean() > 0.15
        assert red.pixels[..., 2].mean() > blue.pixels[..., 2].mean()
    assert set(COLOURS) >= {"red", "blue"}


def test_chinese_customers_get_other_lettering() -> None:
    assert draw(frozenset({Intent.INVOICE}), 3, "zh") != draw(frozenset({Intent.INVOICE}), 3, "en")
