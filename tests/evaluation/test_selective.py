"""Sure answers first."""

import numpy as np
import pytest

from kefu.evaluation.selective import answerable, area_under_risk_coverage, selective_curve


def test_the_surest_are_answered_first(predictions) -> None:
    found = selective_curve(predictions([0] * 10, [0] * 8 + [1] * 2, confidence=np.linspace(0.95, 0.5, 10)))
    assert found["answered"].tolist() == pytest.approx(np.arange(1, 11) / 10)
    assert found["accuracy"].tolist() == pytest.approx([1.0] * 8 + [8 / 9, 0.8])
    assert found["threshold"].iloc[0] == pytest.approx(0.95)


def test_fewer_tickets_than_shares(predictions) -> None:
    assert selective_curve(predictions([0, 1, 2], [0, 1, 1]))["n"].tolist() == [1, 2, 3]


def test_area(predictions) -> None:
    sure_and_right = predictions([0, 0], [0, 1], confidence=[0.9, 0.5])
    sure_and_wrong = predictions([0, 0], [0, 1], confidence=[0.5, 0.9])
    assert area_under_risk_coverage(sure_and_right) == 0.25
    assert area_under_risk_coverage(sure_and_wrong) == 0.75


def test_how_many_can_be_answered(predictions) -> None:
    rows = answerable(predictions([0] * 10, [0] * 9 + [1], confidence=[*np.linspace(0.95, 0.6, 9), 0.5]))
    assert [row["answered"] for row in rows] == pytest.approx([1.0, 0.9, 0.9, 0.9])
    assert rows[1]["threshold"] == pytest.approx(0.6)
    assert answerable(predictions([0], [1]))[0] == {"accuracy": 0.9, "answered": 0.0, "threshold": None}


def test_tickets_of_equal_confidence_are_answered_together(predictions) -> None:
    rows = answerable(predictions([0] * 4, [0, 0, 0, 1], confidence=0.8))
    assert rows[0]["answered"] == 0.0, "three of four right, and none is surer"
