"""What the page says of labels."""

import numpy as np
import pandas as pd
import pytest

from kefu.evaluation.labels import LabelParameters, analyse_labels, next_to_label, suspect_labels
from kefu.evaluation.report import render_report


def held_out(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ticket_id": [f"t{row}" for row in range(count)],
            "label": ["<b>" if row else "y" for row in range(count)],
            "p_<b>": 0.9,
            "p_y": 0.1,
        }
    )


@pytest.fixture
def page(usual):
    def render(count: int, unlabelled: int, wrong: bool = True) -> str:
        table = held_out(count)
        if wrong and count > 1:
            table.loc[1, ["p_<b>", "p_y"]] = [0.01, 0.99]
        facts, suspects, mixed = suspect_labels(table, ["<b>", "y"], "p_", 20)
        told = pd.DataFrame(
            {
                "ticket_id": [f"u{row}" for row in range(unlabelled)],
                "predicted_label": "y",
                "probability": 0.5,
                "undecided": 1.0,
                "outside": False,
            }
        )
        found = analyse_labels(facts, suspects, mixed, told, unlabelled, {"t1": "<i>退款", "u0": "发票"})
        return render_report(usual, title="t", synthetic=False, contact_sheets={}, facts={}, analyses={"labels": found})

    return render


def test_suspects_and_what_to_label_are_listed_and_escaped(page) -> None:
    found = page(200, 2)
    assert "&lt;i&gt;退款" in found
    assert "发票" in found
    assert "<i>退款" not in found
    assert "These are few tickets" not in found
    assert "Every kept ticket has a label" not in found


def test_few_none_and_nothing_unlabelled(page) -> None:
    assert "These are few tickets" in page(5, 0)
    empty = page(0, 0)
    assert "There is no held-out prediction" in empty
    assert "Every kept ticket has a label" in empty


def test_next_ones_say_what_the_model_thinks() -> None:
    found = next_to_label(
        ["a", "b"],
        ["x", "y"],
        np.array([[0.9, 0.1], [0.4, 0.6]]),
        np.array([False, True]),
        np.eye(2),
        np.empty((0, 2)),
        LabelParameters(to_label=1),
    )
    assert found[["ticket_id", "predicted_label", "outside"]].to_numpy().tolist() == [["b", "y", True]]
