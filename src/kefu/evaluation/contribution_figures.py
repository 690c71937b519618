"""Figures of what each modality contributes, and of what in a ticket spoke for its label."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from kefu.evaluation.contact_sheet import data_uri, shrunk
from kefu.evaluation.figures import (
    BLUE,
    COLOURS,
    MOST_CLASSES_IN_FULL,
    VERMILLION,
    escaped,
    finished,
    short,
    whiskers,
)
from kefu.explanation.explanation import Explanation, WeighedPart

_PATTERNS = ("", "/", ".", "x", "\\", "-", "|", "+")
_PICTURE_PX = 240
_ENVELOPE_POINTS = 300
_MOST_OPAQUE = 0.55
_MARKED_WORDS = 5


def overall(table: pd.DataFrame) -> go.Figure:
    """Draw what each modality adds to macro-F1 with its interval, the most on top."""
    table = table.sort_values("to_macro_f1", kind="stable").reset_index(drop=True)
    figure = go.Figure(
        go.Bar(
            x=table["to_macro_f1"],
            y=np.arange(len(table)),
            orientation="h",
            marker={"color": BLUE},
            error_x=whiskers(table, "to_macro_f1", VERMILLION),
            customdata=_columns(table["of_modality"].map(escaped), table["tickets"]),
            hovertemplate="<b>%{customdata[0]}</b><br>macro-F1 %{x:+.3f}<br>%{customdata[1]} tickets<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_yaxes(tickvals=np.arange(len(table)), ticktext=_names(table["of_modality"]), showgrid=False)
    figure.update_xaxes(title_text="Macro-F1 added (Shapley value)", tickformat=".2f", nticks=6, zeroline=True)
    return finished(figure, "What each modality adds to macro-F1", 110 + 46 * max(1, len(table)))


def per_class(table: pd.DataFrame, modalities: Sequence[str]) -> go.Figure:
    """Draw what each modality adds to the F1 of each class, stacked; of many classes those with most tickets."""
    shown = table.nlargest(MOST_CLASSES_IN_FULL, "support", keep="first").sort_values("f1", kind="stable")
    title = "What each modality adds to the F1 of each class"
    if len(shown) < len(table):
        title = f"What each modality adds to the F1 of the {len(shown)} commonest classes"
    return _stacked(shown, modalities, "class", "F1 added (Shapley value)", title, 34)


def groups(table: pd.DataFrame, modalities: Sequence[str], title: str) -> go.Figure:
    """Draw the mean evidence of each modality in groups of tickets, stacked, the largest group on top."""
    return _stacked(table.iloc[::-1], modalities, "group", "Evidence for the true label of a ticket (nats)", title, 46)


def subsets(table: pd.DataFrame) -> go.Figure:
    """Draw macro-F1 when the model sees only some of the modalities, with its interval."""
    table = table.iloc[::-1].reset_index(drop=True)
    figure = go.Figure(
        go.Scatter(
            x=table["macro_f1"],
            y=np.arange(len(table)),
            mode="markers",
            marker={"size": 12, "color": BLUE},
            error_x=whiskers(table, "macro_f1", BLUE),
            customdata=_columns(table["seen"].map(escaped), table["shown"]),
            hovertemplate="<b>%{customdata[0]}</b><br>macro-F1 %{x:.3f}<br>%{customdata[1]} tickets<extra></extra>",
        )
    )
    ticks = [
        f"{short(seen, 30).replace('+', ' + ')}<br><i>{shown:,}</i>"
        for seen, shown in zip(table["seen"], table["shown"], strict=True)
    ]
    figure.update_yaxes(tickvals=np.arange(len(table)), ticktext=ticks, range=[-0.6, len(table) - 0.4], showgrid=False)
    figure.update_xaxes(title_text="Macro-F1", tickformat=".2f", nticks=7)
    return finished(figure, "Macro-F1 of all tickets by what the model sees", 110 + 46 * max(1, len(table)))


def example(payload: Any, modality: str, explanation: Explanation) -> go.Figure | None:
    """Draw what in a payload spoke for the label, by what it is: a picture or a waveform; nothing of other kinds."""
    weighed = explanation.parts.get(modality, ())
    if not isinstance(payload, np.ndarray) or not weighed:
        return None
    numbered = explanation.most_important(modality)
    return _picture(payload, weighed, numbered) if payload.ndim == 3 else _waveform(payload, weighed, numbered)


def marked_text(explanation: Explanation, modality: str) -> list[tuple[str, int]]:
    """Return a text in pieces, and from 0 to 3 how much each spoke for the label, compared with the best."""
    text = explanation.texts[modality]
    marked = explanation.most_important(modality, _MARKED_WORDS)
    pieces: list[tuple[str, int]] = []
    end = 0
    for one in sorted(marked, key=lambda one: one.part.place["start"]):
        start = int(one.part.place["start"])
        pieces.append((text[end:start], 0))
        end = int(one.part.place["end"])
        pieces.append((text[start:end], 1 + min(2, int(3 * one.evidence / marked[0].evidence))))
    return [*pieces, (text[end:], 0)]


def _stacked(
    table: pd.DataFrame, modalities: Sequence[str], name: str, axis: str, title: str, row_px: int
) -> go.Figure:
    table = table.reset_index(drop=True)
    count = "support" if "support" in table else "n"
    figure = go.Figure()
    for modality, colour, shape in zip(modalities, COLOURS, _PATTERNS, strict=False):
        pattern = {"shape": shape, "fillmode": "overlay", "fgcolor": "#FFFFFF", "fgopacity": 0.6, "size": 6}
        figure.add_bar(
            x=table[modality],
            y=np.arange(len(table)),
            name=escaped(modality),
            orientation="h",
            marker={"color": colour, "pattern": pattern},
            customdata=_columns(table[name].map(escaped), table[count], _intervals(table, modality)),
            hovertemplate=f"<b>%{{customdata[0]}}</b><br>{escaped(modality)} %{{x:+.3f}}%{{customdata[2]}}"
            "<br>%{customdata[1]} tickets<extra></extra>",
        )
    figure.update_layout(barmode="relative", legend={"traceorder": "normal"})
    figure.update_yaxes(
        tickvals=np.arange(len(table)),
        ticktext=[short(one, 24).replace("+", " + ") for one in table[name]],
        range=[-0.6, len(table) - 0.4],
        showgrid=False,
    )
    figure.update_xaxes(title_text=axis, nticks=6, zeroline=True)
    return finished(figure, title, 120 + row_px * max(1, len(table)))


def _picture(pixels: NDArray[np.uint8], weighed: Sequence[WeighedPart], numbered: Sequence[WeighedPart]) -> go.Figure:
    height, width = pixels.shape[:2]
    figure = go.Figure()
    figure.add_layout_image(
        source=data_uri(shrunk(pixels, _PICTURE_PX)), xref="x", yref="y", x=0, y=0, sizex=1, sizey=1, sizing="stretch",
        layer="below",
    )  # fmt: skip
    for one in weighed:
        place = one.part.place
        _shade(figure, one, weighed, place["left"], place["right"], place["top"], place["bottom"])
    for number, one in enumerate(numbered, start=1):
        place = one.part.place
        _number(figure, number, (place["left"] + place["right"]) / 2, (place["top"] + place["bottom"]) / 2)
    hidden = {"visible": False, "fixedrange": True, "constrain": "domain"}
    figure.update_xaxes(range=[0, 1], **hidden)
    figure.update_yaxes(range=[1, 0], scaleanchor="x", scaleratio=height / width, **hidden)
    figure.update_layout(margin={"t": 4, "b": 4})
    drawn = max(120, round(_PICTURE_PX * height / max(height, width)))
    return finished(figure, "What in the picture spoke for the label", drawn, max_width=_PICTURE_PX + 80)


def _waveform(
    samples: NDArray[np.float32], weighed: Sequence[WeighedPart], numbered: Sequence[WeighedPart]
) -> go.Figure:
    seconds = max(one.part.place["end"] for one in weighed)
    pieces = np.array_split(samples, min(_ENVELOPE_POINTS, max(1, len(samples))))
    times = (np.arange(len(pieces)) + 0.5) / len(pieces) * seconds
    low = np.array([piece.min(initial=0.0) for piece in pieces]).round(4)
    high = np.array([piece.max(initial=0.0) for piece in pieces]).round(4)
    top = max(float(np.abs(low).max()), float(high.max()), 1e-3)
    figure = go.Figure(
        go.Scatter(
            x=np.concatenate([times, times[::-1]]).round(4),
            y=np.concatenate([high, low[::-1]]),
            mode="lines",
            fill="toself",
            line={"width": 1, "color": BLUE},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for one in weighed:
        _shade(figure, one, weighed, one.part.place["start"], one.part.place["end"], -top, top)
    for number, one in enumerate(numbered, start=1):
        _number(figure, number, (one.part.place["start"] + one.part.place["end"]) / 2, 0.88 * top)
    figure.update_xaxes(title_text="Time (s)", range=[0, seconds], nticks=6)
    figure.update_yaxes(range=[-top, top], showticklabels=False, title_text="Amplitude", nticks=3)
    return finished(figure, "When in the recording something spoke for the label", 200)


def _shade(
    figure: go.Figure, one: WeighedPart, others: Sequence[WeighedPart], x0: float, x1: float, y0: float, y1: float
) -> None:
    """Colour a part the deeper the more it spoke for the label, compared with the others."""
    most = max(other.evidence for other in others)
    if one.evidence > 0:
        figure.add_shape(
            type="rect", x0=x0, x1=x1, y0=y0, y1=y1, line={"width": 0}, fillcolor=VERMILLION,
            opacity=round(_MOST_OPAQUE * one.evidence / most, 3), layer="above",
        )  # fmt: skip


def _number(figure: go.Figure, number: int, x: float, y: float) -> None:
    figure.add_annotation(
        text=f"<b>{number}</b>", x=x, y=y, showarrow=False, bgcolor="#FFFFFF", borderpad=2,
        font={"size": 13, "color": "#1B1F24"},
    )  # fmt: skip


def _names(column: pd.Series) -> list[str]:
    return [short(name) for name in column]


def _intervals(table: pd.DataFrame, name: str) -> pd.Series:
    """Return intervals in brackets; nothing where there is none."""
    pairs = zip(table[f"{name}_low"], table[f"{name}_high"], strict=True)
    return pd.Series([f" ({low:+.3f}, {high:+.3f})" if np.isfinite(low) else "" for low, high in pairs], dtype=object)


def _columns(*columns: pd.Series) -> list[list[object]]:
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]
