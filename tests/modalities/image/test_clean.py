import os
import struct
import zlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from kefu.modalities.contract import Cleaned
from kefu.modalities.image.clean import Cleaning, clean, perceptual_hash
from kefu.modalities.image.payload import pack, unpack
from kefu.tickets.faults import Fault, Reason

PARAMS = Cleaning()
RETAIL = Path(os.environ.get("KEFU_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "retail_tickets"


def distance(left: int, right: int) -> int:
    return (left ^ right).bit_count()


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"\0\0\0\0IEND\xaeB`\x82"
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + end


@pytest.fixture
def faulty(photo, encode):
    jpeg, png = encode(".jpg", photo), encode(".png", photo)
    grain = np.random.default_rng(0).integers(100, 104, (64, 64, 3), dtype=np.uint8)
    return {
        "path": ("photo.jpg", Reason.WRONG_TYPE, "got str"),
        "nothing": (b"", Reason.EMPTY, "0 bytes"),
        "web page": (b"<html>404 Not Found</html>", Reason.NOT_AN_IMAGE, "found HTML"),
        "document": (b"%PDF-1.4", Reason.NOT_AN_IMAGE, "found PDF"),
        "phone": (b"\0\0\0\x18ftypheic" + bytes(99), Reason.UNDECODABLE, "save it as JPEG or PNG"),
        "cut JPEG": (jpeg[: len(jpeg) // 2], Reason.TRUNCATED, "JPEG is cut off"),
        "JPEG without its end marker": (jpeg[:-2], Reason.TRUNCATED, "JPEG is cut off"),
        "cut PNG": (png[: len(png) // 2], Reason.TRUNCATED, "PNG is cut off"),
        "PNG without IEND": (png[:-12], Reason.TRUNCATED, "PNG is cut off"),
        "cut WebP": (encode(".webp", photo)[:-9], Reason.TRUNCATED, "WebP is cut off"),
        "cut header": (png[:20], Reason.TRUNCATED, "PNG ends inside its header"),
        "bomb": (png_header(50_000, 50_000), Reason.TOO_MANY_PIXELS, "2,500.0 megapixels"),
        "damaged": (png[:60] + b"\0\0" + png[62:], Reason.UNDECODABLE, "could not be decoded"),
        "tiny": (encode(".png", photo[:15]), Reason.TOO_SMALL, "128 x 15 px"),
        "black": (encode(".jpg", photo * 0), Reason.BLANK, "one colour"),
        "grain": (encode(".png", grain), Reason.BLANK, "one colour"),
        "transparent": (encode(".png", np.dstack([photo, photo[:, :, 0] * 0])), Reason.BLANK, "one colour"),
    }


def test_every_fault_is_found_and_told_in_one_line(faulty, capfd):
    for name, (raw, reason, detail) in faulty.items():
        fault = clean(raw, PARAMS)
        assert isinstance(fault, Fault), name
        assert fault.reason is reason, (name, fault)
        assert detail in fault.detail, (name, fault)
        assert "\n" not in fault.detail
    assert capfd.readouterr() == ("", "")


def test_a_bomb_is_not_decoded(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    assert clean(png_header(50_000, 50_000), PARAMS).reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp", ".bmp", ".gif", ".tiff"])
def test_any_damage_is_answered_in_silence(extension, make_photo, encode, capfd):
    raw, rng = encode(extension, make_photo(0, 24, 32)), np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(raw)
        for position in rng.integers(0, len(raw), 3):
            damaged[position] = rng.integers(256)
        assert isinstance(clean(bytes(damaged), Cleaning(max_megapixels=1)), Cleaned | Fault)
    assert capfd.readouterr() == ("", "")


def test_limits_are_inclusive(photo, encode):
    raw = encode(".png", photo)
    exact = {"max_bytes": len(raw), "max_megapixels": 128 * 96 / 1e6, "min_side_px": 96}
    assert isinstance(clean(raw, Cleaning(**exact)), Cleaned)
    for name, step, reason in (
        ("max_bytes", -1, Reason.FILE_TOO_LARGE),
        ("max_megapixels", -1e-6, Reason.TOO_MANY_PIXELS),
        ("min_side_px", 1, Reason.TOO_SMALL),
    ):
        assert clean(raw, Cleaning(**exact | {name: exact[name] + step})).reason is reason


def test_unknown_parameters_are_refused():
    with pytest.raises(ValidationError, match="max_byte"):
        Cleaning(max_byte=3)


def test_facts_describe_the_original(make_photo, encode):
    raw = encode(".jpg", make_photo(1, 600, 900))
    cleaned = clean(raw, PARAMS)
    assert cleaned.payload.shape == (85, 128, 3)
    assert cleaned.payload.dtype == np.uint8
    facts = dict(cleaned.facts)
    assert (facts.pop("width_px"), facts.pop("height_px"), facts.pop("format")) == (900, 600, "JPEG")
    assert facts.pop("phash") == f"{perceptual_hash(cleaned.payload):016x}"
    assert facts.pop("digest") == clean(raw, PARAMS).facts["digest"] != clean(raw + b" ", PARAMS).facts["digest"]
    assert facts.pop("brightness") == pytest.approx(cleaned.payload.mean() / 255, abs=0.05)
    assert facts.pop("sharpness") > 0
    assert not facts


def test_facts_give_the_size_after_turning_upright(photo, encode):
    jpeg = encode(".jpg", photo)
    note = b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 274, 3, 1, 6, 0, 0)
    cleaned = clean(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note + jpeg[2:], PARAMS)
    assert (cleaned.facts["width_px"], cleaned.facts["height_px"]) == (96, 128)
    assert cleaned.payload.shape == (128, 96, 3)


def test_brightness_and_sharpness_order_pictures(photo, encode):
    def facts(pixels):
        return clean(encode(".png", pixels), PARAMS).facts

    assert facts(photo // 2)["brightness"] == pytest.approx(facts(photo)["brightness"] / 2, abs=0.01)
    grain = np.random.default_rng(0).integers(0, 256, photo.shape, dtype=np.uint8)
    assert facts(cv2.GaussianBlur(grain, (0, 0), 2))["sharpness"] < facts(grain)["sharpness"] / 10


def test_two_colours_of_equal_luma_are_not_blank(encode):
    pixels = np.full((64, 64, 3), (150, 100, 100), np.uint8)
    pixels[:, 32:] = (100, 125, 100)
    assert isinstance(clean(encode(".png", pixels), PARAMS), Cleaned)


def test_the_hash_is_near_for_changed_and_far_for_other_pictures(make_photo, encode):
    pictures = [make_photo(seed, 480, 640) for seed in range(12)]
    hashes = [perceptual_hash(picture) for picture in pictures]
    for picture, value in zip(pictures, hashes, strict=True):
        recompressed = clean(encode(".jpg", picture, cv2.IMWRITE_JPEG_QUALITY, 30), PARAMS).facts["phash"]
        darker = perceptual_hash((picture * 0.8).astype(np.uint8))
        smaller = perceptual_hash(cv2.resize(picture, (200, 150), interpolation=cv2.INTER_AREA))
        assert max(distance(value, other) for other in (int(recompressed, 16), darker, smaller)) <= 8
    others = [distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(others) > 12
    assert 28 < np.mean(others) < 36


@pytest.mark.parametrize("shape", [(96, 128), (1, 1), (128, 3)])
def test_packing_loses_nothing(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    packed = pack(pixels)
    assert packed.startswith(b"\x89PNG")
    np.testing.assert_array_equal(unpack(packed), pixels)


@pytest.mark.parametrize("data", [b"", b"not a picture"])
def test_unpacking_something_else_is_an_error(data):
    with pytest.raises(ValueError, match=f"got {len(data)} bytes"):
        unpack(data)


@pytest.mark.slow
@pytest.mark.skipif(not RETAIL.is_dir(), reason=f"{RETAIL} is absent; KEFU_SHARED names the folder of real data")
def test_of_the_retail_photos_exactly_the_planted_ones_are_faulted(capfd):
    found = {path.name: clean(path.read_bytes(), PARAMS) for path in sorted((RETAIL / "images").iterdir())}
    reasons = Counter(value.reason if isinstance(value, Fault) else "good" for value in found.values())
    assert reasons == {"good": 2309, Reason.TRUNCATED: 20, Reason.NOT_AN_IMAGE: 12, Reason.BLANK: 12}
    assert capfd.readouterr() == ("", "")
