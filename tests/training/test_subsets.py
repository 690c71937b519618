"""Growing subsets of the tickets."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from kefu.training.subsets import DataSizeParameters, draw_subsets, epochs_of, keep_labels


@pytest.fixture
def tickets():
    """Return 120 tickets of 60 customers, a quarter of them of the rarer label."""
    labels = [("rare" if number % 8 < 2 else "common") for number in range(120)]
    customers = [f"c{number // 2}" for number in range(120)]
    return pd.DataFrame({"ticket_id": [f"t{i}" for i in range(120)], "label": labels, "customer_id": customers})


@pytest.fixture
def divided(tickets):
    """Return the same, 72 of them to learn from, 24 for validation, 24 for testing."""
    return tickets.assign(split=np.repeat(["train", "validation", "train", "test", "train"], 24), has_text=True)


@pytest.mark.parametrize("count", [8, 40, 120])
def test_customers_are_whole_and_labels_keep_their_shares(tickets, count):
    kept = keep_labels(tickets, count, seed=0)
    assert len(kept) == count
    assert set(kept["customer_id"].value_counts()) == {2}
    assert (kept["label"] == "rare").sum() == count / 4


def test_fewer_labels_are_among_more(tickets):
    few, many, other = (set(keep_labels(tickets, n, seed)["ticket_id"]) for n, seed in ((8, 0), (40, 0), (40, 1)))
    assert few < many
    assert many != other


def test_subsets_grow_and_all_hold_what_is_scored(divided):
    params = DataSizeParameters(shares=(1.0, 0.25, 0.5), seeds=2)
    subsets = draw_subsets(divided, params, "test", seed=3)
    assert [(subset.share, subset.seed, subset.size) for subset in subsets] == [
        (share, seed, share * 96) for share in (0.25, 0.5, 1.0) for seed in (3, 4)
    ]
    tested = divided.loc[divided["split"] == "test", "ticket_id"].tolist()
    for subset in subsets:
        frame = subset.tickets
        assert frame.loc[frame["split"] == "test", "ticket_id"].tolist() == tested
        assert (frame["split"] != "test").sum() == subset.size
        assert subset.labels == ("common", "rare")
    small, medium, whole = (set(subset.tickets["ticket_id"]) for subset in subsets if subset.seed == 3)
    assert small < medium < whole == set(divided["ticket_id"])
    assert small != set(subsets[1].tickets["ticket_id"])


def test_no_ticket_for_testing_is_in_a_subset_where_another_split_is_scored(divided):
    (subset,) = draw_subsets(divided, DataSizeParameters(shares=(1.0,), seeds=1), "validation", seed=0)
    assert set(subset.tickets["split"]) == {"train", "validation"}
    assert subset.size == 72


def test_what_other_modalities_have_makes_no_difference(divided):
    params = DataSizeParameters()
    more = divided.assign(has_image=False, language="en", text="hello")
    for one, other in zip(draw_subsets(divided, params, "test", 0), draw_subsets(more, params, "test", 0), strict=True):
        pd.testing.assert_frame_equal(one.tickets, other.tickets[divided.columns])


@pytest.mark.parametrize("share", [0, -0.5, 1.5])
def test_a_share_that_is_none_is_told(share):
    with pytest.raises(ValidationError, match="above 0 and at most 1"):
        DataSizeParameters(shares=(0.5, share))


def test_fewer_tickets_get_more_epochs():
    assert [epochs_of(40, 0.5, share) for share in (1.0, 0.25)] == [20, 40]
    assert epochs_of(1, 0.1, 1.0) == 1
