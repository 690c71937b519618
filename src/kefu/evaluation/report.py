"""The report of an evaluation: one HTML file that needs nothing else and reaches for nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.html_page import chart, read_words, render_page, sheet, shown_analysis, table_of
from kefu.evaluation.report_words import say_result, say_robustness, say_singles
from kefu.evaluation.robustness import AS_IT_CAME, scenario_names


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
    charts = {name: chart(figure) for name, figure in evaluation.figures.items()}
    sheets = {name: sheet(figure) for name, figure in contact_sheets.items()}
    metrics = evaluation.metrics
    learning = [name for name in charts if name.startswith("learning_")]
    found = {name: shown_analysis(name, analysis, words) for name, analysis in (analyses or {}).items()}
    there = {
        "comparison", "classes", "modalities", "confusion", "calibration", "data", "reproduce", *found,
        *(["robustness"] if "robustness" in evaluation.tables else []),
        *(["unknown"] if "label_sets" in evaluation.tables else []),
        *(["learning"] if learning else []),
        *(["augmentation"] if sheets else []),
    }  # fmt: skip
    return render_page(
        "page.html",
        words,
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
        tables={name: table_of(table, words) for name, table in _for_people(evaluation.tables).items()},
    )


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
