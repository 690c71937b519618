"""Recordings that nobody sends by accident, made by code."""

import io
import struct
from collections.abc import Iterator

import numpy as np
import soundfile
from hostile_pictures import ENTITIES, MARK, PLAYLIST, SCRIPT, Made, riff, small

_RATE_HZ = 16_000
_TONE = (8_000 * np.sin(np.arange(_RATE_HZ) / 8)).astype("<i2")


def make_recordings() -> Iterator[Made]:
    """Yield all of them; what becomes of each is ``refused`` or ``harmless``: its samples are kept, made anew."""
    yield from _headers()
    yield from _lengths()
    yield from _others()


def wav(
    samples: bytes = _TONE.tobytes(),
    kind: int = 1,
    channels: int = 1,
    rate_hz: int = _RATE_HZ,
    bits: int = 16,
    riff_bytes: int | None = None,
    data_bytes: int | None = None,
) -> bytes:
    """Return a WAV file whose header says what it is told."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate_hz, rate_hz * frame % 2**32, frame % 2**16, bits)
    size = len(samples) if data_bytes is None else data_bytes
    whole = 36 + len(samples) if riff_bytes is None else riff_bytes
    head = b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return head + b"data" + struct.pack("<I", size) + samples


def encoded(kind: str, subtype: str | None = None, seconds: float = 1.0) -> bytes:
    """Return a tone in some format of libsndfile."""
    file = io.BytesIO()
    soundfile.write(
        file, np.tile(_TONE, int(np.ceil(seconds)))[: int(seconds * _RATE_HZ)], _RATE_HZ, subtype, format=kind
    )
    return file.getvalue()


def _headers() -> Iterator[Made]:
    yield "wav_0_hz", wav(rate_hz=0), "refused"
    yield "wav_4_ghz", wav(rate_hz=2**32 - 1), "refused"
    yield "wav_1_hz", wav(rate_hz=1), "refused"
    yield "wav_no_channels", wav(channels=0), "refused"
    yield "wav_1000_channels", wav(channels=1000), "refused"
    yield "wav_65535_channels", wav(channels=65_535), "refused"
    yield "wav_no_bits", wav(bits=0), "refused"
    yield "wav_65535_bits", wav(bits=65_535), "refused"
    yield "wav_unknown_codec", wav(kind=0x7777), "refused"
    yield "wav_nan", wav(np.full(_RATE_HZ, np.nan, "<f4").tobytes(), kind=3, bits=32), "refused"
    yield "wav_infinite", wav(np.full(_RATE_HZ, np.inf, "<f4").tobytes(), kind=3, bits=32), "refused"
    yield "wav_loudest", wav(np.full(_RATE_HZ, 3e38, "<f4").tobytes(), kind=3, bits=32), "harmless"
    yield "wav_without_format", riff(b"WAVE", (b"data", b"\0" * 1000)), "refused"
    yield "wav_without_data", riff(b"WAVE", (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16_000, 2, 16))), "refused"
    yield "wav_many_chunks", riff(b"WAVE", *[(b"LIST", MARK)] * 50_000), "refused"
    yield "wav_chunk_longer_than_file", wav()[:12] + b"LIST" + struct.pack("<I", 2**31) + wav()[12:], "refused"
    flac = encoded("FLAC")
    yield "flac_10_hours", flac[:21] + bytes([flac[21] | 0x0F]) + b"\xff" * 4 + flac[26:], "refused"
    yield "flac_0_hz", flac[:18] + b"\0\0" + bytes([flac[20] & 0x0F]) + flac[21:], "harmless"
    yield "flac_large_comment", flac[:4] + b"\x04\xff\xff\xff" + MARK * 10 + flac[42:], "refused"


def _lengths() -> Iterator[Made]:
    yield "wav_10_hours_announced", wav(data_bytes=36_000 * 2 * _RATE_HZ), "refused"
    yield "wav_of_unknown_length", wav(data_bytes=2**32 - 1, riff_bytes=2**32 - 1), "harmless"
    yield "wav_no_samples", wav(b""), "refused"
    yield "wav_one_sample", wav(b"\0\0"), "harmless"
    yield "wav_three_minutes", wav(b"\0" * (180 * 2 * _RATE_HZ)), "refused"
    yield "wav_25_megabytes", wav(b"\0" * 25_000_000), "refused"
    yield "wav_three_minutes_slow_rate", wav(b"\0" * (180 * 2_000), rate_hz=2_000, bits=8), "refused"
    yield "flac_one_hour_of_silence", _silence("FLAC", 3_600), "refused"
    yield "ogg_ten_minutes_of_silence", _silence("OGG", 600), "refused"
    for kind in ("FLAC", "OGG", "MP3", "AIFF"):
        data = encoded(kind)
        yield f"{kind.lower()}_cut_off", data[: len(data) // 3], "refused"
        yield f"{kind.lower()}_ten_bytes", data[:10], "refused"


def _silence(kind: str, seconds: int) -> bytes:
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8_000, 1, format=kind) as sound:
        for _ in range(seconds):
            sound.write(np.zeros(8_000, np.int16))
    return file.getvalue()


def _element(number: bytes, data: bytes, size: int | None = None) -> bytes:
    """Return an element of EBML (RFC 8794), with a size that may not be true."""
    return number + struct.pack(">Q", (len(data) if size is None else size) | 1 << 56) + data


def _others() -> Iterator[Made]:
    ebml = _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", b"webm"))
    yield "webm_header_alone", ebml, "refused"
    yield "webm_of_unknown_size", ebml + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\0" * 1000, "refused"
    yield "webm_element_of_petabytes", ebml + _element(b"\x18\x53\x80\x67", b"\0" * 100, 2**55), "refused"
    nested = b""
    for _ in range(2_000):
        nested = _element(b"\x18\x53\x80\x67", nested)
    yield "webm_nested", ebml + nested, "refused"
    yield (
        "webm_10_hours_announced",
        ebml
        + _element(b"\x18\x53\x80\x67", _element(b"\x15\x49\xa9\x66", _element(b"\x44\x89", struct.pack(">d", 3.6e7)))),
        "refused",
    )
    yield "mp4_that_refers_to_a_file", _mp4(), "refused"
    yield "mp4_atom_without_end", b"\0\0\0\x18ftypM4A " + b"\0" * 12 + b"\0\0\0\0moov" + b"\0" * 1000, "refused"
    yield "mp4_atom_of_petabytes", b"\0\0\0\x18ftypM4A " + b"\0" * 12 + b"\0\0\0\x01moov" + b"\x7f" * 8, "refused"
    yield "mp3_large_tag", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + MARK * 100, "refused"
    yield "mp3_of_noise", b"\xff\xfb" + np.random.default_rng(0).bytes(50_000), "refused"
    yield "aac_of_noise", b"\xff\xf1" + np.random.default_rng(1).bytes(50_000), "refused"
    yield "ogg_of_noise", b"OggS" + np.random.default_rng(2).bytes(50_000), "refused"
    yield "playlist_as_sound", PLAYLIST, "refused"
    yield "list_of_files_as_sound", b"ffconcat version 1.0\nfile file:/etc/passwd\n", "refused"
    yield "address_as_sound", b"concat:/etc/passwd|http://127.0.0.1:9/", "refused"
    yield "description_of_a_session", b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n", "refused"
    yield "html_as_sound", SCRIPT, "refused"
    yield "xml_as_sound", ENTITIES, "refused"
    yield "picture_as_sound", small("PNG"), "refused"
    yield "amr", b"#!AMR\n" + b"\0" * 100, "refused"
    yield "midi", b"MThd\0\0\0\x06\0\x01\xff\xff\0\x60", "refused"
    yield "sound_of_nothing", b"", "refused"
    yield "wav_script_behind", wav() + SCRIPT, "harmless"


def _mp4() -> bytes:
    def atom(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", 8 + len(data)) + name + data

    where = b"file:///etc/passwd\0"
    reference = atom(b"dref", b"\0\0\0\0\0\0\0\x01" + atom(b"url ", b"\0\0\0\0" + where))
    media = atom(b"mdia", atom(b"minf", atom(b"dinf", reference)))
    return atom(b"ftyp", b"M4A \0\0\0\0") + atom(b"moov", atom(b"trak", media)) + atom(b"mdat", MARK)
