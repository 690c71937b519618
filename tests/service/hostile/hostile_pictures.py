"""Pictures that nobody sends by accident, made by code."""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

Made = tuple[str, bytes, str]
"""A name, the bytes, and what becomes of them: ``refused``, ``damaged`` (the message is taken without the picture) or
``harmless`` (its pixels are kept, made anew)."""

MARK = b"HOSTILE-PAYLOAD"
"""Stands in every payload; nothing that is kept holds it."""
SCRIPT = b"<script>alert('%s')</script>" % MARK


def make_pictures() -> Iterator[Made]:
    """Yield all of them."""
    yield from _bombs()
    yield from _contradictions()
    yield from _polyglots()
    yield from _metadata()
    yield from _truncated()
    yield from _others()


def small(kind: str, **given: object) -> bytes:
    """Return a small picture of stripes."""
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[::4] = 200
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **given)
    return file.getvalue()


def chunk(name: bytes, data: bytes, crc: int | None = None) -> bytes:
    """Return a chunk of a PNG."""
    return (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data) if crc is None else crc)
    )


def png(width: int, height: int, rows: bytes, *extra: bytes, depth: int = 1, colour: int = 0) -> bytes:
    """Return a PNG of rows that are compressed already."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tiff(*tags: tuple[int, int, int], data: bytes = b"", next_directory: int = 0) -> bytes:
    """Return a TIFF whose one directory has tags (number, type, value)."""
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries
    return head + struct.pack("<I", next_directory) + data


def riff(kind: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a RIFF file."""
    body = kind + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _vp8x(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _vp8l(width: int, height: int) -> tuple[bytes, bytes]:
    bits = (width - 1) | (height - 1) << 14
    return b"VP8L", b"\x2f" + struct.pack("<I", bits) + b"\0" * 32


def _strip(width: int, height: int) -> list[tuple[int, int, int]]:
    return [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (278, 4, height)]


def _bombs() -> Iterator[Made]:
    rows = zlib.compress(b"\0" * 2**20)
    yield "png_bomb", png(60_000, 60_000, rows), "refused"
    yield "png_bomb_of_the_largest_sides", png(2**31 - 1, 2**31 - 1, rows), "refused"
    yield "png_bomb_of_few_bytes", png(4_800, 5_000, zlib.compress(b"\0" * 5_000 * 601)), "refused"
    padded = chunk(b"teST", MARK * 2_000)
    yield "png_bomb_that_fits", png(4_800, 5_000, zlib.compress(b"\0" * 5_000 * 601), padded), "harmless"
    clear = zlib.compress(b"\0" * 5_000 * (4 * 4_800 + 1))
    yield "png_transparent_bomb_that_fits", png(4_800, 5_000, clear, padded, depth=8, colour=6), "harmless"
    yield "png_one_pixel_high", png(20_000_000, 1, zlib.compress(b"\0" * 2_500_001), padded), "damaged"
    yield "gif_bomb", b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + b"\0" * 6 + b"\x3b", "refused"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x4c\x01\0\x3b"
    yield "gif_frame_bomb", b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + b"\0" * 6 + frame, "damaged"
    frames = (b"," + struct.pack("<HHHHB", 0, 0, 10, 10, 0) + b"\x02\x02\x4c\x01\0") * 100_000
    yield (
        "gif_many_frames",
        b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + b"\0" * 6 + frames + b"\x3b",
        "damaged",
    )
    yield "webp_bomb", riff(b"WEBP", _vp8x(2**24, 2**24), _vp8l(16_384, 16_384)), "refused"
    yield "webp_lossless_bomb", riff(b"WEBP", _vp8l(16_384, 16_384)), "refused"
    yield "tiff_bomb", tiff(*_strip(65_535, 65_535)), "refused"
    yield (
        "tiff_bomb_of_tiles",
        tiff((256, 4, 64), (257, 4, 64), (322, 4, 2**31), (323, 4, 2**31), (324, 4, 8)),
        "damaged",
    )
    yield (
        "bmp_bomb",
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 60, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, *[0] * 6),
        "refused",
    )
    yield "jpeg_bomb", _jpeg_of(65_535, 65_535), "refused"
    yield "jpeg_many_scans", _many_scans(), "refused"


