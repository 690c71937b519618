"""Two runs side by side: one HTML file that says what changed, by how much, and whether chance could have done it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.bootstrap import Difference
from kefu.evaluation.figures import BLUE, GREY, ORANGE, escaped, finished, short
from kefu.evaluation.html_page import Words, chart, read_words, render_page, table_of
from kefu.evaluation.robustness import AS_IT_CAME, scenario_names

HEADLINE = {
    "macro_f1": "Macro-F1",
    "accuracy": "Accuracy",
    "ece": "Calibration error (ECE)",
    "log_loss": "Log loss (nats)",
    "brier": "Brier score",
}
_COMPARED = {
    "comparison": ("name", "macro_f1"),
    "per_class": ("class", "f1"),
    "languages": ("group", "macro_f1"),
    "combinations": ("group", "macro_f1"),
    "robustness": ("input", "macro_f1"),
}
"""Tables of an evaluation that are set against each other: what tells their rows apart, and the score."""
TITLES = {
    "comparison": "Macro-F1 of every strategy and modality",
    "per_class": "F1 of each class",
    "languages": "Macro-F1 by language",
    "combinations": "Macro-F1 by what the ticket holds",
    "robustness": "Macro-F1 with a modality missing or noisy",
}


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two runs."""

    name: str
    evaluation: Analysis
    facts: Mapping[str, str] = field(default_factory=dict)
    """Commit, data, command, …"""


@dataclass(frozen=True, eq=False)
class Paired:
    """The second run against the first on the tickets that both held out.

    Attributes:
        macro_f1: Second less first, with interval and p-value.
        accuracy: The same of the accuracy.
        groups: ``kind``, ``group``, ``n``, ``first``, ``second``, ``change`` of each class and language.
    """

    macro_f1: Difference
    accuracy: Difference
    groups: pd.DataFrame


def render_side_by_side(
    first: Side,
    second: Side,
    *,
    title: str,
    paired: Paired | None = None,
    why_not_paired: str = "",
    parameters: Mapping[str, tuple[Any, Any]] | None = None,
) -> str:
    """Return the page.

    Args:
        first: The run that is the reference.
        second: The run that is compared with it.
        title: Of the page; plain text.
        paired: Both on the same tickets; without, the page says why there is no such comparison.
        why_not_paired: That reason.
        parameters: Those that differ, by name, with both values.
    """
    words = read_words()
    facts = [_counts(side.evaluation) | dict(side.facts) for side in (first, second)]
    tables = {name: side_by_side(first.evaluation, second.evaluation, name) for name in _COMPARED}
    figures = {name: draw_changes(table, TITLES[name]) for name, table in tables.items() if len(table)}
    figures["reliability"] = draw_reliability(first.evaluation, second.evaluation)
    return render_page(
        "side_by_side.html",
        words,
        title=title,
        first=first,
        second=second,
        headline=_table(headline(first.evaluation.metrics, second.evaluation.metrics), words),
        paired=paired,
        why_not_paired=why_not_paired,
        groups=_table(paired.groups, words) if paired is not None else None,
        charts={name: chart(figure) for name, figure in figures.items()},
        tables={name: _table(table, words) for name, table in tables.items()},
        titles=TITLES,
        parameters=_table(_parameters(parameters or {}), words),
        facts={name: tuple(told.get(name, "–") for told in facts) for name in {**facts[0], **facts[1]}},
    )


def headline(first: Mapping[str, Any], second: Mapping[str, Any]) -> pd.DataFrame:
    """Return ``measure``, ``first``, ``second`` and ``change`` of the scores of two runs; NaN where one has none."""
    rows = [
        {"measure": label, "first": _number(first.get(name)), "second": _number(second.get(name))}
        for name, label in HEADLINE.items()
    ]
    table = pd.DataFrame(rows)
    return table.assign(change=table["second"] - table["first"])


