"""Pictures of customers made anew: of what was sent the pixels are kept, and nothing else."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import cv2

from kefu.modalities.image.decode import Pixels, decode
from kefu.modalities.image.header import Header, read_header
from kefu.service.errors import ServiceError
from kefu.service.settings import LimitSettings
from kefu.tickets.faults import Fault

_JPEG_QUALITY = 92
_MAX_PNG_BYTES = 2 * 2**20
_SMALL_PIXELS = 4_000_000
_MAX_PIXELS_PER_BYTE = 1000
_FORMATS = "JPEG, PNG, WebP, GIF, BMP or TIFF"


class PictureCleaner:
    """Makes pictures anew, in threads of its own, so that few are in memory at a time.

    Args:
        limits: of what is accepted.
        threads: pictures that are worked on at once.
    """

    def __init__(self, limits: LimitSettings, threads: int) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="picture")

    async def clean(self, picture: bytes) -> bytes:
        """Return a picture as :func:`clean_picture` does."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, clean_picture, picture, self._limits)

    def close(self) -> None:
        """Give back the threads."""
        self._pool.shutdown(cancel_futures=True)


def clean_picture(picture: bytes, limits: LimitSettings) -> bytes:
    """Decode a picture and encode its pixels anew.

    What else is in the file (places and times, thumbnails, colour profiles, comments, further frames, other files
    before, within or after it) does not come along. The pixels are upright, and transparency is laid over white.

    Args:
        picture: the whole file.
        limits: of pixels, by the header, before anything is decoded; and the longest side of the result.

    Returns:
        A JPEG where it was one, or where a PNG would be large; else a PNG. Of a picture that is cut off or damaged no
        byte is left: the assistant is told that there was one.

    Raises:
        ServiceError: 413, it has too many pixels; 422, it is no picture.
    """
    header = read_header(picture)
    if isinstance(header, Fault):
        raise ServiceError(422, "no_picture", f"the picture cannot be read: {header.detail}; send {_FORMATS}")
    check_pixels(header, len(picture), limits)
    if not header.complete:
        return b""
    pixels = decode(picture, header, limits.image_side_px)
    if isinstance(pixels, Fault):
        return b""
    return _encode(pixels, is_photograph=header.format == "JPEG")


def check_pixels(header: Header, size_bytes: int, limits: LimitSettings) -> None:
    """Refuse a picture that announces too many pixels, or many for so few bytes.

    Raises:
        ServiceError: 413.
    """
    most = limits.image_megapixels
    if header.format != "JPEG":
        most = min(most, limits.image_megapixels_lossless)
    pixels = header.width_px * header.height_px
    if pixels > most * 1e6:
        found = f"{header.width_px} x {header.height_px} pixels, at most {most:g} million"
        raise ServiceError(413, "image_too_large", f"the picture has {found}; make it smaller")
    if pixels > max(_SMALL_PIXELS, _MAX_PIXELS_PER_BYTE * size_bytes):
        found = f"{header.width_px} x {header.height_px} pixels in {size_bytes:,} bytes"
        raise ServiceError(413, "image_too_large", f"the picture has {found}, which no photograph has; make it smaller")


def _encode(pixels: Pixels, *, is_photograph: bool) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    if not is_photograph:
        _, png = cv2.imencode(".png", bgr)
        if len(png) <= _MAX_PNG_BYTES:
            return png.tobytes()
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return jpeg.tobytes()