def _jpeg_of(width: int, height: int) -> bytes:
    """Return a small JPEG whose header claims another size."""
    data = small("JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def _many_scans() -> bytes:
    data = small("JPEG", progressive=True)
    at = data.index(b"\xff\xda")
    scan = data[at : data.index(b"\xff\xc4", at)] if b"\xff\xc4" in data[at:] else data[at:-2]
    return data[:at] + scan * 1_000 + data[at:]


def _contradictions() -> Iterator[Made]:
    rows = zlib.compress(b"\0" * 1000)
    good = png(48, 32, zlib.compress(b"\0" * 224))
    yield "png_without_width", png(0, 10, rows), "refused"
    yield "png_negative_width", png(2**32 - 1, 10, rows), "refused"
    yield "png_unknown_depth", png(10, 10, rows, depth=99), "damaged"
    yield "png_unknown_colour", png(10, 10, rows, depth=8, colour=77), "damaged"
    yield (
        "png_two_headers",
        png(10, 10, rows, chunk(b"IHDR", struct.pack(">IIBBBBB", 9_000, 9_000, 8, 2, 0, 0, 0))),
        "damaged",
    )
    yield "png_palette_missing", png(10, 10, rows, depth=8, colour=3), "damaged"
    yield "png_broken_crc_of_header", good[:29] + b"\0\0\0\0" + good[33:], "damaged"
    yield "png_broken_crc_of_data", good.replace(good[-20:-16], b"\0\0\0\0"), "damaged"
    yield "png_chunk_longer_than_file", good[:33] + struct.pack(">I", 2**31 - 1) + b"IDAT" + b"x" * 50, "damaged"
    yield "png_data_is_noise", png(48, 32, b"\xff" * 500), "damaged"
    yield "gif_without_frame", b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0) + b"\x3b", "damaged"
    yield "gif_without_width", b"GIF89a" + struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b"\x3b", "refused"
    yield "webp_frame_larger_than_canvas", riff(b"WEBP", _vp8x(10, 10), _vp8l(16_384, 16_384)), "damaged"
    yield "webp_unknown_chunk", riff(b"WEBP", (b"EVIL", b"\0" * 30)), "refused"
    yield (
        "tiff_two_widths",
        tiff((256, 4, 60_000), (257, 4, 60_000), (256, 4, 10), (257, 4, 10), *_strip(10, 10)[2:]),
        "damaged",
    )
    yield "tiff_directory_is_itself", tiff(*_strip(10, 10), next_directory=8), "damaged"
    yield "tiff_data_beyond_the_file", tiff(*_strip(100, 100)[:5], (273, 4, 2**31), (278, 4, 100)), "damaged"
    yield "tiff_without_width", tiff((257, 4, 10)), "refused"
    yield "tiff_directory_beyond_the_file", b"II*\0" + struct.pack("<I", 2**32 - 1), "refused"
    yield (
        "bmp_negative_width",
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 60, 0, 54, 40, -10, 10, 1, 24, *[0] * 6) + b"\0" * 99,
        "refused",
    )
    yield (
        "bmp_lowest_height",
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 60, 0, 54, 40, 1, -(2**31), 1, 24, *[0] * 6),
        "refused",
    )
    yield "jpeg_without_width", _jpeg_of(0, 32), "refused"
    yield "jpeg_larger_than_its_data", _jpeg_of(6_000, 6_000), "refused"
    yield "jpeg_a_little_larger_than_its_data", _jpeg_of(1_000, 1_000), "damaged"


def _polyglots() -> Iterator[Made]:
    yield "gif_javascript", b"GIF89a/*" + small("GIF")[8:] + b"*/=1;alert('" + MARK + b"')", "damaged"
    yield "png_html", small("PNG") + SCRIPT, "harmless"
    yield (
        "png_html_in_a_comment",
        small("PNG").replace(b"IDAT", b"IDAT", 1)[:33] + chunk(b"tEXt", b"a\0" + SCRIPT) + small("PNG")[33:],
        "harmless",
    )
    yield "jpeg_zip", small("JPEG") + b"PK\x03\x04" + MARK + b"PK\x05\x06" + b"\0" * 18, "harmless"
    yield "jpeg_php", small("JPEG", comment=b"<?php system('" + MARK + b"') ?>"), "harmless"
    yield "jpeg_html_first", SCRIPT + small("JPEG"), "refused"
    yield "pdf_jpeg", b"%PDF-1.7\n" + SCRIPT + small("JPEG"), "refused"
    yield "png_executable", small("PNG") + b"\x7fELF" + MARK * 100, "harmless"
    yield "bmp_javascript", small("BMP") + b"*/alert('" + MARK + b"')", "harmless"
    yield "gif_with_a_comment", small("GIF")[:-1] + b"\x21\xfe" + bytes([len(MARK)]) + MARK + b"\0\x3b", "harmless"


