"""What kedro-viz shows of payloads: pictures and waveforms as one picture, texts as a table."""

import base64
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from kedro_datasets._typing import ImagePreview, TablePreview
from numpy.typing import NDArray

_TILE_PX = 160
_INK = (178, 114, 0)


def preview_payloads(rows: Sequence[tuple[str, Any]]) -> TablePreview | ImagePreview:
    """Return a preview of (ticket_id, payload) pairs."""
    if not rows or isinstance(rows[0][1], str):
        return TablePreview(
            {"index": list(range(len(rows))), "columns": ["ticket_id", "payload"], "data": [list(row) for row in rows]}
        )
    tiles = [_picture_tile(payload) if payload.ndim == 3 else _waveform_tile(payload) for _, payload in rows]
    columns = min(4, len(tiles))
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    lines = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    png = cv2.imencode(".png", np.vstack(lines))[1].tobytes()
    return ImagePreview(base64.b64encode(png).decode())


def _picture_tile(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = (_TILE_PX - 8) / max(pixels.shape[:2])
    small = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.full((_TILE_PX, _TILE_PX, 3), 255, np.uint8)
    top, left = (_TILE_PX - small.shape[0]) // 2, (_TILE_PX - small.shape[1]) // 2
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    return tile


def _waveform_tile(waveform: NDArray[np.float32]) -> NDArray[np.uint8]:
    tile = np.full((_TILE_PX, _TILE_PX, 3), 255, np.uint8)
    middle = _TILE_PX // 2
    for x, part in enumerate(np.array_split(waveform, _TILE_PX - 8), start=4):
        height = int(np.abs(part).max(initial=0.0) * (middle - 8))
        cv2.line(tile, (x, middle - height), (x, middle + height), _INK, 1)
    return tile
