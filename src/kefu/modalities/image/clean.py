"""Checking one picture file and bringing it to RGB pixels of a working size, and what is known about it after."""

import hashlib

import cv2
import numpy as np
from pydantic import Field

from kefu.modalities.contract import Cleaned, Fact
from kefu.modalities.image.decode import Pixels, decode
from kefu.modalities.image.header import Header, read_header
from kefu.parameters import Parameters
from kefu.tickets.faults import Fault, Reason


class Cleaning(Parameters):
    """When a picture is refused, and how large it is kept."""

    max_bytes: int = Field(30_000_000, gt=0, description="Largest file that is opened.")
    max_megapixels: float = Field(
        50.0, gt=0, description="Most pixels, in millions, that the header may announce: a guard against bombs."
    )
    min_side_px: int = Field(16, ge=1, description="Shortest side of a picture that can show anything.")
    working_side_px: int = Field(128, ge=16, description="Longest side of the kept picture; smaller ones stay as is.")
    blank_std: float = Field(
        3.0, ge=0, description="A picture is blank where no colour channel (0 to 255) deviates more than this."
    )


def clean(raw: bytes, params: Cleaning) -> Cleaned | Fault:
    """Check the bytes of a picture file and decode them.

    Args:
        raw: The whole file. Its content decides what it is; the name plays no part.
        params: The limits and the working size.

    Returns:
        uint8 RGB pixels (H, W, 3), upright, with these facts, or the first fault found:

        - ``format``; ``width_px`` and ``height_px`` of the original, upright
        - ``digest``: BLAKE2b of the file, 8 bytes in hex: equal for equal files
        - ``phash``: see :func:`perceptual_hash`, 16 hex digits
        - ``brightness``: mean luma, 0 (black) to 1 (white)
        - ``sharpness``: variance of the Laplacian of the cleaned picture (Pech-Pacheco et al. 2000); low is blurred
    """
    if not isinstance(raw, bytes | bytearray | memoryview):
        return Fault(Reason.WRONG_TYPE, f"expected the bytes of a picture file, got {type(raw).__name__}")
    raw = bytes(raw)
    header = _check_header(raw, params)
    if isinstance(header, Fault):
        return header
    pixels = decode(raw, header, params.working_side_px)
    if isinstance(pixels, Fault):
        return pixels
    deviation = float(cv2.meanStdDev(pixels)[1].max())
    if deviation <= params.blank_std:
        return Fault(
            Reason.BLANK, f"one colour all over (standard deviation {deviation:.1f}, at most {params.blank_std:g})"
        )
    return Cleaned(pixels, _facts(raw, header, pixels))


def perceptual_hash(pixels: Pixels) -> int:
    """Return a 64-bit hash that changes little where a picture is scaled, recompressed or relit.

    The signs, about their median, of the 8 x 8 lowest frequencies of the 32 x 32 grey picture, without the mean
    row and column (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions"). The number of
    bits in which two hashes differ is the distance of the pictures: below about 10 they are the same picture, about
    32 is chance.

    Args:
        pixels: uint8 RGB (H, W, 3).
    """
    return _hash_grey(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def _check_header(raw: bytes, params: Cleaning) -> Header | Fault:
    """Apply every check that needs no decoding."""
    if not raw:
        return Fault(Reason.EMPTY, "the file is empty (0 bytes)")
    if len(raw) > params.max_bytes:
        return Fault(Reason.FILE_TOO_LARGE, f"{len(raw):,} bytes, at most {params.max_bytes:,} (max_bytes)")
    header = read_header(raw)
    if isinstance(header, Fault):
        return header
    return _misfit(header, params) or header


def _misfit(header: Header, params: Cleaning) -> Fault | None:
    width, height = header.width_px, header.height_px
    if width * height > params.max_megapixels * 1e6:
        return Fault(
            Reason.TOO_MANY_PIXELS,
            f"{width} x {height} px are {width * height / 1e6:,.1f} megapixels, "
            f"at most {params.max_megapixels:g} (max_megapixels)",
        )
    if min(width, height) < params.min_side_px:
        return Fault(Reason.TOO_SMALL, f"{width} x {height} px, at least {params.min_side_px} a side (min_side_px)")
    if not header.complete:
        return Fault(Reason.TRUNCATED, f"the {header.format} is cut off: the end of the file is missing")
    return None


def _facts(raw: bytes, header: Header, pixels: Pixels) -> dict[str, Fact]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    _, laplacian_std = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    width, height = header.width_px, header.height_px
    if header.orientation >= 5:
        width, height = height, width
    return {
        "width_px": width,
        "height_px": height,
        "format": header.format,
        "digest": hashlib.blake2b(raw, digest_size=8).hexdigest(),
        "phash": f"{_hash_grey(grey):016x}",
        "brightness": round(cv2.mean(grey)[0] / 255, 4),
        "sharpness": round(float(laplacian_std[0, 0]) ** 2, 2),
    }


def _hash_grey(grey: Pixels) -> int:
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    lowest = cv2.dct(small)[1:9, 1:9]
    below = np.sort(lowest, axis=None)[31]
    return int.from_bytes(np.packbits(lowest > below).tobytes(), "big")