def _metadata() -> Iterator[Made]:
    head, tail = small("PNG")[:33], small("PNG")[33:]
    yield "png_large_profile", head + chunk(b"iCCP", b"a\0\0" + zlib.compress(MARK * 400_000)) + tail, "harmless"
    yield (
        "png_compressed_text_bomb",
        head + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 200_000_000)) + tail,
        "harmless",
    )
    yield "png_entities", head + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + ENTITIES) + tail, "harmless"
    yield "png_many_chunks", head + chunk(b"tEXt", b"a\0" + MARK) * 50_000 + tail, "harmless"
    loop = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8) + MARK
    yield "jpeg_exif_loop", small("JPEG", exif=b"Exif\0\0" + loop), "harmless"
    yield "jpeg_exif_of_noise", small("JPEG", exif=b"Exif\0\0" + MARK * 4_000), "harmless"
    jpeg = small("JPEG")
    yield (
        "jpeg_many_segments",
        jpeg[:2] + (b"\xff\xe1" + struct.pack(">H", 60_002) + MARK * 4_000) * 100 + jpeg[2:],
        "harmless",
    )
    yield "jpeg_place_and_time", small("JPEG", exif=_exif()), "harmless"
    yield "jpeg_large_profile", small("JPEG", icc_profile=MARK * 50_000), "harmless"


def _exif() -> bytes:
    tags = Image.Exif()
    tags[0x010F], tags[0x0132] = MARK.decode(), "2026:01:01 10:00:00"
    tags.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return tags.tobytes()


def _truncated() -> Iterator[Made]:
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        data = small(kind)
        yield f"{kind.lower()}_cut_off", data[: len(data) * 3 // 4], "damaged"
        yield f"{kind.lower()}_ten_bytes", data[:10], "damaged" if kind == "GIF" else "refused"


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + MARK
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b']><x xmlns:xlink="http://www.w3.org/1999/xlink">&j;</x>'
)
"""The billion laughs (CWE-776)."""


def _others() -> Iterator[Made]:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/' + MARK + b'"/></svg>'
    yield "svg_that_fetches", svg, "refused"
    yield "svg_that_reads_files", b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg + b"&a;", "refused"
    yield "svg_with_a_script", b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", "refused"
    yield "xml_entities", ENTITIES, "refused"
    yield "html", b"<!doctype html>" + SCRIPT, "refused"
    yield (
        "magick_script",
        b"push graphic-context\nfill 'url(https://127.0.0.1/\"|ls \"-la)'\npop graphic-context",
        "refused",
    )
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file", "refused"
    yield "playlist", PLAYLIST, "refused"
    yield "list_of_files", b"ffconcat version 1.0\nfile /etc/passwd\n", "refused"
    yield "heic", b"\0\0\0\x18ftypheic" + b"\0" * 100, "refused"
    yield "avif", b"\0\0\0\x18ftypavif" + b"\0" * 100, "refused"
    yield "zip", b"PK\x03\x04" + MARK, "refused"
    yield "gzip_of_a_picture", b"\x1f\x8b\x08" + b"\0" * 7 + zlib.compress(small("PNG")), "refused"
    yield (
        "sound",
        riff(b"WAVE", (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16_000, 2, 16)), (b"data", b"\0" * 100)),
        "refused",
    )
    yield "executable", b"MZ" + b"\0" * 58 + MARK, "refused"
    yield "zeros", b"\0" * 10**6, "refused"
    yield "nothing", b"", "refused"
    yield "one_byte", b"\x89", "refused"
    yield "text", b"../../etc/passwd\0.png", "refused"


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n"
