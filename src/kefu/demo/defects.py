"""Files and fields broken on purpose, and the reason that cleaning should give for each."""

import io
import struct
import wave
from collections.abc import Mapping

import cv2
import numpy as np

from kefu.demo.drawing import encode_jpeg
from kefu.demo.plans import Defect
from kefu.demo.text import pick
from kefu.speech.wav import encode_wav
from kefu.tickets.faults import Reason

REASONS: Mapping[Defect, Reason] = {
    Defect.EMPTY_TEXT: Reason.EMPTY,
    Defect.TRUNCATED_IMAGE: Reason.TRUNCATED,
    Defect.PAGE_FOR_IMAGE: Reason.NOT_AN_IMAGE,
    Defect.BLANK_IMAGE: Reason.BLANK,
    Defect.MISSING_IMAGE: Reason.MISSING_FILE,
    Defect.SILENT_AUDIO: Reason.SILENT,
    Defect.BROKEN_AUDIO: Reason.NOT_AUDIO,
    Defect.MISSING_AUDIO: Reason.MISSING_FILE,
    Defect.BAD_LABEL: Reason.BAD_LABEL,
    Defect.MISSING_LABEL: Reason.MISSING_LABEL,
    Defect.DUPLICATE: Reason.DUPLICATE,
    Defect.NEAR_DUPLICATE: Reason.NEAR_DUPLICATE,
}
"""What cleaning should say."""

_EMPTY_TEXTS = ("   ", "???", "n/a", "<br>&nbsp;", "...", "N/A", "<p></p>")
_UNKNOWN_LABELS = ("unknown", "n/a", "??", "待定")  # a table alone cannot tell that "other" is no label
_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>"
    b"<body><h1>Not Found</h1><p>The requested file was not found on this server.</p></body></html>\n"
)


def spoil_text(rng: np.random.Generator) -> str:
    """Return a text without content."""
    return pick(rng, _EMPTY_TEXTS)


def spoil_label(label: str, rng: np.random.Generator) -> str:
    """Return a label that is misspelt or that the shop does not have."""
    return label + label[-1] if rng.random() < 0.5 else pick(rng, _UNKNOWN_LABELS)


def spoil_picture(picture: bytes, defect: Defect, rng: np.random.Generator) -> bytes | None:
    """Return the picture's file with the defect, or None if the defect is that there is no file."""
    match defect:
        case Defect.TRUNCATED_IMAGE:
            return picture[: int(len(picture) * rng.uniform(0.3, 0.7))]
        case Defect.PAGE_FOR_IMAGE:
            return _PAGE
        case Defect.BLANK_IMAGE:
            blank = np.full_like(
                cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR), int(rng.choice([0, 128, 255]))
            )
            return encode_jpeg(blank, 80)
        case Defect.MISSING_IMAGE:
            return None
    return picture


def spoil_recording(recording: bytes, defect: Defect, rng: np.random.Generator) -> bytes | None:
    """Return the recording's file with the defect, or None if the defect is that there is no file."""
    match defect:
        case Defect.SILENT_AUDIO:
            with wave.open(io.BytesIO(recording)) as file:
                num_samples, rate_hz = file.getnframes(), file.getframerate()
            return encode_wav(np.zeros(num_samples, dtype=np.float32), rate_hz)
        case Defect.BROKEN_AUDIO:
            return struct.pack("<4sI4s", b"RIFX", int(rng.integers(1 << 31)), b"WAV?") + recording[12:]
        case Defect.MISSING_AUDIO:
            return None
    return recording


def retype_text(text: str, rng: np.random.Generator) -> str:
    """Return the message as a customer types it again: shouted or spaced out, the words unchanged."""
    shouted = text.upper()
    spaced = text.replace(" ", "  ").replace("，", "， ")
    return (spaced if shouted == text or rng.random() < 0.5 else shouted) + "!!"
