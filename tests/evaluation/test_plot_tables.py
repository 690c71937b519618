import pandas as pd
import pytest

from kefu.evaluation import Analysis
from kefu.evaluation.plot_tables import calibration_table, confusion_table, headline, robustness_table


def test_the_confusion_table_has_a_row_for_each_ticket() -> None:
    table = confusion_table({"confusion": {"classes": ["退款", "login"], "counts": [[2, 1], [0, 3]]}})
    assert table.to_dict("list") == {
        "actual": ["退款", "退款", "退款", "login", "login", "login"],
        "predicted": ["退款", "退款", "login", "login", "login", "login"],
    }


def test_no_ticket_is_no_row() -> None:
    assert confusion_table({"confusion": {"classes": ["a"], "counts": [[0]]}}).empty


def test_calibration_is_drawn_beside_what_is_perfect() -> None:
    curve = pd.DataFrame({"confidence": [0.4, 0.9], "accuracy": [0.5, 0.8], "low": 0.0, "high": 1.0, "n": [2, 5]})
    assert calibration_table(curve)["perfect"].tolist() == [0.4, 0.9]
    assert "perfect" not in curve


def test_scenarios_are_named() -> None:
    scenarios = pd.DataFrame(
        {
            "change": ["none", "noisy"],
            "modality": ["", "text"],
            "macro_f1": [0.9, 0.5],
            "accuracy": 0.5,
            "ece": 0.1,
            "n": 3,
        }
    )
    table = robustness_table(scenarios)
    assert table["scenario"].tolist() == ["unchanged", "text noisy"]
    assert table["macro_f1"].tolist() == [0.9, 0.5]
    assert "scenario" not in scenarios


def test_the_headline_is_a_handful_of_plain_values(usual: Analysis) -> None:
    scores = headline(usual.metrics)
    assert scores["chosen"] == usual.metrics["chosen"]
    assert {"macro_f1", "accuracy", "ece"} <= scores.keys()
    assert len(scores) <= 8
    assert all(isinstance(value, int | float | str) for value in scores.values())


def test_tables_are_made_of_what_an_evaluation_holds(usual: Analysis) -> None:
    table = confusion_table(usual.metrics)
    assert len(table) == usual.metrics["n"]
    assert (table["actual"] == table["predicted"]).mean() == pytest.approx(usual.metrics["accuracy"])
    assert len(calibration_table(usual.tables["calibration"])) == len(usual.tables["calibration"])
