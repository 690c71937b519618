"""Contact sheets: what augmentation or a corruption does to a few pictures, recordings and texts, at a glance.

Each pair is an original and one or more changed copies. Pictures and spectrograms travel inside the figure as JPEG or
PNG, whichever is smaller, since a heatmap of the same pixels would be many times larger.
"""

import base64
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from kefu.evaluation.figures import escaped, template

Pixels = NDArray[np.uint8]
Decibels = NDArray[np.floating]

PICTURE_PX = 160
SPECTROGRAM_PX = 320
JPEG_QUALITY = 82
DYNAMIC_RANGE_DB = 80.0
_GAP = 0.06
_MAP = cv2.COLORMAP_CIVIDIS


def picture_sheet(pairs: Sequence[tuple[Pixels, Pixels | Sequence[Pixels]]]) -> go.Figure:
    """Show pictures, one row a pair: the original, then its augmented copies.

    Args:
        pairs: Pictures (H, W, 3) in RGB, uint8, of any size; they are shown at most 160 px wide or high.

    Raises:
        ValueError: If a picture is not (H, W, 3) uint8.
    """
    rows = [[_checked_picture(one) for one in (before, *_copies(after))] for before, after in pairs]
    cells = [[shrunk(one, PICTURE_PX) for one in row] for row in rows]
    figure = _grid(cells, aspect=1.0)
    return _finished(figure, cells, row_px=150, column_px=150)


def severity_sheet(rows: Sequence[tuple[str, Sequence[tuple[str, Pixels]]]]) -> go.Figure:
    """Show a picture getting worse from left to right, a row a corruption.

    Args:
        rows: Of each corruption its heading, and as many pictures (H, W, 3) in RGB, uint8, each with its level.

    Raises:
        ValueError: If a picture is not (H, W, 3) uint8.
    """
    cells = [[shrunk(_checked_picture(picture), PICTURE_PX) for _, picture in pictures] for _, pictures in rows]
    figure = _grid(cells, aspect=1.0, size=0.72)
    for row, (heading, pictures) in enumerate(rows):
        figure.add_annotation(
            text=escaped(heading), x=_GAP / 2, y=row, xanchor="left", yanchor="top", showarrow=False, font={"size": 13}
        )
        for column, (level, _) in enumerate(pictures):
            figure.add_annotation(
                text=escaped(level), x=column + 0.5, y=row + 0.86, yanchor="top", showarrow=False, font={"size": 12}
            )
    figure = _finished(figure, cells, row_px=170, column_px=110)
    return figure.update_xaxes(showticklabels=False).update_layout(margin={"t": 8})


def spectrogram_sheet(pairs: Sequence[tuple[Decibels, Decibels | Sequence[Decibels]]], hop_seconds: float) -> go.Figure:
    """Show log-mel spectrograms, one row a pair, low frequencies below, in one scale of decibels for the sheet.

    Args:
        pairs: Log-mel spectrograms (n_mels, frames) in dB.
        hop_seconds: The time from frame to frame.

    Raises:
        ValueError: If a spectrogram is not two-dimensional or ``hop_seconds`` is not positive.
    """
    if not hop_seconds > 0:
        raise ValueError(f"hop_seconds must be positive, got {hop_seconds}")
    rows = [[_checked_spectrogram(one) for one in (before, *_copies(after))] for before, after in pairs]
    finite = [one[np.isfinite(one)] for row in rows for one in row]
    high = float(max((one.max() for one in finite if one.size), default=0.0))
    low = float(max(high - DYNAMIC_RANGE_DB, min((one.min() for one in finite if one.size), default=high)))
    cells = [[shrunk(_coloured(one, low, high), SPECTROGRAM_PX) for one in row] for row in rows]
    figure = _grid(
        cells, aspect=None, captions=[[f"{one.shape[1] * hop_seconds:.2f} s" for one in row] for row in rows]
    )
    scale = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], _MAP)[:, 0, ::-1]
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        hoverinfo="skip",
        showlegend=False,
        marker={
            "color": [low],
            "cmin": low,
            "cmax": max(high, low + 1.0),
            "colorscale": [[at / 15, f"rgb({r},{g},{b})"] for at, (r, g, b) in enumerate(scale[::17].tolist())],
            "showscale": True,
            "colorbar": {"title": {"text": "dB"}, "thickness": 10, "outlinewidth": 0, "len": 0.8},
        },
    )
    return _finished(figure, cells, row_px=130, column_px=220)


