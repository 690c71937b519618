"""The report of an evaluation: one HTML file that needs nothing else and reaches for nothing else."""

import html
import json
import math
from collections.abc import Mapping, Sequence
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
from kefu.evaluation.robustness import AS_IT_CAME, UNCHANGED, scenario_names

UNSHOWN = ("kind", "brier", "common", "chosen_accuracy", "low", "high")
"""Columns that are kept for machines alone."""

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
        sentences=_in_words(metrics),
        singles_sentence=_singles_in_words(metrics["against_singles"], metrics["chosen"]),
        robustness_sentence=_robustness_in_words(metrics["robustness"]),
        charts=charts,
        learning=learning,
        sheets=sheets,
        facts=facts,
        tables={name: _table(table, words) for name, table in _for_people(evaluation.tables).items()},
        templates=_script_json({"light": template(), "dark": template(dark=True), "onDark": ON_DARK}),
        chart_words=_script_json(words["charts"]),
        plotly=Markup(get_plotlyjs().replace("</script", "<\\/script")),
        style=Markup(_page_file("style.css")),
        script=Markup(_page_file("script.js")),
    )


def read_words() -> Words:
    """Return what is said in two languages: ``columns`` by their name, ``charts`` by their English text."""
    words: dict[str, dict[str, Any]] = {"columns": {}, "charts": {}}
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


def percent(value: float | None) -> str:
    """Write a share as ``93.8%``; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f}%"


def number(value: float | None, sign: str = "") -> str:
    """Write a score with three decimals; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:{sign}.3f}".replace("-", "−")


def _in_words(metrics: Mapping[str, Any]) -> list[str]:
    """Say the result as one would aloud, the most important first."""
    right = round(100 * (metrics["accuracy"] or 0))
    sentences = [
        f"Of 100 tickets it has never seen, the {metrics['chosen']} fusion sends about {right} to the right class "
        f"(measured on {metrics['n']:,} tickets of {_counted(metrics['customers'], 'customer')})."
    ]
    best = metrics["best_modality"]
    if best is not None:
        sentences.append(_gain_in_words(best, metrics["chosen"]))
    if metrics["ece"] is not None:
        error = 100 * metrics["ece"]
        trust = "can be taken at their word" if error < 5 else "should be read with care" if error < 10 else "mislead"
        sentences.append(f"Its probabilities {trust}: they are off by {error:.1f} points on average.")
    return sentences


def _gain_in_words(best: Mapping[str, Any], chosen: str) -> str:
    points = 100 * best["gain"]
    compared = "as much" if abs(points) < 0.05 else f"{abs(points):.1f} points {'more' if points > 0 else 'less'}"
    found = (
        f"On the {_counted(best['common'], 'ticket')} that have {best['name']}, the best single modality, {chosen} "
        f"scores {compared} in macro-F1 {'as' if compared == 'as much' else 'than'} {best['name']} alone"
    )
    if best["gain_low"] is None:
        return f"{found}."
    explained = best["gain_low"] <= 0 <= best["gain_high"]
    low, high = (f"{100 * best[name]:+.1f}".replace("-", "−") for name in ("gain_low", "gain_high"))
    sure = "a difference that chance alone could make" if explained else "more than chance explains"
    return f"{found} (interval {low} to {high}): {sure}."


def _singles_in_words(rows: Sequence[Mapping[str, Any]], chosen: str) -> str:
    """Say where the chosen fusion is worse than a single modality; nothing where there is none to compare with."""
    if not rows:
        return ""
    worse = [f"{row['group']} ({row['modality']})" for row in rows if row["worse"]]
    where = f"of the {len(rows):,} classes and groups"
    rest = "significantly worse than the best single modality"
    found = (
        f"In {len(worse):,} {where} {chosen} is {rest}: {', '.join(worse)}."
        if worse
        else f"In none {where} is {chosen} {rest}."
    )
    few = sum(row["p_value"] is None for row in rows)
    return f"{found} In {few:,} of them there are too few customers to tell." if few else found


def _robustness_in_words(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Say the worst case and how far the calibration error goes; nothing where no changed ticket was scored."""
    changed = {name: row for name, row in rows.items() if row["loss"] is not None}
    if not changed:
        return ""
    name, worst = max(changed.items(), key=lambda pair: pair[1]["loss"])
    before, after = number(worst["macro_f1"] + worst["loss"]), number(worst["macro_f1"])
    interval = ""
    if worst["loss_low"] is not None:
        interval = (
            f" (lost {number(worst['loss'])}, interval {number(worst['loss_low'])} to {number(worst['loss_high'])})"
        )
    case = f"Worst is {name}" if worst["loss"] > 0 else f"No change costs macro-F1, not even {name}"
    errors = {name.replace(UNCHANGED, AS_IT_CAME): row["ece"] for name, row in rows.items() if row["ece"] is not None}
    least, most = min(errors, key=errors.__getitem__), max(errors, key=errors.__getitem__)
    return (
        f"{case}: macro-F1 of the {_counted(worst['n'], 'ticket')} goes from {before} to {after}{interval}. "
        f"The calibration error lies between {number(errors[least])} ({least}) and {number(errors[most])} ({most})."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


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
        "rows": [[_cell(name, row) for name in columns] for row in table.to_dict("records")],
    }


def _cell(name: str, row: Mapping[Any, Any]) -> dict[str, str]:
    value = row[name]
    low, high = row.get(f"{name}_low", math.nan), row.get(f"{name}_high", math.nan)
    sign = "+" if name == "gain" else ""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float):
        text = "<0.001" if name == "p_value" and 0 <= value < 0.001 else number(value, sign)
    else:
        text = f"{value:,}" if isinstance(value, int) else str(value)
    return {"text": text, "interval": "" if math.isnan(low) else f"{number(low, sign)} to {number(high, sign)}"}