def side_by_side(first: Analysis, second: Analysis, name: str) -> pd.DataFrame:
    """Return ``group``, ``first``, ``second`` and ``change`` of one table of two evaluations, rows of either.

    Args:
        first: The reference.
        second: What is compared with it.
        name: Of the table, ``per_class``, ``languages``, ….
    """
    key, score = _COMPARED[name]
    sides = [_scores(one.tables.get(name), key, score) for one in (first, second)]
    groups = list(dict.fromkeys([*sides[0], *sides[1]]))
    table = pd.DataFrame(
        {
            "group": pd.Series(groups, dtype=object),
            "first": pd.Series([sides[0].get(group, np.nan) for group in groups], dtype=float),
            "second": pd.Series([sides[1].get(group, np.nan) for group in groups], dtype=float),
        }
    )
    return table.assign(change=table["second"] - table["first"])


def draw_changes(table: pd.DataFrame, title: str) -> go.Figure:
    """Draw both scores of each group on one line, the first hollow and the second filled, the largest loss on top."""
    table = table.sort_values("change", ascending=False, na_position="first", kind="stable").reset_index(drop=True)
    positions = np.arange(len(table))
    figure = go.Figure()
    for row, position in zip(table.itertuples(index=False), positions, strict=True):
        figure.add_scatter(
            x=[row.first, row.second], y=[position, position], mode="lines", line={"color": GREY, "width": 2},
            showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    for column, label, colour, symbol in (
        ("first", "First run", ORANGE, "circle-open"),
        ("second", "Second run", BLUE, "circle"),
    ):
        figure.add_scatter(
            x=table[column],
            y=positions,
            name=label,
            mode="markers",
            marker={"size": 11, "color": colour, "symbol": symbol, "line": {"width": 2.5, "color": colour}},
            customdata=[[escaped(name), change] for name, change in zip(table["group"], table["change"], strict=True)],
            hovertemplate="<b>%{customdata[0]}</b><br>%{x:.3f} (change %{customdata[1]:+.3f})<extra></extra>",
        )
    names = [short(name, 24) for name in table["group"]]
    figure.update_yaxes(tickvals=positions, ticktext=names, range=[-0.6, len(table) - 0.4], showgrid=False)
    figure.update_xaxes(title_text="Score", tickformat=".2f", nticks=7)
    return finished(figure, title, 120 + 34 * max(1, len(table)))


def draw_reliability(first: Analysis, second: Analysis) -> go.Figure:
    """Draw accuracy over confidence of both runs."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="Perfect", line={"color": GREY, "dash": "dot"}, hoverinfo="skip"
    )
    for one, label, colour, dash in ((first, "First run", ORANGE, "dash"), (second, "Second run", BLUE, "solid")):
        curve = one.tables["calibration"]
        figure.add_scatter(
            x=curve["confidence"],
            y=curve["accuracy"],
            name=label,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 8},
            hovertemplate="confidence %{x:.2f}<br>accuracy %{y:.2f}<extra></extra>",
        )
    figure.update_xaxes(title_text="Confidence (probability of the answer)", range=[0, 1.02], tickformat=".1f")
    figure.update_yaxes(title_text="Accuracy", range=[0, 1.02], tickformat=".1f")
    return finished(figure, "Confidence against accuracy", 400)


def _scores(table: pd.DataFrame | None, key: str, score: str) -> dict[str, float]:
    if table is None:
        return {}
    names = scenario_names(table, AS_IT_CAME) if key == "input" else table[key]
    return {str(name): float(value) for name, value in zip(names, table[score], strict=True)}


def _counts(evaluation: Analysis) -> dict[str, str]:
    """Say how many tickets and customers were scored, and by which strategy."""
    metrics = evaluation.metrics
    counts = {"Tickets": metrics.get("n"), "Customers": metrics.get("customers"), "Strategy": metrics.get("chosen")}
    return {name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in counts.items() if value}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def _parameters(differing: Mapping[str, tuple[Any, Any]]) -> pd.DataFrame:
    rows = [{"parameter": name, "first": str(one), "second": str(other)} for name, (one, other) in differing.items()]
    return pd.DataFrame(rows, columns=["parameter", "first", "second"])


def _table(table: pd.DataFrame, words: Words) -> dict[str, Any]:
    return table_of(table.rename(columns={"first": "first_run", "second": "second_run", "group": "compared"}), words)
