"""Text in pictures: receipts, parcel labels, screens of telephones."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kefu.modalities.image.clean import Cleaning, clean
from kefu.modalities.image.decode import Pixels
from kefu.tickets.errors import KefuError
from kefu.tickets.faults import Fault, Reason

WORKING_SIDE_PX = 2_000
"""Longest side at which letters are recognised."""

_DETECTION_SIDE_PX = 960
_MIN_CONFIDENCE = 0.7
_THREADS = 2
_CLEANING = Cleaning(working_side_px=WORKING_SIDE_PX, blank_std=0)


class PictureReadingError(KefuError):
    """Text in pictures cannot be read on this installation."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of text, and where it stands: its middle, left edge and height in pixels."""

    text: str
    middle: float
    left: float
    height: float


def open_reader() -> Callable[[bytes], tuple[str, ...]]:
    """Load the networks, and return what reads the text in picture files; what is no picture has no lines.

    Raises:
        PictureReadingError: The extra ``pictures`` is not installed.
    """
    _engine()

    def read(raw: bytes) -> tuple[str, ...]:
        lines = read_picture(raw)
        return () if isinstance(lines, Fault) else lines

    return read


def read_picture(raw: bytes) -> tuple[str, ...] | Fault:
    """Read the text in a picture file.

    Args:
        raw: The whole file, from anywhere: it is checked and decoded as the pictures of tickets are.

    Returns:
        The lines of :func:`read_lines`, or why the file is no picture. A picture of one colour has no lines.

    Raises:
        PictureReadingError: The extra ``pictures`` is not installed.
    """
    cleaned = clean(raw, _CLEANING)
    if isinstance(cleaned, Fault):
        return () if cleaned.reason is Reason.BLANK else cleaned
    return read_lines(cleaned.payload)


def read_lines(pixels: Pixels) -> tuple[str, ...]:
    """Read the lines of text in a picture, from top to bottom; what stands side by side is one line.

    English and Chinese, also mixed, by the networks of PaddleOCR that RapidOCR ships (PP-OCRv6). What is read with
    little confidence is left out.

    Args:
        pixels: uint8 RGB (H, W, 3), upright.

    Returns:
        The lines; none where there is no text.

    Raises:
        PictureReadingError: The extra ``pictures`` is not installed.
    """
    engine = _engine()
    with _lock:
        found = engine(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), use_cls=False)
    if found.boxes is None:
        return ()
    return join_lines([_snippet(text, box) for text, box in zip(found.txts, found.boxes, strict=True) if text.strip()])


def join_lines(snippets: Sequence[Snippet]) -> tuple[str, ...]:
    """Put snippets into lines: those whose middles are less than half a height apart, from left to right."""
    lines: list[list[Snippet]] = []
    for snippet in sorted(snippets, key=lambda snippet: snippet.middle):
        last = lines[-1][-1] if lines else None
        if last is not None and snippet.middle - last.middle < min(snippet.height, last.height) / 2:
            lines[-1].append(snippet)
        else:
            lines.append([snippet])
    return tuple(" ".join(part.text.strip() for part in sorted(line, key=lambda part: part.left)) for line in lines)


def _snippet(text: str, box: NDArray[np.float32]) -> Snippet:
    """Measure a box (4, 2) of corners x, y, clockwise from the upper left."""
    height = float(np.linalg.norm(box[3] - box[0]) + np.linalg.norm(box[2] - box[1])) / 2
    return Snippet(text, middle=float(box[:, 1].mean()), left=float(box[:, 0].min()), height=height)


_lock = threading.Lock()


@cache
def _engine() -> Any:
    """Load the networks, 30 MB, once a process."""
    try:
        import rapidocr
    except ImportError as error:
        raise PictureReadingError(
            f"text in pictures is read by rapidocr, which cannot be imported ({error}); `pip install 'kefu[pictures]'`"
        ) from error
    # named, since what RapidOCR does not find it would download
    folder = Path(rapidocr.__file__).parent / "models"
    detector, recogniser = (_find_network(folder, part) for part in ("det", "rec"))
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": _MIN_CONFIDENCE,
            "Global.max_side_len": WORKING_SIDE_PX,
            "Det.model_path": str(detector),
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTION_SIDE_PX,
            "Rec.model_path": str(recogniser),
            "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _find_network(folder: Path, part: str) -> Path:
    found = sorted(folder.glob(f"*_{part}_*.onnx"))
    if len(found) != 1:
        raise PictureReadingError(
            f"{folder} should hold one network *_{part}_*.onnx, not {len(found)}; install rapidocr 3.10"
        )
    return found[0]
