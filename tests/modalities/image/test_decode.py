import os
import struct
import threading

import cv2
import numpy as np
import pytest

from kefu.modalities.image.decode import decode
from kefu.modalities.image.header import read_header
from kefu.tickets.faults import Fault, Reason

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
# Where the stored corners, A B above C D, belong when the picture is upright (EXIF 2.32, tag 274).
UPRIGHT = {1: "ABCD", 2: "BADC", 3: "DCBA", 4: "CDAB", 5: "ACBD", 6: "CADB", 7: "DBCA", 8: "BDAC"}


def decoded(data: bytes, side_px: int = 128):
    return decode(data, read_header(data), side_px)


def corners(height: int, width: int) -> np.ndarray:
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2], pixels[: height // 2, width // 2 :] = RED, GREEN
    pixels[height // 2 :, : width // 2], pixels[height // 2 :, width // 2 :] = BLUE, WHITE
    return pixels


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    note = b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note + jpeg[2:]


@pytest.mark.parametrize("size", [(48, 64), (480, 640), (960, 1280)])  # decoded whole, at a half, at an eighth
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(orientation, size, encode):
    data = with_orientation(encode(".jpg", corners(*size), cv2.IMWRITE_JPEG_QUALITY, 95), orientation)
    pixels = decoded(data)
    height, width = pixels.shape[:2]
    assert (height < width) == (orientation < 5)
    shown = [pixels[y, x] for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    expected = [dict(zip("ABCD", (RED, GREEN, BLUE, WHITE), strict=True))[name] for name in UPRIGHT[orientation]]
    np.testing.assert_allclose(shown, expected, atol=12)


@pytest.mark.parametrize("size", [(960, 1440), (1440, 960), (300, 256), (130, 100), (129, 4000)])
def test_the_longest_side_becomes_the_working_side(size, make_photo, encode):
    height, width = decoded(encode(".jpg", make_photo(0, *size))).shape[:2]
    assert max(height, width) == 128
    assert abs(height / width - size[0] / size[1]) < 1 / min(height, width)


@pytest.mark.parametrize("size", [(96, 128), (20, 31), (127, 1)])
def test_small_pictures_keep_their_size(size, make_photo, encode):
    pixels = make_photo(0, *size)
    np.testing.assert_array_equal(decoded(encode(".png", pixels)), pixels)


def test_reduced_decoding_shows_the_same_picture(make_photo, encode):
    data = encode(".jpg", make_photo(3, 960, 1440))
    whole = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    expected = cv2.resize(whole, (128, 85), interpolation=cv2.INTER_AREA)
    assert np.abs(decoded(data).astype(int) - expected).mean() < 1.5


def test_reduced_decoding_never_falls_below_the_working_side(monkeypatch, make_photo, encode):
    sides = []
    imdecode = cv2.imdecode

    def spy(data, flags):
        pixels = imdecode(data, flags)
        sides.append(max(pixels.shape[:2]))
        return pixels

    files = [encode(".jpg", make_photo(0, 64, side)) for side in (255, 256, 511, 512, 1023, 1024, 1500)]
    monkeypatch.setattr(cv2, "imdecode", spy)
    for data in files:
        decoded(data)
    assert sides == [255, 128, 256, 128, 256, 128, 188]


def test_transparency_is_laid_over_white(photo, encode):
    alpha = np.zeros(photo.shape[:2], np.uint8)
    alpha[:, 64:] = 255
    alpha[:10] = 51
    for extension in (".png", ".webp"):
        pixels = decoded(encode(extension, np.dstack([photo, alpha]), *((64, 101) if extension == ".webp" else ())))
        assert (pixels[10:, :64] == 255).all()
        np.testing.assert_array_equal(pixels[10:, 64:], photo[10:, 64:])
        np.testing.assert_allclose(pixels[:10], 255 - (255 - photo[:10].astype(float)) * 0.2, atol=1)


@pytest.mark.parametrize("extension", [".png", ".tiff", ".bmp", ".jpg"])
def test_grey_becomes_rgb(extension, photo, encode):
    grey = photo[:, :, 0]
    pixels = decoded(encode(extension, grey))
    assert pixels.shape == (96, 128, 3)
    np.testing.assert_allclose(pixels.astype(int), np.dstack([grey] * 3), atol=12 if extension == ".jpg" else 0)


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_sixteen_bits_become_eight(extension, photo, encode):
    pixels = decoded(encode(extension, photo.astype(np.uint16) * 257))
    np.testing.assert_allclose(pixels.astype(int), photo, atol=1)
    assert pixels.dtype == np.uint8


def test_palettes_and_the_first_frame_of_a_gif(encode):
    pixels = decoded(encode(".gif", corners(40, 60)))
    np.testing.assert_allclose([pixels[5, 5], pixels[5, 55], pixels[35, 5]], [RED, GREEN, BLUE], atol=40)


def cmyk_jpeg(inks: tuple[int, int, int, int]) -> bytes:
    """A 16 x 16 Adobe CMYK JPEG (inverted, as Adobe writes it) of one colour, put together by hand from T.81."""

    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    # DC codes: the 12 categories as 4-bit numbers; AC codes: "0" ends the block.
    tables = b"\0" + bytes([0, 0, 0, 12, *[0] * 12]) + bytes(range(12)) + b"\x10" + bytes([1, *[0] * 15]) + b"\0"
    bits = ""
    previous = [0, 0, 0, 0]
    for _ in range(4):
        for component, ink in enumerate(inks):
            level = 255 - ink - 128  # a step of 8 in the table below makes the DC coefficient the level itself
            difference, previous[component] = level - previous[component], level
            size = abs(difference).bit_length()
            value = difference if difference >= 0 else difference + (1 << size) - 1
            bits += f"{size:04b}" + (f"{value:0{size}b}" if size else "") + "0"
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return (
        b"\xff\xd8"
        + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
        + segment(0xDB, b"\0" + bytes([8] * 64))
        + segment(0xC0, struct.pack(">BHHB", 8, 16, 16, 4) + b"".join(bytes([i, 0x11, 0]) for i in range(1, 5)))
        + segment(0xC4, tables)
        + segment(0xDA, b"\4" + b"".join(bytes([i, 0]) for i in range(1, 5)) + b"\0\x3f\0")
        + scan
        + b"\xff\xd9"
    )


@pytest.mark.parametrize(
    ("inks", "colour"), [((0, 0, 0, 0), (255, 255, 255)), ((0, 255, 255, 0), (255, 0, 0)), ((0, 0, 0, 155), (100,) * 3)]
)
def test_cmyk_becomes_rgb(inks, colour):
    np.testing.assert_allclose(decoded(cmyk_jpeg(inks)).mean(axis=(0, 1)), colour, atol=2)


def test_damage_is_found_and_nothing_is_printed(photo, encode, capfd):
    jpeg, png = encode(".jpg", photo), encode(".png", photo)
    third = len(jpeg) // 3
    damaged = {
        "cut, then closed": (jpeg[: 2 * third] + b"\xff\xd9", Reason.TRUNCATED),
        "overwritten": (jpeg[: 2 * third] + b"\xff\x00" * 30 + jpeg[2 * third + 60 :], Reason.UNDECODABLE),
        "flipped bits": (png[:60] + bytes([png[60] ^ 0xFF]) + png[61:], Reason.UNDECODABLE),
        "no pixels": (png[:33] + png[-12:], Reason.UNDECODABLE),
        "zeros": (encode(".webp", photo)[:40] + bytes(len(encode(".webp", photo)) - 40), Reason.UNDECODABLE),
        "floating point": (encode(".tiff", photo.astype(np.float32)), Reason.UNDECODABLE),
    }
    for name, (data, reason) in damaged.items():
        fault = decoded(data)
        assert isinstance(fault, Fault), name
        assert fault.reason is reason, (name, fault)
    assert capfd.readouterr() == ("", "")


def test_stray_bytes_between_segments_are_harmless(photo, encode, capfd):
    jpeg = encode(".jpg", photo)
    np.testing.assert_array_equal(decoded(jpeg[:-2] + b"\1\2\3" + jpeg[-2:]), decoded(jpeg))
    np.testing.assert_array_equal(decoded(jpeg + b"trailing junk"), decoded(jpeg))
    assert capfd.readouterr().err == ""


def test_what_others_print_meanwhile_is_passed_on(monkeypatch, photo, encode, capfd):
    imdecode = cv2.imdecode

    def chatty(data, flags):
        os.write(2, b"another thread's line\nCorrupt JPEG data: 3 extraneous bytes before marker 0xd9\n")
        return imdecode(data, flags)

    data = encode(".jpg", photo)
    monkeypatch.setattr(cv2, "imdecode", chatty)
    assert decoded(data).shape == photo.shape
    assert capfd.readouterr().err == "another thread's line\n"


def test_threads_share_the_standard_error_and_leave_it_as_it_was(photo, encode, capfd):
    data, results = encode(".jpg", photo), []
    threads = [threading.Thread(target=lambda: results.extend(decoded(data) for _ in range(10))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 40
    assert all((result == results[0]).all() for result in results)
    os.write(2, b"still here")
    assert capfd.readouterr().err == "still here"
