"""Figures in one house style: colours that the colour-blind tell apart, in light and in dark.

The colours are those of Okabe and Ito 2008, Color Universal Design. What a user wrote (labels, names) is escaped and,
where it is long, shortened on the axis and given in full on hover. Backgrounds are transparent: the page shows through.
"""

import html
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from kefu.evaluation.robustness import AS_IT_CAME, scenario_names

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW, GREY = "#E69F00", "#56B4E9", "#F0E442", "#8A8F98"
ON_DARK = {BLUE: "#4DA9E0", GREEN: "#1DB98C"}
"""What stands for a colour that is too dim on a dark page."""

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, VERMILLION, SKY, YELLOW, GREY)

FONTS = (
    '"Inter", system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", '
    '"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", sans-serif'
)

LABEL_WIDTH = 16
MOST_CLASSES_IN_FULL = 40
MOST_CELLS_WITH_TEXT = 12
_ROW_PX = 34


def template(dark: bool = False) -> go.layout.Template:
    """Return the house style for a light or a dark page."""
    ink, faint, line = ("#E6E8EB", "#A3A9B3", "#343A43") if dark else ("#1B1F24", "#5B6470", "#E3E6EA")
    paper = "#16191D" if dark else "#FFFFFF"
    low, high = ("#1D2229", "#8CCBF5") if dark else ("#F3F6F9", "#00517F")
    axis = {
        "gridcolor": line,
        "linecolor": line,
        "zeroline": False,
        "automargin": True,
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": "rgba(0,0,0,0)",
        "tickfont": {"size": 13, "color": faint},
        "title": {"font": {"size": 13, "color": faint}, "standoff": 10},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONTS, "size": 14, "color": ink},
            "title": {"font": {"size": 16}, "x": 0, "xref": "paper", "xanchor": "left"},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(COLOURS),
            "colorscale": {"sequential": [[0, low], [1, high]]},
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 8, "r": 16, "t": 44, "b": 8},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "title": {}},
            "hoverlabel": {
                "bgcolor": paper,
                "bordercolor": line,
                "align": "left",
                "font": {"color": ink, "family": FONTS},
            },
            "dragmode": False,
            "bargap": 0.35,
        },
        data={
            "heatmap": [
                {"colorscale": [[0, low], [1, high]], "colorbar": {"outlinewidth": 0, "tickfont": {"color": faint}}}
            ],
            "table": [
                {
                    "header": {"fill": {"color": paper}, "line": {"color": line}, "font": {"color": faint}},
                    "cells": {"fill": {"color": paper}, "line": {"color": line}, "font": {"color": ink}},
                }
            ],
        },
    )


def escaped(text: object) -> str:
    """Return the text as Plotly shows it letter by letter, markup included."""
    return html.escape(str(text), quote=False)


def short(text: object, width: int = LABEL_WIDTH) -> str:
    """Return the escaped text, shortened to ``width`` columns, where a Chinese glyph takes two."""
    kept, used = "", 0
    for glyph in str(text):
        used += 2 if unicodedata.east_asian_width(glyph) in "WF" else 1
        if used > width:
            return escaped(kept.rstrip()) + "…"
        kept += glyph
    return escaped(kept)


def comparison(table: pd.DataFrame, chosen: str) -> go.Figure:
    """Draw the macro-F1 of each strategy and modality with its interval, best on top; the chosen one is filled."""
    table = table[table["n"] > 0].sort_values("macro_f1", na_position="first")
    positions = np.arange(len(table))
    figure = go.Figure()
    for kind, name, colour in (("fusion", "Fusion strategy", BLUE), ("modality", "Single modality", VERMILLION)):
        rows = (table["kind"] == kind).to_numpy(dtype=bool)
        part = table[rows]
        if part.empty:
            continue
        figure.add_scatter(
            x=part["macro_f1"],
            y=positions[rows],
            name=name,
            mode="markers",
            marker={
                "size": 12,
                "color": colour,
                "symbol": ["circle" if one == chosen else "circle-open" for one in part["name"]],
                "line": {"width": 2.5, "color": colour},
            },
            error_x=_whiskers(part, "macro_f1", colour),
            customdata=_columns(part["name"].map(escaped), part["n"], part["accuracy"]),
            hovertemplate="<b>%{customdata[0]}</b><br>macro-F1 %{x:.3f}<br>accuracy %{customdata[2]:.3f}"
            "<br>%{customdata[1]} tickets<extra></extra>",
        )
    names = [f"<b>{short(one)}</b> (chosen)" if one == chosen else short(one) for one in table["name"]]
    figure.update_yaxes(tickvals=positions, ticktext=names, range=[-0.6, len(table) - 0.4], showgrid=False)
    figure.update_xaxes(title_text="Macro-F1", tickformat=".2f", nticks=7)
    return finished(figure, "Macro-F1 of every strategy and modality", 110 + _ROW_PX * max(1, len(table)))


