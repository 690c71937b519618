"""What kedro-viz shows of payloads: texts to read, pictures to see, waveforms to see and hear.

A preview is HTML whatever the modality, since kedro-viz reads its kind from the annotation of ``preview``.
"""

import base64
from collections.abc import Sequence
from html import escape
from typing import Any

import cv2
import numpy as np
from kedro_datasets._typing import HTMLPreview
from numpy.typing import NDArray

from kefu import modalities

_SIDE_PX = 160
_WAVE_PX = (320, 72)
_INK = (178, 114, 0)
_MAX_CHARACTERS = 400
_TILE = "display:inline-block;vertical-align:top;margin:0 12px 12px 0"
_CAPTION = "font-size:11px;opacity:.75"
# kedro-viz reads the preview as Markdown: a customer's line breaks must not end the block, nor signs become formatting
_PLAIN = {ord(sign): f"&#{ord(sign)};" for sign in "*_`[]~|"} | {ord("\n"): "<br>", ord("\r"): ""}


def preview_payloads(modality: str, packed: Sequence[tuple[str, bytes]]) -> HTMLPreview:
    """Return a preview of (ticket_id, packed payload) pairs."""
    if not packed:
        return HTMLPreview("<p>No payload is here.</p>")
    unpack = modalities.get(modality).unpack
    tiles = [
        f'<div style="{_TILE}">{_show(unpack(data), data)}<div style="{_CAPTION}">{escape(ticket_id)}</div></div>'
        for ticket_id, data in packed
    ]
    return HTMLPreview(f"<div>{''.join(tiles)}</div>")


def _show(payload: Any, data: bytes) -> str:
    if isinstance(payload, str):
        shown = payload if len(payload) <= _MAX_CHARACTERS else payload[:_MAX_CHARACTERS] + "…"
        return f'<div style="max-width:320px">{escape(shown).translate(_PLAIN)}</div>'
    if payload.ndim == 3:
        return _image(_thumbnail(payload))
    sound = base64.b64encode(data).decode()
    player = f'<audio controls style="width:{_WAVE_PX[0]}px;height:32px" src="data:audio/flac;base64,{sound}"></audio>'
    return f"{_image(_wave(payload))}<br>{player}"


def _image(pixels: NDArray[np.uint8]) -> str:
    """Return an element that holds BGR or BGRA pixels."""
    png = cv2.imencode(".png", pixels)[1].tobytes()
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = _SIDE_PX / max(pixels.shape[:2])
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    small: NDArray[np.uint8] = cv2.resize(  # type: ignore[assignment]
        bgr, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    return small


def _wave(waveform: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Draw the peaks of a waveform on a transparent ground, which suits both themes."""
    width, height = _WAVE_PX
    drawn = np.zeros((height, width, 4), np.uint8)
    middle = height // 2
    for x, part in enumerate(np.array_split(waveform, width)):
        peak = int(np.abs(part).max(initial=0.0) * (middle - 2))
        cv2.line(drawn, (x, middle - peak), (x, middle + peak), (*_INK, 255), 1)
    return drawn
