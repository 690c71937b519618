"""Tickets as they arrive, held against the limits before anything is done with them."""

import asyncio
import io

import soundfile
from fastapi import UploadFile

from kefu.modalities.image.header import Header, read_header
from kefu.predictor import RawTicket
from kefu.service.errors import ServiceError
from kefu.service.pictures import check_pixels
from kefu.service.settings import LimitSettings


async def read_ticket(
    limits: LimitSettings, text: str | None = None, image: UploadFile | None = None, audio: UploadFile | None = None
) -> RawTicket:
    """Return what a form holds, after :func:`check_ticket`; of its text all but NUL, which no database takes.

    Raises:
        ServiceError: 413 or 422, the code says which part is at fault.
    """
    ticket = RawTicket(
        (text or "").replace("\0", "") or None,
        None if image is None else await image.read(),
        None if audio is None else await audio.read(),
    )
    await check_ticket(ticket, limits)
    return ticket


async def check_ticket(ticket: RawTicket, limits: LimitSettings) -> None:
    """Hold a ticket against the limits.

    Media that cannot be read pass: the prediction says why they were not used.

    Raises:
        ServiceError: 422 where nothing is given; 413 where a part is too large.
    """
    if ticket.text is None and ticket.image is None and ticket.audio is None:
        raise ServiceError(422, "nothing_given", "give a text, a picture or a recording")
    if ticket.text is not None and len(ticket.text) > limits.text_chars:
        found = f"{len(ticket.text):,} characters, at most {limits.text_chars:,}"
        raise ServiceError(413, "text_too_long", f"the text has {found}; shorten it")
    if ticket.image is not None or ticket.audio is not None:
        await asyncio.to_thread(_check_media, ticket, limits)


def _check_media(ticket: RawTicket, limits: LimitSettings) -> None:
    if ticket.image is not None:
        _check_size("image", len(ticket.image), limits.image_bytes)
        header = read_header(ticket.image)
        if isinstance(header, Header):
            check_pixels(header, len(ticket.image), limits)
    if ticket.audio is not None:
        _check_size("audio", len(ticket.audio), limits.audio_bytes)
        seconds = _announced_seconds(ticket.audio)
        if seconds > limits.audio_seconds:
            found = f"{seconds:.0f} s long, at most {limits.audio_seconds:g} s"
            raise ServiceError(413, "audio_too_long", f"the recording is {found}; shorten it")


def _check_size(name: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise ServiceError(413, f"{name}_too_large", f"{name}: {size:,} bytes, at most {max_bytes:,}; make it smaller")


def _announced_seconds(recording: bytes) -> float:
    """Return the length that the header announces; 0 where it cannot be read."""
    try:
        return float(soundfile.info(io.BytesIO(recording)).duration)
    except (soundfile.SoundFileError, ZeroDivisionError):
        return 0.0