def per_class(table: pd.DataFrame) -> go.Figure:
    """Draw the F1 of each class with its interval, best on top; of many classes only the worst."""
    defined = table.dropna(subset=["f1"]).sort_values("f1", ascending=True, kind="stable")
    shown = defined.head(MOST_CLASSES_IN_FULL).reset_index(drop=True)
    positions = np.arange(len(shown))
    figure = go.Figure()
    for name, colour, symbol in (("precision", ORANGE, "line-ns"), ("recall", GREEN, "line-ns")):
        figure.add_scatter(
            x=shown[name],
            y=positions,
            name=name.capitalize(),
            mode="markers",
            marker={"symbol": symbol, "size": 13, "line": {"width": 2.5, "color": colour}, "color": colour},
            hovertemplate=name + " %{x:.3f}<extra></extra>",
        )
    figure.add_scatter(
        x=shown["f1"],
        y=positions,
        name="F1",
        mode="markers",
        marker={"size": 11, "color": BLUE},
        error_x=_whiskers(shown, "f1", BLUE),
        customdata=_columns(shown["class"].map(escaped), shown["support"]),
        hovertemplate="<b>%{customdata[0]}</b><br>F1 %{x:.3f}<br>%{customdata[1]} tickets<extra></extra>",
    )
    figure.update_yaxes(tickvals=positions, ticktext=[short(name) for name in shown["class"]], showgrid=False)
    figure.update_yaxes(range=[-0.7, len(shown) - 0.3])
    figure.update_xaxes(title_text="Score", tickformat=".2f", nticks=7)
    title = "F1 of each class" if len(shown) == len(defined) else f"F1 of the {len(shown)} weakest classes"
    return finished(figure, title, 120 + _ROW_PX * max(1, len(shown)))


def groups(table: pd.DataFrame, title: str) -> go.Figure:
    """Draw accuracy and macro-F1 of groups of tickets, the largest group on top."""
    table = table.iloc[::-1].reset_index(drop=True)
    figure = go.Figure()
    for name, label, colour, shift in (
        ("macro_f1", "Macro-F1", BLUE, -0.13),
        ("accuracy", "Accuracy", ORANGE, 0.13),
    ):
        figure.add_scatter(
            x=table[name],
            y=np.arange(len(table)) + shift,
            name=label,
            mode="markers",
            marker={"size": 10, "color": colour},
            error_x=_whiskers(table, name, colour),
            customdata=_columns(table["group"].map(escaped), table["n"]),
            hovertemplate="<b>%{customdata[0]}</b><br>"
            + label
            + " %{x:.3f}<br>%{customdata[1]} tickets<extra></extra>",
        )
    names = [
        f"{short(one, 24).replace('+', ' + ')}<br><i>{n:,}</i>"
        for one, n in zip(table["group"], table["n"], strict=True)
    ]
    figure.update_yaxes(tickvals=np.arange(len(table)), ticktext=names, range=[-0.6, len(table) - 0.4], showgrid=False)
    figure.update_xaxes(title_text="Score", tickformat=".2f", nticks=7)
    return finished(figure, title, 110 + 46 * max(1, len(table)))


