"""Which kind of file some bytes are, told by their first bytes, so that a fault can say what was found."""

import re
import struct
from enum import Enum


class Kind(Enum):
    """What can be done with a file."""

    READABLE = "readable"
    OTHER_CODEC = "other_codec"
    NOT_AUDIO = "not_audio"


# (where, what stands there, kind, name); the first that fits counts
_MAGIC = (
    (0, b"fLaC", Kind.READABLE, "FLAC"),
    (0, b"OggS", Kind.READABLE, "OGG"),
    (0, b"ID3", Kind.READABLE, "MP3"),
    (0, b"FORM", Kind.READABLE, "AIFF"),
    (0, b".snd", Kind.READABLE, "AU"),
    (0, b"caff", Kind.READABLE, "CAF"),
    (0, b"RF64", Kind.READABLE, "RF64"),
    (0, b"riff", Kind.READABLE, "W64"),
    (8, b"WEBP", Kind.NOT_AUDIO, "a WebP picture"),
    (8, b"AVI ", Kind.NOT_AUDIO, "an AVI video"),
    (0, b"RIFF", Kind.READABLE, "WAV"),
    (4, b"ftyphei", Kind.NOT_AUDIO, "a HEIF picture"),
    (4, b"ftypmif1", Kind.NOT_AUDIO, "a HEIF picture"),
    (4, b"ftypavif", Kind.NOT_AUDIO, "an AVIF picture"),
    (4, b"ftyp", Kind.OTHER_CODEC, "MP4/M4A"),
    (0, b"#!AMR", Kind.OTHER_CODEC, "AMR"),
    (0, b"#!SILK", Kind.OTHER_CODEC, "SILK"),
    (0, b"\x02#!SILK", Kind.OTHER_CODEC, "SILK"),
    (0, b"\x1aE\xdf\xa3", Kind.OTHER_CODEC, "WebM/Matroska"),
    (0, b"0&\xb2u\x8ef\xcf\x11", Kind.OTHER_CODEC, "WMA"),
    (0, b"\x89PNG", Kind.NOT_AUDIO, "a PNG picture"),
    (0, b"\xff\xd8\xff", Kind.NOT_AUDIO, "a JPEG picture"),
    (0, b"GIF8", Kind.NOT_AUDIO, "a GIF picture"),
    (0, b"II*\x00", Kind.NOT_AUDIO, "a TIFF picture"),
    (0, b"MM\x00*", Kind.NOT_AUDIO, "a TIFF picture"),
    (0, b"%PDF", Kind.NOT_AUDIO, "a PDF document"),
    (0, b"PK\x03\x04", Kind.NOT_AUDIO, "a ZIP archive or Office document"),
    (0, b"\x1f\x8b", Kind.NOT_AUDIO, "a gzip archive"),
    (0, b"SQLite format 3", Kind.NOT_AUDIO, "an SQLite database"),
)
_MARKUP = re.compile(rb"(<!doctype|<html|<head|<body|<\?xml|<svg|<!--)", re.IGNORECASE)
_HTML = re.compile(rb"(<!doctype html|<html|<head|<body)", re.IGNORECASE)
_UNKNOWN_LENGTHS = frozenset({0x7FFFFFFF, 0xFFFFFFFF})


def identify(raw: bytes) -> tuple[Kind, str]:
    """Name the kind of file that ``raw`` begins like.

    Returns:
        Whether it can be read, is audio in a codec that libsndfile lacks, or is no audio; and its name for a person.
    """
    for where, magic, kind, name in _MAGIC:
        if raw.startswith(magic, where):
            return kind, name
    return _mpeg(raw) or (Kind.NOT_AUDIO, _text(raw) or f"unknown bytes starting with 0x{raw[:4].hex()}")


def _mpeg(raw: bytes) -> tuple[Kind, str] | None:
    """Tell a bare MPEG audio frame: eleven set bits, then version and layer (ISO/IEC 11172-3, 2.4.2.3)."""
    if len(raw) < 2 or raw[0] != 0xFF or raw[1] & 0xE0 != 0xE0:
        return None
    layer = raw[1] >> 1 & 0b11
    if layer in (0b01, 0b10):
        return Kind.READABLE, "MP3"
    return (Kind.OTHER_CODEC, "AAC") if layer == 0 and raw[1] & 0xF0 == 0xF0 else None


def _text(raw: bytes) -> str | None:
    head = raw[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _HTML.match(head):
        return "HTML"
    if _MARKUP.match(head):
        return "XML"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    # a character may be cut at the end of the head, which is not a reason to doubt that this is text
    text = head.decode("utf-8", errors="replace").rstrip("�")
    if "�" in text or any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
        return None
    return "JSON" if text.startswith(("{", "[")) else "text"


def missing_wav_bytes(raw: bytes) -> int | None:
    """Count the bytes that a WAV file's header promises and the file lacks.

    libsndfile silently shortens such a file, so half a message would pass for a whole one. A recorder that could not
    go back to write the length leaves the largest number there; such a file is taken as whole.

    Returns:
        0 where the file is whole, ``None`` where it ends before its data begins.
    """
    position = 12
    while position + 8 <= len(raw):
        name, size = struct.unpack_from("<4sI", raw, position)
        position += 8
        if name == b"data":
            return 0 if size in _UNKNOWN_LENGTHS else max(0, position + size - len(raw))
        position += size + size % 2
    return None


def ogg_is_cut_off(raw: bytes) -> bool:
    """Tell whether the last page of an Ogg file is incomplete (RFC 3533, section 6).

    libsndfile takes the last complete page for the end. A missing end-of-stream mark alone proves nothing: recorders
    that stream often leave it out.
    """
    start = raw.rfind(b"OggS")
    sizes = raw[start + 27 : start + 27 + raw[start + 26]] if start + 26 < len(raw) else b""
    return not sizes or start + 27 + len(sizes) + sum(sizes) > len(raw)
