"""From the bytes of a picture file to upright RGB pixels of a working size, quietly and without wasted decoding."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from kefu.modalities.image.header import Header
from kefu.tickets.faults import Fault, Reason

# Always uint8; the type says less because the stubs of OpenCV promise no element type.
Pixels = NDArray[Any]

# How libjpeg and libpng begin the lines that they print to the process's standard error.
_CODEC_LINES = (
    b"libpng ",
    b"Corrupt JPEG",
    b"Premature end of JPEG",
    b"Warning: unknown JFIF",
    b"Unknown Adobe color",
    b"Inconsistent progression",
    b"Invalid SOS parameters",
    b"Invalid JPEG",
)
_stderr_lock = threading.Lock()

# EXIF orientation -> (mirror left to right first, quarter turns clockwise after)
_TURNS = {
    2: (True, None),
    3: (False, cv2.ROTATE_180),
    4: (True, cv2.ROTATE_180),
    5: (True, cv2.ROTATE_90_COUNTERCLOCKWISE),
    6: (False, cv2.ROTATE_90_CLOCKWISE),
    7: (True, cv2.ROTATE_90_CLOCKWISE),
    8: (False, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_BAND_ROWS = 256
_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))


def decode(data: bytes, header: Header, working_side_px: int) -> Pixels | Fault:
    """Decode a picture no larger than needed.

    A JPEG is decoded at a half, a quarter or an eighth of its size where that still covers ``working_side_px``: its
    blocks are transformed at the smaller size, which costs a fraction of decoding and shrinking. Transparency is laid
    over white, 16 bits become 8, grey and CMYK become RGB, and of an animation the first frame is taken.

    Args:
        data: The whole file.
        header: What :func:`~kefu.modalities.image.header.read_header` found in it.
        working_side_px: The longest side of the result; a smaller picture keeps its size.

    Returns:
        uint8 RGB pixels (H, W, 3), turned upright, or a fault where the decoder refused or found damage.
    """
    with _codec_messages() as messages:
        try:
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _decoding_flags(header, working_side_px))
        except cv2.error:
            pixels = None
    message = messages[0] if messages else ""
    if pixels is None:
        return Fault(
            Reason.UNDECODABLE, f"the {header.format} could not be decoded ({message or 'damaged or unsupported'})"
        )
    # libjpeg fills what it cannot read with grey and only prints a line. Stray bytes between segments harm nothing.
    if "premature end" in message.lower():
        return Fault(Reason.TRUNCATED, "the JPEG ends early: the lower part of the picture is missing")
    if message.startswith("Corrupt JPEG") and "extraneous bytes" not in message:
        return Fault(Reason.UNDECODABLE, f"the JPEG is damaged ({message})")
    if pixels.dtype not in (np.uint8, np.uint16):
        return Fault(Reason.UNDECODABLE, f"the {header.format} holds {pixels.dtype} values; save it as 8-bit PNG")
    # a large picture is in memory once where that gives the same pixels
    if pixels.dtype == np.uint8 and (pixels.ndim == 2 or pixels.shape[2] == 3):
        pixels = _shrink(pixels, working_side_px)
    return _upright(_shrink(_to_rgb(pixels), working_side_px), header.orientation)


def _decoding_flags(header: Header, working_side_px: int) -> int:
    if header.format in ("PNG", "WebP", "GIF"):
        return cv2.IMREAD_UNCHANGED  # to see transparency
    flags = cv2.IMREAD_COLOR
    if header.format == "JPEG":
        longest = max(header.width_px, header.height_px)
        flags = next((flag for factor, flag in _REDUCED if longest >= factor * working_side_px), flags)
    # Turning the small picture is cheaper, and decoders differ in the formats whose orientation they know.
    return flags | cv2.IMREAD_IGNORE_ORIENTATION


def _to_rgb(pixels: NDArray) -> Pixels:
    if pixels.dtype == np.uint16:
        pixels = cv2.convertScaleAbs(pixels, alpha=1 / 257)
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    if pixels.shape[2] == 4:
        whole = np.empty((*pixels.shape[:2], 3), np.uint8)
        for top in range(0, len(pixels), _BAND_ROWS):  # the steps between take four times the memory of the picture
            whole[top : top + _BAND_ROWS] = _over_white(pixels[top : top + _BAND_ROWS])
        return whole
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def _over_white(pixels: NDArray) -> Pixels:
    ink = 255 - cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)
    return 255 - cv2.multiply(ink, cv2.cvtColor(pixels[:, :, 3], cv2.COLOR_GRAY2RGB), scale=1 / 255)


def _shrink(pixels: Pixels, side_px: int) -> Pixels:
    height, width = pixels.shape[:2]
    longest = max(height, width)
    if longest <= side_px:
        return pixels
    size = (max(1, round(width * side_px / longest)), max(1, round(height * side_px / longest)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    mirrored, turn = _TURNS.get(orientation, (False, None))
    if mirrored:
        pixels = cv2.flip(pixels, 1)
    return pixels if turn is None else cv2.rotate(pixels, turn)


def _scratch_file() -> BinaryIO:
    # In memory where the system can: a service may run on a read-only disk.
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("codec messages"), "w+b", buffering=0)
    return cast(BinaryIO, tempfile.TemporaryFile(buffering=0))


@contextmanager
def _codec_messages() -> Iterator[list[str]]:
    """Collect what the codecs print to file descriptor 2; the list is filled when the block ends.

    libjpeg and libpng know no other way to report damage. Lines of other origin, written by another thread in the
    meantime, are passed on. One block at a time, since the descriptor belongs to the whole process.
    """
    messages: list[str] = []
    with _stderr_lock, _scratch_file() as caught:
        try:
            stderr = os.dup(2)
        except OSError:  # a daemon without a standard error: nothing to keep quiet
            yield messages
            return
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        os.dup2(caught.fileno(), 2)
        try:
            yield messages
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            cv2.utils.logging.setLogLevel(level)
        if caught.tell():
            caught.seek(0)
            for line in caught.read().splitlines(keepends=True):
                if line.startswith(_CODEC_LINES):
                    messages.append(line.decode("utf-8", errors="replace").strip())
                else:
                    os.write(2, line)