def robustness(table: pd.DataFrame) -> go.Figure:
    """Draw macro-F1 of each changed input with its interval, and of the same tickets as they came."""
    table = table[table["n"] > 0].iloc[::-1].reset_index(drop=True)
    names = scenario_names(table, AS_IT_CAME)
    positions = np.arange(len(table))
    unchanged = table["change"] == "none"
    before = table["macro_f1"].where(unchanged, table["macro_f1"] + table["loss"])
    figure = go.Figure()
    for label, values, rows, colour, symbol in (
        ("Changed", table["macro_f1"].where(~unchanged), ~unchanged, BLUE, "circle"),
        ("The same tickets as they came", before, unchanged, VERMILLION, "circle-open"),
    ):
        figure.add_scatter(
            x=values,
            y=positions,
            name=label,
            mode="markers",
            marker={"size": 12, "color": colour, "symbol": symbol, "line": {"width": 2.5, "color": colour}},
            error_x=_whiskers(table.where(rows), "macro_f1", colour),
            customdata=_columns(pd.Series(names).map(escaped), table["n"]),
            hovertemplate="<b>%{customdata[0]}</b><br>macro-F1 %{x:.3f}<br>%{customdata[1]} tickets<extra></extra>",
        )
    ticks = [f"{short(name, 24)}<br><i>{n:,}</i>" for name, n in zip(names, table["n"], strict=True)]
    figure.update_yaxes(tickvals=positions, ticktext=ticks, range=[-0.6, len(table) - 0.4], showgrid=False)
    figure.update_xaxes(title_text="Macro-F1", tickformat=".2f", nticks=7)
    return finished(figure, "Macro-F1 with a modality missing or noisy", 110 + 46 * max(1, len(table)))


