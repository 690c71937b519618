import struct
import zlib

import numpy as np
import pytest

from kefu.modalities.image.header import MAX_JPEG_SCANS, Header, read_header
from kefu.tickets.faults import Fault, Reason

FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WebP", ".bmp": "BMP", ".gif": "GIF", ".tiff": "TIFF"}


def exif(orientation: int, order: str = "<") -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


@pytest.mark.parametrize(("extension", "name"), FORMATS.items())
def test_format_and_size_are_read_from_the_content(extension, name, photo, encode):
    assert read_header(encode(extension, photo)) == Header(name, width_px=128, height_px=96)


def test_the_three_kinds_of_webp_tell_their_size(photo, encode):
    alpha = np.dstack([photo, photo[:, :, 0]])
    files = {encode(".webp", photo, 64, 80), encode(".webp", photo, 64, 101), encode(".webp", alpha, 64, 80)}
    assert {data[12:16] for data in files} == {b"VP8 ", b"VP8L", b"VP8X"}
    assert all(read_header(data) == Header("WebP", 128, 96) for data in files)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_wherever_it_may_stand(orientation, order, photo, encode):
    note = exif(orientation, order)
    jpeg, png, webp = encode(".jpg", photo), encode(".png", photo), encode(".webp", photo, 64, 80)
    extended = b"VP8X" + struct.pack("<II", 10, 8) + (127).to_bytes(3, "little") + (95).to_bytes(3, "little")
    riff = b"WEBP" + extended + webp[12:] + b"EXIF" + struct.pack("<I", len(note)) + note
    files = (
        jpeg[:2] + jpeg_segment(0xE1, b"Exif\0\0" + note) + jpeg[2:],
        png[:33] + png_chunk(b"eXIf", note) + png[33:],
        b"RIFF" + struct.pack("<I", len(riff)) + riff,
    )
    for data in files:
        header = read_header(data)
        assert (header.orientation, header.width_px, header.height_px) == (orientation, 128, 96), header.format


@pytest.mark.parametrize("note", [b"", b"II*\0", b"XX*\0" + bytes(40), exif(0), exif(9), exif(6)[:15]])
def test_a_damaged_orientation_does_not_cost_the_picture(note, photo, encode):
    jpeg = encode(".jpg", photo)
    assert read_header(jpeg[:2] + jpeg_segment(0xE1, b"Exif\0\0" + note) + jpeg[2:]) == Header("JPEG", 128, 96)


def test_the_end_mark_of_a_thumbnail_is_not_the_end_of_the_picture(photo, encode):
    jpeg = encode(".jpg", photo)
    thumbnail = jpeg_segment(0xE1, b"Exif\0\0" + exif(1) + encode(".jpg", photo[:16, :16]))
    whole = jpeg[:2] + thumbnail + jpeg[2:]
    assert read_header(whole).complete
    assert not read_header(whole[:-100]).complete


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp", ".bmp", ".gif"])
def test_a_missing_end_is_seen_and_trailing_bytes_are_not_mistaken_for_one(extension, photo, encode):
    data = encode(extension, photo)
    assert read_header(data + b"\r\n\0").complete
    for cut in (len(data) - 1, len(data) * 2 // 3):
        assert not read_header(data[:cut]).complete


@pytest.mark.parametrize("extension", FORMATS)
def test_every_prefix_of_every_format_is_answered(extension, encode, photo):
    data = encode(extension, photo[:20, :20])
    for length in range(1, min(len(data), 700)):
        assert isinstance(read_header(data[:length]), Header | Fault)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"<html>404 Not Found</html>", "HTML"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><p>", "HTML"),
        (b"<?xml version='1.0'?><rss/>", "XML"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04\x14\0", "ZIP"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "WAV audio"),
        (b"\0\0\0\x20ftypisom", "MP4"),
        (b"ID3\x04\0", "MP3"),
        ("图片加载失败,请稍后再试".encode() * 200, "text"),
        (b"Not found", "text"),
        (b"\x01\x02\x93\x94\x95\x96\x97\x98\x99", "unknown bytes 01 02 93"),
        (bytes(4000), "only zero bytes"),
        (b"\xff\xd8", "only 2 bytes of a JPEG"),
        (b"BM is how this sentence starts", "text"),
    ],
)
def test_what_stands_in_place_of_a_picture_is_named(data, found):
    fault = read_header(data)
    assert fault.reason is Reason.NOT_AN_IMAGE
    assert found in fault.detail


@pytest.mark.parametrize(("brand", "name"), [(b"heic", "HEIC"), (b"mif1", "HEIC"), (b"avif", "AVIF")])
def test_phone_formats_get_advice(brand, name):
    fault = read_header(b"\0\0\0\x18ftyp" + brand + bytes(12))
    assert fault == Fault(Reason.UNDECODABLE, f"{name} pictures cannot be read; save it as JPEG or PNG")


def test_contradictions_are_undecodable(photo, encode):
    png, jpeg = encode(".png", photo), encode(".jpg", photo)
    files = {
        "0 x 96": png[:16] + bytes(4) + png[20:],
        "IHDR": png[:12] + b"IDAT" + png[16:],
        "no marker": jpeg[:20] + b"\0\0" + jpeg[20:],
        "before its first scan": jpeg[:2] + b"\xff\xd9",
        "no width": b"II*\0" + struct.pack("<IHI", 8, 0, 0),
    }
    for detail, data in files.items():
        fault = read_header(data)
        assert fault.reason is Reason.UNDECODABLE, detail
        assert detail in fault.detail


def test_a_jpeg_of_countless_scans_is_refused():
    frame = jpeg_segment(0xC2, struct.pack(">BHHB", 8, 5000, 5000, 1) + b"\1\x11\0")
    scan = jpeg_segment(0xDA, b"\1\1\0\0\0\0") + b"\0"
    bomb = b"\xff\xd8" + frame + scan * (MAX_JPEG_SCANS + 1) + b"\xff\xd9"
    assert read_header(bomb) == Fault(
        Reason.UNDECODABLE, f"the JPEG is damaged: it has more than {MAX_JPEG_SCANS} scans"
    )
    assert read_header(b"\xff\xd8" + frame + scan * MAX_JPEG_SCANS + b"\xff\xd9") == Header("JPEG", 5000, 5000)
