"""Every strategy against every other one."""

import dataclasses

import numpy as np
import pytest

from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.figures import pairs as draw_pairs
from kefu.evaluation.pairwise import compare_pairs
from kefu.evaluation.report import render_report

MANY = Resampling(resamples=200, method="percentile")


@pytest.fixture
def right(predictions):
    return predictions([0, 1, 2] * 20, [0, 1, 2] * 20, name="late")


@pytest.fixture
def wrong(predictions):
    return predictions([0, 1, 2] * 20, [1, 1, 2] * 20, name="early")


@pytest.fixture
def single(predictions):
    whole = predictions([0, 1, 2] * 20, [0, 1, 0] * 20, name="text", kind="modality")
    return whole.select(np.arange(30))


def test_all_pairs_the_better_first(right, wrong, single) -> None:
    worst = dataclasses.replace(single, name="image", probabilities=single.probabilities[:, [1, 2, 0]])
    found = compare_pairs([wrong, right, worst, single], MANY)
    assert found[["first", "second", "n"]].to_numpy().tolist() == [
        ["late", "early", 60],
        ["late", "text", 30],
        ["early", "text", 30],
    ], "of the modalities the best alone, on the tickets that have it"
    assert found["gain"].iloc[0] == pytest.approx(1 - (0 + 2 / 3 + 1) / 3)
    assert found["different"].tolist() == [True, True, False]
    assert (found["p_holm"] >= found["p_value"]).all()


def test_one_strategy_has_no_pair(evaluated, right) -> None:
    assert compare_pairs([right], MANY).empty
    alone = evaluated([right])
    assert "pairs" not in alone.figures
    assert alone.metrics["pairs"] == []


def test_the_heat_map_says_it_both_ways(right, wrong) -> None:
    figure = draw_pairs(compare_pairs([right, wrong], MANY))
    heat = figure.data[0]
    assert heat.text[0][1] == "+0.444 *"
    assert heat.text[1][0] == "−0.444 *"
    assert heat.z[0][1] == -heat.z[1][0]
    assert np.isnan(heat.z[0][0])


def test_the_report_counts_and_shows_them(evaluated, right, wrong) -> None:
    page = render_report(evaluated([right, wrong]), title="t", synthetic=False, contact_sheets={}, facts={})
    assert "Of 1 pair, the best single modality included, 1 differs by more than chance" in page
    assert "figure-pairs" in page


def test_names_of_users_are_escaped_in_the_heat_map(right, wrong) -> None:
    hostile = dataclasses.replace(wrong, name="<b>x")
    assert draw_pairs(compare_pairs([right, hostile], MANY)).layout.xaxis.ticktext[1] == "&lt;b&gt;x"
