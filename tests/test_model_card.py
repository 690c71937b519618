import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from kefu.model_card import write_card

SCORES = {"accuracy": 0.9, "accuracy_low": 0.8, "accuracy_high": 0.95, "macro_f1": 0.875}
TEST = {
    "tickets": 40,
    "customers": 12,
    "ece": 0.031,
    "languages": {"zh": {"n": 25, **SCORES}},
    "classes": {"a|b": {"support": 40, "precision": 0.9, "recall": 0.7, "f1": 0.787, "f1_low": 0.7, "f1_high": 0.8}},
    **SCORES,
}


@pytest.fixture
def tickets():
    return pd.DataFrame(
        {
            "label": ["refund", "refund", "login"],
            "language": ["zh", "en", "zh"],
            "split": ["train", "train", "test"],
            "has_text": [True, True, False],
            "has_image": [False, True, True],
        }
    )


def test_the_card_says_scores_tickets_and_origin(tiny_model, tickets):
    card = write_card(replace(tiny_model, metrics={"test": TEST}, provenance={"commit": "abc"}), tickets)
    assert "Macro-F1 on 40 tickets it never saw: **0.875**" in card
    assert "宏平均 F1 为 **0.875**" in card
    assert "| all | 40 | 0.900 (0.800 to 0.950) | 0.875  |" in card
    assert "| `a\\|b` | 40 | 0.900 | 0.700 | 0.787 (0.700 to 0.800) |" in card
    assert "| train | 2 | 2 | 1 |" in card
    assert "`refund` 2" in card
    assert "| audio | not trained | 0 |" in card
    assert json.loads(re.search(r"```json\n(.*)\n```", card, re.DOTALL).group(1)) == {"commit": "abc"}
    assert "synthetic" not in card


def test_the_card_says_what_is_synthetic_and_what_was_not_tested(tiny_model, tickets):
    card = write_card(replace(tiny_model, metrics={"test": {"tickets": 0}}), tickets.assign(synthetic=True))
    assert "synthetic demo tickets" in card
    assert "There was no test ticket" in card
