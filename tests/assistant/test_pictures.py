import sys

import cv2
import numpy as np
import pytest

from kefu.assistant import pictures
from kefu.assistant.pictures import PictureReadingError, Snippet, join_lines, read_lines, read_picture
from kefu.demo.drawing import encode_jpeg
from kefu.demo.intents import Intent
from kefu.demo.parameters import DemoParameters
from kefu.demo.pictures import draw_picture
from kefu.demo.scenery import draw_ground
from kefu.demo.text import draw_matter
from kefu.tickets.faults import Fault, Reason

RECEIPTS = {
    "en": ("Order KF-20391", "Red mug 2 x 12.95", "Total 129.90 EUR", "Paid by card, thank you!"),
    "zh": ("订单号 KF-20391", "红色马克杯 两只", "合计 129.90 元", "支付失败，请换一张银行卡"),
}


def write(lines, size_px=26):
    """Write lines on white paper in the typeface that OpenCV 5 brings along, Chinese characters included."""
    if not hasattr(cv2, "FontFace"):
        pytest.skip("OpenCV before 5 writes no Chinese")
    paper = np.full((60 + 50 * len(lines), 520, 3), 245, dtype=np.uint8)
    face = cv2.FontFace("uni")
    for row, line in enumerate(lines):
        cv2.putText(paper, line, (30, 60 + 50 * row), (40, 40, 40), face, size_px, 400)
    return paper


def draw(intent, language, seed=3):
    rng = np.random.default_rng(seed)
    matter = draw_matter(rng)
    return draw_picture(frozenset({intent}), language, matter, DemoParameters(), rng), matter


@pytest.mark.parametrize("language", ["en", "zh"])
def test_receipts_are_read_in_both_languages(language):
    lines = read_lines(write(RECEIPTS[language]))
    assert [line.replace(" ", "") for line in lines] == [line.replace(" ", "") for line in RECEIPTS[language]]


def test_what_stands_side_by_side_is_one_line():
    paper = write(["Total", "Refund"])
    cv2.putText(paper, "129.90", (380, 60), (40, 40, 40), cv2.FontFace("uni"), 26, 400)
    assert read_lines(paper) == ("Total 129.90", "Refund")


@pytest.mark.parametrize(
    ("intent", "language", "detail"),
    [
        (Intent.REFUND, "en", "amount"),
        (Intent.REFUND, "zh", "amount"),
        (Intent.INVOICE, "en", "amount"),
        (Intent.WRONG_ITEM, "zh", "order"),
    ],
)
def test_details_are_read_off_photographs_of_the_demo(intent, language, detail):
    raw, matter = draw(intent, language)
    assert matter[detail] in " ".join(read_picture(raw))


def test_colours_are_told_to_the_engine_as_it_wants_them(monkeypatch):
    """RapidOCR takes blue first; kefu's pixels are red first."""
    seen = []

    def engine(given, **_):
        seen.append(given[0, 0].tolist())
        return type("Found", (), {"boxes": None})

    monkeypatch.setattr(pictures, "_engine", lambda: engine)
    assert read_lines(np.full((32, 32, 3), (200, 100, 0), dtype=np.uint8)) == ()
    assert seen == [[0, 100, 200]]


@pytest.mark.parametrize("kind", ["white", "scenery"])
def test_a_picture_without_text_has_no_lines(kind):
    pixels = np.full((240, 320, 3), 255, np.uint8) if kind == "white" else draw_ground(np.random.default_rng(0))
    assert read_picture(encode_jpeg(pixels, 90)) == ()


def test_a_photograph_on_its_side_is_turned_upright():
    paper = write(["Order KF-20391"])
    turned = encode_jpeg(cv2.rotate(paper, cv2.ROTATE_90_COUNTERCLOCKWISE), 92)
    # an EXIF segment with one entry, orientation 6: to be turned clockwise
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    exif = b"\xff\xe1" + (len(tiff) + 8).to_bytes(2, "big") + b"Exif\0\0" + tiff
    assert "KF-20391" in " ".join(read_picture(turned[:2] + exif + turned[2:]))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"<html></html>", Reason.NOT_AN_IMAGE),
        (encode_jpeg(np.zeros((64, 64, 3), np.uint8), 90)[:-20], Reason.TRUNCATED),
    ],
)
def test_what_is_no_picture_is_a_fault(raw, reason):
    fault = read_picture(raw)
    assert isinstance(fault, Fault)
    assert fault.reason is reason


@pytest.mark.parametrize(
    ("snippets", "lines"),
    [
        ([], ()),
        ([Snippet("b", 50, 0, 20), Snippet("a", 10, 0, 20)], ("a", "b")),
        ([Snippet("9.90", 9, 300, 20), Snippet(" Total ", 12, 5, 20), Snippet("x", 31, 0, 20)], ("Total 9.90", "x")),
        ([Snippet("a", 10, 0, 20), Snippet("b", 20.5, 0, 20)], ("a", "b")),
        ([Snippet("large", 10, 0, 60), Snippet("small", 20, 80, 10)], ("large", "small")),
    ],
)
def test_snippets_become_lines(snippets, lines):
    assert join_lines(snippets) == lines


def test_one_engine_a_process():
    assert pictures._engine() is pictures._engine()


def test_without_the_extra_the_mend_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(PictureReadingError, match=r"pip install 'kefu\[pictures\]'"):
        pictures._engine.__wrapped__()


def test_networks_are_never_downloaded(tmp_path):
    with pytest.raises(PictureReadingError, match=r"should hold one network \*_det_\*.onnx, not 0; install rapidocr"):
        pictures._find_network(tmp_path, "det")
