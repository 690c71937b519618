"""What the first bytes of a file say it is: format, size and orientation, read before any pixel is decoded."""

import re
import struct
from dataclasses import dataclass

from kefu.tickets.faults import Fault, Reason

# A JPEG is decoded once per scan, so a small file of many thousand scans could occupy a worker for hours.
MAX_JPEG_SCANS = 200

_FORMATS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)
# What people and web servers put in place of a picture; the first pattern that matches names it.
_OTHER_KINDS = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), name)
    for pattern, name in (
        (rb"%PDF", "PDF"),
        (rb"PK\x03\x04", "a ZIP archive or office document"),
        (rb"\xd0\xcf\x11\xe0", "an office document"),
        (rb"\x1f\x8b", "a gzip archive"),
        (rb"RIFF....WAVE", "WAV audio"),
        (rb"RIFF....AVI ", "AVI video"),
        (rb"ID3", "MP3 audio"),
        (rb"OggS", "Ogg audio"),
        (rb"fLaC", "FLAC audio"),
        (rb"\x1aE\xdf\xa3", "Matroska or WebM video"),
        (rb"....ftyp", "MP4 video or audio"),
        (rb"II\+\0|MM\0\+", "BigTIFF; save it as JPEG or PNG"),
        (rb"[^\0]*<svg\b", "an SVG drawing; save it as PNG"),
        (rb"[^\0]*<(!doctype html|html|head|body|title|script|meta)\b", "HTML"),
        (rb"\s*(\xef\xbb\xbf)?\s*<\?xml", "XML"),
        (rb"\0*\Z", "only zero bytes"),
    )
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
_ORIENTATION_TAG = 274


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture file says about itself.

    Attributes:
        format: ``JPEG``, ``PNG``, ``WebP``, ``BMP``, ``GIF`` or ``TIFF``.
        width_px: Width as stored, before the orientation is applied.
        height_px: Height as stored.
        orientation: How the stored pixels must be turned, 1 to 8 (EXIF 2.32, tag 274); 1 is "as they are".
        complete: False where the end of the file is missing.
    """

    format: str
    width_px: int
    height_px: int
    orientation: int = 1
    complete: bool = True


def read_header(data: bytes) -> Header | Fault:
    """Recognise a picture by its content, whatever its name says.

    Args:
        data: The whole file.

    Returns:
        The header, or a fault: ``NOT_AN_IMAGE`` names what was found instead, ``TRUNCATED`` means that the file
        ends inside its header, ``UNDECODABLE`` that the header contradicts itself or its format is not supported.
    """
    kind = _sniff(data)
    if isinstance(kind, Fault):
        return kind
    try:
        header = _READERS[kind](data)
    except (struct.error, IndexError):
        return Fault(Reason.TRUNCATED, f"the {kind} ends inside its header, after {len(data)} bytes")
    except ValueError as error:
        return Fault(Reason.UNDECODABLE, f"the {kind} is damaged: {error}")
    if header.width_px <= 0 or header.height_px <= 0:
        return Fault(
            Reason.UNDECODABLE, f"the {kind} is damaged: it claims {header.width_px} x {header.height_px} pixels"
        )
    return header


def _sniff(data: bytes) -> str | Fault:
    for magic, name in _FORMATS:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    # Two letters are a weak signature, so a BMP must also have a header size that exists.
    if data[:2] == b"BM" and data[14:18] in {bytes((size, 0, 0, 0)) for size in (12, 40, 52, 56, 64, 108, 124)}:
        return "BMP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS + _AVIF_BRANDS:
        name = "AVIF" if data[8:12] in _AVIF_BRANDS else "HEIC"
        return Fault(Reason.UNDECODABLE, f"{name} pictures cannot be read; save it as JPEG or PNG")
    return Fault(Reason.NOT_AN_IMAGE, f"not a picture (found {_describe(data)})")


def _describe(data: bytes) -> str:
    """Name what stands in place of a picture, for a person who must find out how it came there."""
    if any(magic.startswith(data) for magic, _ in _FORMATS):
        return f"only {len(data)} bytes of a {next(name for magic, name in _FORMATS if magic.startswith(data))}"
    start = data[:2048]
    for pattern, name in _OTHER_KINDS:
        if pattern.match(start):
            return name
    # The sample may end inside a character of three bytes; only that may be left out.
    text = start.decode("utf-8", errors="ignore")
    readable = all(character.isprintable() or character in "\t\r\n\ufeff" for character in text)
    return "text" if readable and len(text.encode()) > len(start) - 4 else f"unknown bytes {data[:8].hex(' ')}"


def _read_jpeg(data: bytes) -> Header:
    """Walk the marker segments up to the first scan (ITU-T T.81, annex B)."""
    width = height = components = 0
    orientation, position, progressive = 1, 2, False
    while True:
        if data[position] != 0xFF:
            raise ValueError(f"no marker at byte {position}")
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        position += 1
        if marker in (0x01, *range(0xD0, 0xD8)):
            continue
        if marker == 0xD9:
            raise ValueError("it ends before its first scan")
        (length,) = struct.unpack_from(">H", data, position)
        if marker == 0xDA:
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, components = struct.unpack_from(">HHB", data, position + 3)
            progressive = marker in (0xC2, 0xCA)
        elif marker == 0xE1 and data[position + 2 : position + 8] == b"Exif\0\0":
            orientation = _exif_orientation(data[position + 8 : position + length])
        position += length
    several_scans = progressive or data[position + 2] < components
    if several_scans and data.count(b"\xff\xda", position) >= MAX_JPEG_SCANS:
        raise ValueError(f"it has more than {MAX_JPEG_SCANS} scans")
    # 0xFF is always stuffed inside a scan, and a thumbnail with an end marker of its own lies before the first scan.
    return Header("JPEG", width, height, orientation, complete=data.rfind(b"\xff\xd9", position) >= 0)


def _read_png(data: bytes) -> Header:
    """Walk the chunks (W3C PNG, third edition): IHDR first, IEND last, an orientation in eXIf."""
    if data[12:16] != b"IHDR":
        raise ValueError("its first chunk is not IHDR")
    width, height = struct.unpack_from(">II", data, 16)
    orientation, complete, position = 1, False, 8
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"eXIf":
            orientation = _exif_orientation(data[position + 8 : position + 8 + length])
        position += 12 + length
        if kind == b"IEND":
            complete = position <= len(data)
            break
    return Header("PNG", width, height, orientation, complete)


def _read_webp(data: bytes) -> Header:
    """Read the RIFF chunks of RFC 9649; a plain file has one, VP8 or VP8L, an extended one starts with VP8X."""
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    complete = end <= len(data)
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        return Header("WebP", width, height, complete=complete)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Header("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, complete=complete)
    if kind != b"VP8X":
        raise ValueError(f"its first chunk is {kind!r}")
    width = 1 + int.from_bytes(data[24:27], "little")
    height = 1 + int.from_bytes(data[27:30], "little")
    orientation, position = 1, 12
    while position + 8 <= min(end, len(data)):
        chunk, length = struct.unpack_from("<4sI", data, position)
        if chunk == b"EXIF":
            orientation = _exif_orientation(data[position + 8 : position + 8 + length].removeprefix(b"Exif\0\0"))
        position += 8 + length + length % 2
    return Header("WebP", width, height, orientation, complete)


def _read_bmp(data: bytes) -> Header:
    size_bytes, pixels_at, header_size = struct.unpack_from("<I4xII", data, 2)
    width, height = struct.unpack_from("<HH" if header_size == 12 else "<ii", data, 18)
    return Header("BMP", width, abs(height), complete=max(size_bytes, pixels_at) <= len(data))


def _read_gif(data: bytes) -> Header:
    width, height = struct.unpack_from("<HH", data, 6)
    return Header("GIF", width, height, complete=b"\x3b" in data[-16:])


def _read_tiff(data: bytes) -> Header:
    tags = _first_directory(data)
    if not {256, 257} <= tags.keys():
        raise ValueError("its directory has no width or height")
    # No orientation: the TIFF decoder has already turned the pixels.
    return Header("TIFF", tags[256], tags[257])


def _exif_orientation(exif: bytes) -> int:
    """Return the orientation in EXIF data; damaged or foreign data mean "as it is" and never cost the picture."""
    try:
        orientation = _first_directory(exif).get(_ORIENTATION_TAG, 1)
    except (struct.error, ValueError):
        return 1
    return orientation if 1 <= orientation <= 8 else 1


def _first_directory(data: bytes) -> dict[int, int]:
    """Return the single whole numbers of the first directory (TIFF 6.0, section 2)."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        raise ValueError("no TIFF byte order")
    (start,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    tags = {}
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(order + "HHI", data, entry)
        if values == 1 and kind in (3, 4):
            (tags[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, entry + 8)
    return tags


_READERS = {
    "JPEG": _read_jpeg,
    "PNG": _read_png,
    "WebP": _read_webp,
    "BMP": _read_bmp,
    "GIF": _read_gif,
    "TIFF": _read_tiff,
}