def text_sheet(pairs: Sequence[tuple[str, str | Sequence[str]]]) -> go.Figure:
    """Show texts as a table, one row a pair: the original, then its augmented copies."""
    rows = [[before, *([after] if isinstance(after, str) else after)] for before, after in pairs]
    width = max((len(row) for row in rows), default=2)
    columns = [[escaped(row[at]) if at < len(row) else "" for row in rows] for at in range(width)]
    figure = go.Figure(
        go.Table(
            header={"values": _headings(width), "align": "left", "height": 34},
            cells={"values": columns, "align": "left", "height": 30},
        )
    )
    figure.update_layout(template=template(), height=80 + 60 * len(rows), meta={"min_width": 320 * width})
    return figure


def _copies(after: Any) -> list[Any]:
    return [after] if isinstance(after, np.ndarray) else list(after)


def _headings(width: int) -> list[str]:
    return ["before", "after"] if width == 2 else ["before", *(f"after {number}" for number in range(1, width))]


def _checked_picture(picture: Pixels) -> Pixels:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ValueError(f"a picture must be (H, W, 3) uint8, got {picture.shape} {picture.dtype}")
    return picture


def _checked_spectrogram(log_mel: Decibels) -> Decibels:
    if log_mel.ndim != 2 or not log_mel.size:
        raise ValueError(f"a spectrogram must be (n_mels, frames), got {log_mel.shape}")
    return log_mel


def shrunk(picture: Pixels, side_px: int) -> Pixels:
    """Return a picture (H, W, 3) no wider or higher than ``side_px``; a smaller one stays as it is."""
    height, width = picture.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _coloured(log_mel: Decibels, low: float, high: float) -> Pixels:
    level = (np.nan_to_num(log_mel, nan=low, posinf=high, neginf=low) - low) / max(high - low, 1e-9)
    grey = (np.clip(level, 0, 1) * 255).round().astype(np.uint8)[::-1]
    return np.ascontiguousarray(cv2.applyColorMap(np.ascontiguousarray(grey), _MAP)[..., ::-1])


def data_uri(picture: Pixels) -> str:
    """Return a picture (H, W, 3) as a JPEG or a PNG, whichever is smaller, for use in a page."""
    bgr = np.ascontiguousarray(picture[..., ::-1])
    encoded = {
        "jpeg": cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes(),
        "png": cv2.imencode(".png", bgr)[1].tobytes(),
    }
    kind = min(encoded, key=lambda name: len(encoded[name]))
    return f"data:image/{kind};base64,{base64.b64encode(encoded[kind]).decode()}"


def _grid(
    cells: Sequence[Sequence[Pixels]],
    aspect: float | None,
    captions: Sequence[Sequence[str]] = (),
    size: float = 1 - _GAP,
) -> go.Figure:
    """Place images on a grid of unit cells, row 0 on top; without an aspect they fill their cell."""
    figure = go.Figure()
    for row, pictures in enumerate(cells):
        for column, picture in enumerate(pictures):
            figure.add_layout_image(
                source=data_uri(picture),
                xref="x",
                yref="y",
                x=column + 0.5,
                y=row + 0.5,
                xanchor="center",
                yanchor="middle",
                sizex=1 - _GAP,
                sizey=size if aspect else 0.8,
                sizing="contain" if aspect else "stretch",
            )
            if captions:
                figure.add_annotation(
                    text=captions[row][column],
                    x=column + 1 - _GAP / 2,
                    y=row + 0.9,
                    xanchor="right",
                    yanchor="top",
                    yshift=2,
                    showarrow=False,
                    font={"size": 11},
                )
    return figure


def _finished(figure: go.Figure, cells: Sequence[Sequence[Pixels]], row_px: int, column_px: int) -> go.Figure:
    width = max((len(row) for row in cells), default=1)
    hidden = {"showgrid": False, "showline": False, "fixedrange": True, "ticks": ""}
    figure.update_xaxes(
        **hidden, side="top", range=[0, width], tickvals=np.arange(width) + 0.5, ticktext=_headings(width)
    )
    figure.update_yaxes(**hidden, range=[len(cells), 0], showticklabels=False)
    figure.update_layout(
        template=template(),
        height=50 + row_px * max(1, len(cells)),
        margin={"t": 36, "l": 0, "r": 0, "b": 8},
        meta={"min_width": column_px * width * 3 // 4},
    )
    return figure
