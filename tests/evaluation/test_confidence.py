import math

import pandas as pd
import pytest

from kefu.evaluation.confidence import score_label_sets, score_out_of_scope
from kefu.evaluation.report import render_report


def make_judged(**columns: list) -> pd.DataFrame:
    table = {
        "in_scope": [True, True, True, True],
        "holds": ["text", "image+text", "text", "text"],
        "covered": [True, True, False, True],
        "set_size": [1, 3, 1, 1],
        "flagged": [False, True, False, False],
        "score": [0.0, 2.0, -1.0, 0.5],
        "asked": [0.9] * 4,
    }
    return pd.DataFrame(table | columns)


FOREIGN = pd.DataFrame({"in_scope": False, "holds": "text", "flagged": [True, True], "score": [3.0, 1.0], "asked": 0.9})


def test_coverage_and_size_of_all_and_of_each_combination() -> None:
    table = score_label_sets(make_judged()).set_index("group")
    assert list(table.index) == ["anything", "text", "image+text"]
    assert table["n"].tolist() == [4, 3, 1]
    assert table["coverage"].tolist() == pytest.approx([0.75, 2 / 3, 1])
    assert table["set_size"].tolist() == pytest.approx([1.5, 1, 3])
    assert table["flagged"].tolist() == pytest.approx([0.25, 0, 1])
    assert (table["coverage_low"] < table["coverage"]).all()


def test_tickets_out_of_scope_are_ranked_against_the_others() -> None:
    scores = score_out_of_scope(make_judged(), FOREIGN)
    assert scores["n"] == 2
    assert scores["auroc"] == pytest.approx(7 / 8)
    assert scores["aupr"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["flagged"] == 1.0


def test_nothing_to_rank() -> None:
    scores = score_out_of_scope(make_judged(score=[math.nan] * 4), FOREIGN)
    assert math.isnan(scores["auroc"])
    assert math.isnan(score_out_of_scope(make_judged(), FOREIGN.iloc[:0])["flagged"])


def test_the_evaluation_and_the_report_show_it(evaluated) -> None:
    found = evaluated(judged=pd.concat([make_judged(), FOREIGN], ignore_index=True))
    assert found.metrics["label_sets"]["anything"]["coverage"] == 0.75
    assert found.metrics["out_of_scope"]["auroc"] == pytest.approx(7 / 8)
    assert found.metrics["method"]["coverage"] == 0.9
    page = render_report(found, title="t", synthetic=False, contact_sheets={}, facts={})
    assert "Label sets and scope" in page
    assert "Of 2 tickets that belong to no label, 100.0% are taken for out of scope." in page
    inside = evaluated(judged=make_judged())
    assert inside.metrics["out_of_scope"] is None
    assert "belong to no label" not in render_report(inside, title="t", synthetic=False, contact_sheets={}, facts={})


def test_without_judgements_there_is_no_section(usual) -> None:
    assert usual.metrics["label_sets"] == {}
    assert "Label sets and scope" not in render_report(usual, title="t", synthetic=False, contact_sheets={}, facts={})
