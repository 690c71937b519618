import pandas as pd
from pandas.testing import assert_frame_equal

from kefu.pipelines.clean.nodes import tickets_of

TICKETS = pd.DataFrame(
    {
        "ticket_id": ["a", "b"],
        "label": ["refund", "delivery"],
        "language": ["en", "zh"],
        "customer_id": ["x", "y"],
        "split": ["train", "test"],
        "has_image": [True, False],
        "has_text": [True, True],
        "note": ["rides", "along"],
    }
)
UNLABELLED = TICKETS.drop(columns=["label", "customer_id"])


def test_a_modality_is_told_nothing_that_another_one_decides() -> None:
    picked, unlabelled = tickets_of("image")(TICKETS, UNLABELLED)
    assert list(picked) == ["ticket_id", "customer_id", "label", "split", "has_image"]
    assert list(unlabelled) == ["ticket_id", "split", "has_image"]
    assert len(picked) == len(unlabelled) == 2, "those without it as well: folds are made of all tickets"


def test_what_other_modalities_found_makes_no_difference() -> None:
    other = TICKETS.assign(has_text=False, language="de", note="changed")
    for before, after in zip(
        tickets_of("image")(TICKETS, UNLABELLED), tickets_of("image")(other, UNLABELLED), strict=True
    ):
        assert_frame_equal(before, after)
