import pandas as pd

from kefu.tickets.copies import plan_noisy_copies
from kefu.training.folds import BaggingParameters

TICKETS = pd.DataFrame(
    {
        "ticket_id": ["a", "b", "c", "d"],
        "label": ["x"] * 4,
        "split": ["train", "validation", "test", "test"],
        "has_text": [True, True, True, False],
    }
)


def test_whatever_no_model_is_trained_on_gets_one_noisy_copy():
    assert plan_noisy_copies(TICKETS, "text", BaggingParameters().judging_splits) == {"b": 1, "c": 1}


def test_with_folds_every_ticket_is_held_out_of_one_model():
    assert plan_noisy_copies(TICKETS, "text", BaggingParameters(folds=2).judging_splits) == {"a": 1, "b": 1, "c": 1}
