import math

import pandas as pd
import pytest

from kefu.evaluation.bootstrap import Difference
from kefu.evaluation.html_page import read_words
from kefu.evaluation.side_by_side import (
    Paired,
    Side,
    draw_changes,
    draw_reliability,
    headline,
    render_side_by_side,
    side_by_side,
)

HOSTILE = "<script>alert('裙')</script>"


@pytest.fixture
def better(evaluated, random_predictions):
    return evaluated([random_predictions(120, 3, seed=1, skill=5.0), random_predictions(120, 3, 2, name="modular")])


def test_the_headline_says_what_changed():
    table = headline({"macro_f1": 0.5, "n": 10}, {"macro_f1": 0.75, "ece": 0.1, "chosen": "late"}).set_index("measure")
    assert table.loc["Macro-F1"].tolist() == [0.5, 0.75, 0.25]
    assert math.isnan(table.loc["Calibration error (ECE)", "change"])


def test_rows_of_either_run_are_there(usual, better):
    table = side_by_side(usual, better, "comparison").set_index("group")
    assert set(table.index) == {"late", "early", "text", "image", "modular"}
    late = table.loc["late"]
    assert late["first"] == usual.metrics["macro_f1"]
    assert late["second"] == better.metrics["macro_f1"]
    assert late["change"] == pytest.approx(late["second"] - late["first"])
    assert math.isnan(table.loc["modular", "first"])
    assert side_by_side(usual, better, "robustness").empty


def test_the_largest_loss_is_on_top():
    table = pd.DataFrame(
        {"group": ["up", "down", "new"], "first": [0.1, 0.9, math.nan], "second": [0.3, 0.2, 0.5]}
    ).assign(change=lambda rows: rows["second"] - rows["first"])
    figure = draw_changes(table, "F1")
    assert list(figure.layout.yaxis.ticktext) == ["new", "up", "down"]
    second = next(trace for trace in figure.data if trace.name == "Second run")
    assert list(second.x) == [0.5, 0.3, 0.2]


def test_the_page_says_what_is_known_of_the_difference(usual, better):
    difference = Difference(0.9, 0.8, 0.1, 0.05, 0.15, 0.002, 100, 40)
    groups = pd.DataFrame(
        {"kind": ["class"], "group": [HOSTILE], "n": [9], "first": [0.5], "second": [0.4], "change": [-0.1]}
    )
    page = render_side_by_side(
        Side("old", usual, {"Commit": "abc"}),
        Side("new", better),
        title=HOSTILE,
        paired=Paired(difference, difference, groups),
        parameters={"seed": (0, 1)},
    )
    assert "better, by more than chance explains" in page
    assert "更好，差异无法用偶然解释" in page
    assert "−0.100" in page
    assert "<script>alert" not in page
    assert "<td>abc</td><td>–</td>" in page
    assert ">seed</th>" in page


def test_without_pairs_the_page_says_why(usual, better):
    page = render_side_by_side(Side("old", usual), Side("new", better), title="客服", why_not_paired="other labels")
    assert "other labels" in page
    assert "chance explains" not in page


def test_words_of_its_charts_are_there_in_chinese(usual, better):
    words = read_words()["charts"]
    table = side_by_side(usual, better, "comparison")
    for figure in (draw_changes(table, "F1 of each class"), draw_reliability(usual, better)):
        drawing = figure.to_dict()
        names = [trace["name"] for trace in drawing["data"] if trace.get("name")]
        assert {drawing["layout"]["title"]["text"], drawing["layout"]["xaxis"]["title"]["text"], *names} <= words.keys()
