import numpy as np
import pytest

from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.selection import select_strategy

RESAMPLING = Resampling(resamples=200)


@pytest.fixture
def candidate(random_predictions):
    return lambda name, skill, seed=1: random_predictions(400, 3, seed, name, skill)


def test_the_simplest_stays_where_nothing_is_shown_to_be_better(candidate):
    single, late = candidate("only_text", 1.5), candidate("late", 1.5, seed=2)
    found = select_strategy([single, candidate("only_image", 0.5)], [late], RESAMPLING)
    assert found.chosen == "only_text"
    assert found.evidence["strategy"].tolist() == ["only_text", "only_image", "late"]
    assert found.evidence["taken"].tolist() == [True, False, False]
    assert found.evidence["compared_with"].tolist() == ["", "", "only_text"]


def test_each_is_compared_with_the_one_held_so_far(candidate):
    found = select_strategy(
        [candidate("only_text", 0.5)],
        [
            candidate("late", 2.5, 2),
            candidate("modular", 2.4, 3),
            candidate("early", 0.2, 4),
            candidate("ensemble", 5, 5),
        ],
        RESAMPLING,
    )
    assert found.chosen == "ensemble"
    assert found.evidence["compared_with"].tolist() == ["", "only_text", "late", "late", "late"]
    assert found.evidence["taken"].tolist() == [True, True, False, False, True]
    evidence = found.evidence.set_index("strategy")
    assert evidence.loc["late", "gain"] > 0.2
    assert evidence.loc["early", "gain"] < 0
    assert np.isnan(evidence.loc["only_text", "gain"])


def test_worse_is_never_taken_however_sure(candidate):
    found = select_strategy([candidate("only_text", 4)], [candidate("late", 0.1, 2)], RESAMPLING)
    assert found.chosen == "only_text"
    assert found.evidence["p_value"].iloc[1] < 0.05


def test_nothing_to_select_from():
    with pytest.raises(ValueError, match="no strategy"):
        select_strategy([], [], RESAMPLING)
