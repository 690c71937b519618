"""The section of the report on what each modality contributes."""

import re

import numpy as np

from kefu.evaluation import Analysis, contribution_figures
from kefu.evaluation.analysis import records
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.contribution import (
    class_table,
    contributions_to_scores,
    evidence_by_group,
    overall_table,
    score_subsets,
)
from kefu.evaluation.report import render_report

HOSTILE = "<script>alert('连衣裙')</script>"
ESCAPED = "&lt;script&gt;alert(&#39;连衣裙&#39;)&lt;/script&gt;"


def make_analysis(predictions) -> Analysis:
    few = Resampling(resamples=20)
    said = [predictions([0, 1] * 6, predicted, (HOSTILE, "b")) for predicted in ([0] * 12, [0, 1] * 6)]
    evidence = {"text": np.ones(12)}
    found = contributions_to_scores(said, few)
    groups = evidence_by_group(evidence, said[-1].tickets, ["en"] * 12, few)
    tables = {
        "overall": overall_table(found, evidence, said[-1], few),
        "subsets": score_subsets(said, ["text"], few),
        "classes": class_table(found, ["text"], said),
        "languages": groups,
        "combinations": groups,
    }
    drawn = {
        "overall": contribution_figures.overall(tables["overall"]),
        "subsets": contribution_figures.subsets(tables["subsets"]),
        "classes": contribution_figures.per_class(tables["classes"], ["text"]),
        "languages": contribution_figures.groups(groups, ["text"], "Evidence by language"),
        "combinations": contribution_figures.groups(groups, ["text"], "Evidence by what the ticket holds"),
    }
    example = {
        "ticket_id": "t1",
        "true": "b",
        "label": HOSTILE,
        "confidence": 0.75,
        "evidence": [{"modality": "text", "evidence": -1.25, "share": 1.0}],
        "texts": {"text": [[HOSTILE, 3], [" 我要退款", 0]]},
        "drawn": ["image"],
    }
    none, whole = records(tables["subsets"])
    return Analysis({"none": none, "all": whole, "examples": [example]}, drawn, tables)


def test_contributions_and_explained_tickets_are_shown_as_they_are(usual, predictions):
    analysis = make_analysis(predictions)
    page = render_report(
        usual, title="客服", synthetic=False, contact_sheets={}, facts={}, analyses={"contribution": analysis}
    )
    assert HOSTILE not in page
    section = re.search('<section id="contribution">.*?</section>', page, re.DOTALL)
    assert section is not None
    html = section[0]
    assert f'<mark class="m3">{ESCAPED}</mark> 我要退款' in html
    assert "75.0%" in html
    assert "(−1.250)" in html
    assert "实为</span> b</span>" in html, "the mistake is told"
    assert html.count('lang="en"') == html.count('lang="zh"') > 10
    for name in analysis.figures:
        assert f'id="figure-contribution-{name}"' in html
