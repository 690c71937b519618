import math

from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.groups import by_group, group_scores, sizes


def test_groups_are_scored_apart(evaluated, predictions):
    late = predictions(
        [0] * 40, [0] * 20 + [1] * 20, language=["zh"] * 20 + [None] * 20, has_image=[True] * 35 + [False] * 5
    )
    found = evaluated([late])
    languages = found.metrics["languages"]
    assert languages["zh"]["accuracy"] == 1.0
    assert languages["unknown"]["accuracy"] == 0.0
    groups = found.metrics["combinations"]
    assert {name: group["n"] for name, group in groups.items()} == {"text+image": 35, "text": 5}
    assert groups["text+image"]["accuracy_low"] is not None
    assert groups["text"]["accuracy_low"] is None, "five customers are too few for an interval"


def test_the_largest_group_comes_first_and_equals_by_name(predictions):
    groups = ["b", "c", "a", "c"]
    assert sizes(groups) == {"c": 2, "a": 1, "b": 1}
    table = by_group(predictions([0, 1, 2, 1], [0, 1, 1, 0]), groups, Resampling(resamples=10))
    assert table["group"].tolist() == ["c", "a", "b"]
    assert table["accuracy"].tolist() == [0.5, 0, 1]


def test_nine_customers_are_too_few_for_an_interval(predictions):
    for customers, known in ((9, False), (10, True)):
        some = predictions([0] * 20, [0, 1] * 10, customer_id=[f"c{row % customers}" for row in range(20)])
        scores = group_scores(some, Resampling(resamples=50))
        assert math.isfinite(scores["macro_f1_low"]) is known
        assert scores["accuracy"] == 0.5
