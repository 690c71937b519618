"""Pages of HTML that need nothing else: charts, tables and texts in two languages, all inside one file."""

import html
import json
import math
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs
from plotly.utils import PlotlyJSONEncoder

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.figures import ON_DARK, template
from kefu.evaluation.report_words import number, percent

UNSHOWN = ("kind", "brier", "common", "chosen_accuracy", "low", "high")
"""Columns that are kept for machines alone."""

OWN_WORDS = frozenset(
    {
        "input",
        "holds",
        "modality",
        "best_single",
        "of_kind",
        "split",
        "reason",
        "of_modality",
        "other_split",
        "measure",
        "seen",
    }
)
"""Columns whose cells hold words of kefu's, never a user's."""

Words = Mapping[str, Mapping[str, Any]]


def render_page(name: str, words: Words, **content: Any) -> str:
    """Return a page: scripts, charts and pictures inside, no request to any network.

    Args:
        name: The template, ``page/<name>``.
        words: What is said in two languages, of :func:`read_words`.
        content: What else the template shows.
    """
    environment = Environment(
        loader=PackageLoader("kefu.evaluation", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"t": both_languages, "percent": percent, "number": number, "chinese": words["charts"]}
    return environment.get_template(name).render(
        templates=_script_json({"light": template(), "dark": template(dark=True), "onDark": ON_DARK}),
        chart_words=_script_json(words["charts"]),
        plotly=Markup(get_plotlyjs().replace("</script", "<\\/script")),
        style=Markup(_page_file("style.css")),
        script=Markup(_page_file("script.js")),
        **content,
    )


def read_words() -> Words:
    """Return what is said in two languages: ``columns`` by name, words of ``charts`` and ``cells`` by the English."""
    words: dict[str, dict[str, Any]] = {"columns": {}, "charts": {}, "cells": {}}
    for path in sorted(files("kefu.evaluation").joinpath("page/words").iterdir(), key=lambda path: path.name):
        for kind, entries in json.loads(path.read_text(encoding="utf-8")).items():
            words[kind] |= entries
    return words


def both_languages(english: object, chinese: object) -> Markup:
    """Return a text in both languages, of which the page shows one; once where both say the same."""
    if english == chinese:
        return escape(english)
    return Markup('<span class="t" lang="en">{}</span><span class="t" lang="zh">{}</span>').format(english, chinese)


def shown_analysis(name: str, analysis: Analysis, words: Words) -> dict[str, Any]:
    """Return what the section of an analysis shows: its ``metrics``, ``charts``, ``tables`` and their ``records``."""
    return {
        "metrics": analysis.metrics,
        "charts": {f"{name}-{key}": chart(figure) for key, figure in analysis.figures.items()},
        "tables": {key: table_of(table, words) for key, table in analysis.tables.items()},
        "records": {key: table.to_dict("records") for key, table in analysis.tables.items()},
    }


def chart(figure: go.Figure) -> dict[str, Any]:
    """Split a figure into what the page needs; the template is the page's, so that it can change with the light."""
    drawing = figure.to_dict()
    layout = dict(drawing["layout"])
    layout.pop("template", None)
    meta = layout.get("meta") or {}
    heading = str((layout.get("title") or {}).get("text") or "")
    layout.pop("title", None)
    return {
        "title": html.unescape(heading),
        "height": int(layout.get("height") or 400),
        "min_width": int(meta.get("min_width", 0)),
        "max_width": int(meta.get("max_width", 0)),
        "json": _script_json({"data": drawing["data"], "layout": layout}),
    }


def sheet(figure: go.Figure) -> dict[str, Any]:
    """Return a chart, or the rows of a table where the figure is one: a page wraps text better than a drawing."""
    if len(figure.data) == 1 and isinstance(figure.data[0], go.Table):
        table = figure.data[0]
        cells = [[html.unescape(str(text)) for text in column] for column in table.cells["values"]]
        return {"columns": list(table.header["values"]), "rows": list(zip(*cells, strict=True))}
    return chart(figure)


def _script_json(value: Any) -> Markup:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, cls=PlotlyJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def table_of(table: pd.DataFrame, words: Words) -> dict[str, Any]:
    """Turn a table into text; an interval stands in the cell of the value it belongs to."""
    columns = [name for name in map(str, table.columns) if name not in UNSHOWN and not name.endswith(("_low", "_high"))]
    return {
        "columns": [
            {
                "name": words["columns"].get(name, [name.capitalize()] * 2),
                "numeric": pd.api.types.is_numeric_dtype(table[name]),
            }
            for name in columns
        ],
        "rows": [[_cell(name, row, words["cells"]) for name in columns] for row in table.to_dict("records")],
    }


def _cell(name: str, row: Mapping[Any, Any], words: Mapping[str, str]) -> dict[str, str]:
    value = row[name]
    low, high = row.get(f"{name}_low", math.nan), row.get(f"{name}_high", math.nan)
    sign = "+" if name in ("gain", "change") else ""
    text: str
    if isinstance(value, bool):
        text = both_languages(*(("yes", "是") if value else ("no", "否")))
    elif isinstance(value, float):
        text = "<0.001" if name == "p_value" and 0 <= value < 0.001 else number(value, sign)
    else:
        text = f"{value:,}" if isinstance(value, int) else str(value)
        if name in OWN_WORDS:
            parts = [text] if text in words else re.split(r"(\W)", text)
            text = both_languages(text, "".join(words.get(part, part) for part in parts))
    ends = number(low, sign), number(high, sign)
    interval = "" if math.isnan(low) else both_languages("{} to {}".format(*ends), "{} 至 {}".format(*ends))
    return {"text": text, "interval": interval}


def _page_file(name: str) -> str:
    return files("kefu.evaluation").joinpath("page", name).read_text(encoding="utf-8")