def confusion(counts: NDArray[np.int64], classes: Sequence[str]) -> go.Figure:
    """Draw the share of each true class (row) that was given each class (column), with the counts."""
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)
    size = len(classes)
    names = [escaped(name) for name in classes]
    text = np.where(counts > 0, counts.astype(str), "") if size <= MOST_CELLS_WITH_TEXT else None
    figure = go.Figure(
        go.Heatmap(
            z=share,
            zmin=0,
            zmax=1,
            text=text,
            texttemplate="%{text}" if text is not None else None,
            xgap=2 if size <= MOST_CELLS_WITH_TEXT else 0,
            ygap=2 if size <= MOST_CELLS_WITH_TEXT else 0,
            customdata=[
                [[names[row], names[column], int(counts[row, column])] for column in range(size)] for row in range(size)
            ],
            hovertemplate="true %{customdata[0]}<br>predicted %{customdata[1]}<br>%{customdata[2]} tickets, "
            "%{z:.1%} of the true class<extra></extra>",
            showscale=size > MOST_CELLS_WITH_TEXT,
            colorbar={"tickformat": ".0%", "thickness": 10},
        )
    )
    every = max(1, -(-size // MOST_CLASSES_IN_FULL))
    ticks: dict[str, Any] = {
        "tickvals": np.arange(0, size, every),
        "ticktext": [short(name, 14) for name in classes[::every]],
    }
    if text is None:
        ticks["tickfont"] = {"size": 11}
    figure.update_xaxes(title_text="Predicted", showgrid=False, tickangle=-40 if text is not None else -90, **ticks)
    figure.update_yaxes(title_text="True", showgrid=False, autorange="reversed", **ticks)
    height = int(np.clip(170 + 46 * size, 300, 900))
    return finished(
        figure,
        "Colour: the share of the true class. Figures: tickets" if text is not None else "Share of the true class",
        height,
        min_width=min(110 + 28 * size, 700),
        max_width=height + 140,
    )


def reliability(curve: pd.DataFrame) -> go.Figure:
    """Draw accuracy over confidence: on the diagonal, a probability means what it says."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="Perfect", line={"color": GREY, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=curve["confidence"],
        y=curve["accuracy"],
        mode="lines+markers",
        name="Measured, 95% interval",
        line={"color": BLUE, "width": 2},
        marker={"size": 9},
        error_y=_whiskers(curve, "accuracy", BLUE, low="low", high="high"),
        customdata=_columns(curve["n"]),
        hovertemplate="confidence %{x:.2f}<br>accuracy %{y:.2f}<br>%{customdata[0]} tickets<extra></extra>",
    )
    figure.update_xaxes(title_text="Confidence (probability of the answer)", range=[0, 1.02], tickformat=".1f")
    figure.update_yaxes(title_text="Accuracy", range=[0, 1.02], tickformat=".1f")
    return finished(figure, "Confidence against accuracy", 400)


def learning(history: pd.DataFrame, name: str) -> go.Figure:
    """Draw loss (above) and, if there is one, validation score (below) by epoch: macro-F1, or retrieval AUC."""
    judged = history.filter(like="validation_").notna().any(axis=None)
    num_rows = 2 if judged else 1
    figure = make_subplots(rows=num_rows, cols=1, shared_xaxes=True, vertical_spacing=0.09)
    for column, label, colour, row in (
        ("train_loss", "Training", ORANGE, 1),
        ("validation_loss", "Validation", BLUE, 1),
        ("validation_macro_f1", "Validation macro-F1", BLUE, 2),
        ("validation_retrieval_auc", "Validation retrieval AUC", BLUE, 2),
    ):
        if column not in history or history[column].isna().all():
            continue
        points = history.groupby("epoch", as_index=False)[column].mean().dropna()
        figure.add_scatter(
            x=points["epoch"],
            y=points[column],
            name=label,
            mode="lines+markers" if len(points) < 40 else "lines",
            line={"color": colour, "width": 2},
            marker={"size": 5},
            showlegend=row == 1,
            hovertemplate="epoch %{x}<br>" + label + " %{y:.3f}<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_yaxes(title_text="Loss (nats)", row=1, col=1, nticks=5)
    if judged:
        score = "Retrieval AUC" if "validation_retrieval_auc" in history else "Macro-F1"
        figure.update_yaxes(title_text=score, row=2, col=1, nticks=5)
    figure.update_xaxes(title_text="Epoch", row=num_rows, col=1, tickformat="d")
    return finished(figure, f"{short(name, 24).capitalize()}", 400)


def labels(table: pd.DataFrame) -> go.Figure:
    """Draw the tickets of each label, stacked by split, the commonest label on top."""
    splits = [column for column in table.columns if column != "label"]
    order = table[splits].sum(axis=1).sort_values(kind="stable").index[-MOST_CLASSES_IN_FULL:]
    shown = table.loc[order].reset_index(drop=True)
    figure = go.Figure()
    for split, colour in zip(splits, COLOURS * len(splits), strict=False):
        figure.add_bar(
            x=shown[split],
            y=np.arange(len(shown)),
            name=escaped(split),
            orientation="h",
            marker={"color": colour},
            customdata=_columns(shown["label"].map(escaped)),
            hovertemplate="<b>%{customdata[0]}</b><br>%{x} tickets in " + escaped(split) + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
    figure.update_yaxes(
        tickvals=np.arange(len(shown)), ticktext=[short(name) for name in shown["label"]], showgrid=False
    )
    figure.update_xaxes(title_text="Tickets", tickformat=",d", nticks=6)
    title = "Tickets by label and split"
    if len(shown) < len(table):
        title += f": the {len(shown)} commonest labels"
    return finished(figure, title, 120 + 28 * max(1, len(shown)))


def quarantine(table: pd.DataFrame) -> go.Figure:
    """Draw how often each reason cost a ticket or a modality, stacked by what was lost."""
    order = table.groupby("reason")["losses"].sum().sort_values(kind="stable")
    places = {reason: place for place, reason in enumerate(order.index)}
    figure = go.Figure()
    for colour, (modality, part) in zip(COLOURS * len(table), table.groupby("modality", sort=True), strict=False):
        figure.add_bar(
            x=part["losses"],
            y=part["reason"].map(places),
            name=escaped(modality),
            orientation="h",
            marker={"color": colour},
            customdata=_columns(part["reason"].map(escaped)),
            hovertemplate="<b>%{customdata[0]}</b><br>%{x} losses, " + escaped(modality) + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
    names = [short(reason.replace("_", " "), 22) for reason in places]
    figure.update_yaxes(tickvals=list(places.values()), ticktext=names, showgrid=False)
    figure.update_xaxes(title_text="Losses", tickformat=",d", nticks=6)
    return finished(figure, "What was quarantined, and why", 120 + 28 * max(1, len(places)))


def _whiskers(
    table: pd.DataFrame, name: str, colour: str, low: str | None = None, high: str | None = None
) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": (table[high or f"{name}_high"] - table[name]).clip(lower=0).fillna(0),
        "arrayminus": (table[name] - table[low or f"{name}_low"]).clip(lower=0).fillna(0),
        "color": colour,
        "thickness": 2,
        "width": 0,
    }


def _columns(*columns: pd.Series) -> list[list[object]]:
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def finished(figure: go.Figure, title: str, height: int, min_width: int = 0, max_width: int = 0) -> go.Figure:
    """Give the figure its style. A page scrolls below ``min_width`` and stops stretching at ``max_width`` (px)."""
    meta = {"min_width": min_width, "max_width": max_width}
    figure.update_layout(template=template(), title_text=title, height=height, meta=meta)
    return figure
