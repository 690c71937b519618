"""The report of an evaluation: one HTML file that needs nothing else and reaches for nothing else."""

import html
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
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
from kefu.evaluation.report_words import number, percent, say_result, say_robustness, say_singles
from kefu.evaluation.robustness import AS_IT_CAME, scenario_names

UNSHOWN = ("kind", "brier", "common", "chosen_accuracy", "low", "high")
"""Columns that are kept for machines alone."""

OWN_WORDS = frozenset(
    {"input", "holds", "modality", "of_modality", "seen", "best_single", "of_kind", "split", "reason"}
)
"""Columns whose cells hold words of kefu's, never a user's."""

Words = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Section:
    """A part of the page: the template ``page/<name>.html``, and its title in English and in Chinese."""

    name: str
    title: tuple[str, str]


SECTIONS = (
    Section("comparison", ("Comparison", "对比")),
    Section("classes", ("Classes", "类别")),
    Section("modalities", ("Modalities", "模态")),
    Section("contribution", ("Contribution", "模态贡献")),
    Section("confusion", ("Confusion", "混淆")),
    Section("calibration", ("Calibration", "校准")),
    Section("robustness", ("Noise and absence", "噪声与缺失")),
    Section("robustness_curves", ("Robustness curves", "鲁棒性曲线")),
    Section("unknown", ("Label sets and scope", "标签集合与范围")),
    Section("errors", ("Errors", "错误")),
    Section("labels", ("Labels", "标注")),
    Section("data_size", ("Data size", "数据量")),
    Section("learning", ("Learning", "训练过程")),
    Section("augmentation", ("Augmentation", "数据增强")),
    Section("data", ("Data", "数据")),
    Section("leakage", ("Leakage", "数据泄漏")),
    Section("reproduce", ("Reproduce", "复现")),
)
"""In the order of the page. One whose name is that of an analysis is shown where that analysis was made."""


def render_report(
    evaluation: Analysis,
    *,
    title: str,
    synthetic: bool,
    contact_sheets: Mapping[str, go.Figure],
    facts: Mapping[str, str],
    analyses: Mapping[str, Analysis] | None = None,
) -> str:
    """Return the report as one HTML document: scripts, charts and pictures inside, no request to any network.

    Args:
        evaluation: What was found on the evaluated split.
        title: Of the page; plain text.
        synthetic: Whether the tickets were made by a program, which the page then says on top.
        contact_sheets: For each modality what augmentation does to it.
        facts: How to get these figures again: commands, seed, commit, versions, …
        analyses: What else was found, by the name of the section that shows it; there it is ``analysis``.
    """
    words = read_words()
    charts = {name: _chart(figure) for name, figure in evaluation.figures.items()}
    sheets = {name: _sheet(figure) for name, figure in contact_sheets.items()}
    metrics = evaluation.metrics
    learning = [name for name in charts if name.startswith("learning_")]
    found = {name: _shown(name, analysis, words) for name, analysis in (analyses or {}).items()}
    there = {
        "comparison", "classes", "modalities", "confusion", "calibration", "data", "reproduce", *found,
        *(["robustness"] if "robustness" in evaluation.tables else []),
        *(["unknown"] if "label_sets" in evaluation.tables else []),
        *(["learning"] if learning else []),
        *(["augmentation"] if sheets else []),
    }  # fmt: skip
    environment = Environment(
        loader=PackageLoader("kefu.evaluation", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"t": both_languages, "percent": percent, "number": number}
    return environment.get_template("page.html").render(
        title=title,
        synthetic=synthetic,
        sections=[section for section in SECTIONS if section.name in there],
        analyses=found,
        metrics=metrics,
        sentences=say_result(metrics),
        singles_sentence=say_singles(metrics["against_singles"], metrics["chosen"]),
        robustness_sentence=say_robustness(metrics["robustness"]),
        charts=charts,
        learning=learning,
        sheets=sheets,
        facts=facts,
        tables={name: _table(table, words) for name, table in _for_people(evaluation.tables).items()},
        templates=_script_json({"light": template(), "dark": template(dark=True), "onDark": ON_DARK}),
        chart_words=_script_json(words["charts"]),
        chinese=words["charts"],
        plotly=Markup(get_plotlyjs().replace("</script", "<\\/script")),
        style=Markup(_page_file("style.css")),
        script=Markup(_page_file("script.js")),
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


def _page_file(name: str) -> str:
    return files("kefu.evaluation").joinpath("page", name).read_text(encoding="utf-8")


def _shown(name: str, analysis: Analysis, words: Words) -> dict[str, Any]:
    return {
        "metrics": analysis.metrics,
        "charts": {f"{name}-{key}": _chart(figure) for key, figure in analysis.figures.items()},
        "tables": {key: _table(table, words) for key, table in analysis.tables.items()},
    }


def _for_people(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Give columns that mean different things in different tables a name of their own."""
    shown = dict(tables)
    singles = {"group": "compared", "kind": "of_kind", "modality": "best_single"}
    first = ["group", "kind"]
    others = [name for name in tables["against_singles"] if name not in first]
    shown["against_singles"] = tables["against_singles"][[*first, *others]].rename(columns=singles)
    if "robustness" in tables:
        scenarios = tables["robustness"].drop(columns=["change", "modality"])
        scenarios.insert(0, "input", scenario_names(tables["robustness"], AS_IT_CAME))
        shown["robustness"] = scenarios
    return shown


def _chart(figure: go.Figure) -> dict[str, Any]:
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


def _sheet(figure: go.Figure) -> dict[str, Any]:
    """Return a chart, or the rows of a table where the figure is one: a page wraps text better than a drawing."""
    if len(figure.data) == 1 and isinstance(figure.data[0], go.Table):
        table = figure.data[0]
        cells = [[html.unescape(str(text)) for text in column] for column in table.cells["values"]]
        return {"columns": list(table.header["values"]), "rows": list(zip(*cells, strict=True))}
    return _chart(figure)


def _script_json(value: Any) -> Markup:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, cls=PlotlyJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _table(table: pd.DataFrame, words: Words) -> dict[str, Any]:
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
    sign = "+" if name == "gain" else ""
    text: str
    if isinstance(value, bool):
        text = both_languages(*(("yes", "是") if value else ("no", "否")))
    elif isinstance(value, float):
        text = "<0.001" if name == "p_value" and 0 <= value < 0.001 else number(value, sign)
    else:
        text = f"{value:,}" if isinstance(value, int) else str(value)
        if name in OWN_WORDS:
            text = both_languages(text, "".join(words.get(part, part) for part in re.split(r"(\W)", text)))
    ends = number(low, sign), number(high, sign)
    interval = "" if math.isnan(low) else both_languages("{} to {}".format(*ends), "{} 至 {}".format(*ends))
    return {"text": text, "interval": interval}
