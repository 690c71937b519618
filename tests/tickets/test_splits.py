import math

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from kefu.tickets.errors import SplitError
from kefu.tickets.splits import SPLITS, SplitParameters, assign_splits, split_shares

PARAMS = SplitParameters()


@pytest.fixture(scope="module")
def tickets():
    rng = np.random.default_rng(0)
    customers = pd.Series(rng.integers(0, 1500, 3000)).map("c{}".format).astype("str")
    return pd.DataFrame(
        {
            "ticket_id": [f"t{i}" for i in range(3000)],
            "customer_id": customers.where(rng.random(3000) < 0.8),
            "label": rng.choice(["refund", "delivery", "退款"], 3000, p=[0.6, 0.3, 0.1]),
        }
    )


def split_of(frame, params=PARAMS):
    return dict(zip(frame["ticket_id"], assign_splits(frame, params), strict=True))


def test_no_customer_is_in_two_splits(tickets):
    splits = assign_splits(tickets, PARAMS)
    known = tickets["customer_id"].notna()
    assert splits[known].groupby(tickets.loc[known, "customer_id"]).nunique().max() == 1
    assert set(splits) == set(SPLITS)


def test_shares_are_within_the_binomial_error(tickets):
    groups = tickets["customer_id"].fillna(tickets["ticket_id"])
    by_group = assign_splits(tickets, PARAMS).groupby(groups).first()
    for split, share in PARAMS.shares().items():
        error = math.sqrt(share * (1 - share) / len(by_group))
        assert abs(split_shares(by_group)[split] - share) < 4 * error


def test_appended_tickets_change_no_earlier_split(tickets):
    whole = split_of(tickets)
    for size in (1, 2, 3, 10, 100, 1000, 2999):
        assert split_of(tickets[:size]).items() <= whole.items()
    skewed = tickets.assign(
        ticket_id="u" + tickets["ticket_id"], customer_id="v" + tickets["customer_id"], label="退款"
    )
    assert whole.items() <= split_of(pd.concat([tickets, skewed])).items()


def test_every_label_is_divided_as_asked(tickets):
    splits = assign_splits(tickets, PARAMS)
    largest_group = tickets["customer_id"].value_counts().max()
    for _, of_label in splits.groupby(tickets["label"]):
        tolerated = max(2, PARAMS.tolerance * len(of_label)) + largest_group
        for split, share in PARAMS.shares().items():
            assert abs((of_label == split).sum() - share * len(of_label)) <= tolerated


def test_a_drifting_label_is_corrected_and_without_tolerance_the_hash_is_overruled():
    frame = pd.DataFrame({"ticket_id": [f"t{i}" for i in range(2000)], "label": "x"})
    by_hash = assign_splits(frame, SplitParameters(tolerance=1))
    drifted = frame[(by_hash != "test").to_numpy()]
    splits = assign_splits(drifted, SplitParameters(tolerance=0.01))
    assert split_shares(splits)["test"] == pytest.approx(0.15, abs=0.011)
    kept = assign_splits(drifted, SplitParameters(tolerance=1))
    assert (kept == "test").sum() == 1


def test_the_hash_decides_of_most_so_order_matters_little(tickets):
    whole = pd.Series(split_of(tickets))
    shuffled = tickets.sample(frac=1, random_state=1)
    assert assign_splits(shuffled, PARAMS).index.equals(shuffled.index)
    assert (pd.Series(split_of(shuffled))[whole.index] == whole).mean() > 0.9
    fewer = pd.Series(split_of(tickets.sample(frac=0.99, random_state=2).sort_index()))
    assert (whole[fewer.index] == fewer).mean() > 0.95


def test_another_seed_divides_otherwise(tickets):
    assert split_of(tickets) != split_of(tickets, SplitParameters(seed=1))


def test_a_ticket_named_like_a_customer_is_not_that_customer():
    ids = [f"x{i}" for i in range(200)]
    alone = pd.DataFrame({"ticket_id": ids})
    customers = pd.DataFrame({"ticket_id": ids, "customer_id": ids})
    assert (assign_splits(alone, PARAMS) != assign_splits(customers, PARAMS)).any()


def test_given_splits_win_and_customers_follow(tickets):
    given = tickets.copy()
    given["split"] = pd.Series(np.nan, index=given.index, dtype="object")
    given.loc[::7, "split"] = "test"
    splits = assign_splits(given, PARAMS)
    assert (splits[::7] == "test").all()
    followers = given["customer_id"].isin(given.loc[::7, "customer_id"].dropna())
    assert (splits[followers] == "test").all()
    rest = splits[~followers & given["split"].isna()]
    for split, share in PARAMS.shares().items():
        assert split_shares(rest)[split] == pytest.approx(share, abs=0.03)


def test_given_splits_that_contradict_are_an_error():
    frame = pd.DataFrame({"ticket_id": ["a", "b"], "customer_id": ["c9", "c9"], "split": ["train", "test"]})
    with pytest.raises(SplitError, match=r"customer c9.*test and train"):
        assign_splits(frame, PARAMS)


def test_a_benchmark_of_train_and_test_gets_its_validation_from_train(tickets):
    given = tickets.drop(columns="customer_id")
    given["split"] = np.where(given.index < 2000, "train", "test")
    splits = assign_splits(given, PARAMS)
    assert (splits[2000:] == "test").all()
    assert 0.10 < (splits[:2000] == "validation").mean() < 0.20
    assert (splits[:2000] != "test").all()


def test_rare_labels_are_in_every_split_and_move_nothing_else(tickets):
    rare = pd.DataFrame(
        {
            "ticket_id": [f"r{i}" for i in range(60)],
            "customer_id": [f"rare{i}" for i in range(60)],
            "label": [f"label {i // 3}" for i in range(60)],
        }
    )
    whole = pd.concat([rare[:30], tickets, rare[30:]], ignore_index=True)
    splits = assign_splits(whole, PARAMS)
    assert (splits.groupby(whole["label"]).nunique() == 3).all()
    assert split_of(tickets).items() <= dict(zip(whole["ticket_id"], splits, strict=True)).items()


def test_a_single_group_of_a_label_is_trained_on():
    frame = pd.DataFrame({"ticket_id": [f"p{i}" for i in range(40)], "label": [f"pair {i // 2}" for i in range(40)]})
    splits = assign_splits(frame, PARAMS)
    assert (splits[::2] == "train").all()
    assert splits[1::2].value_counts().to_dict() == {"test": 10, "validation": 10}


def test_no_release_of_kefu_moves_a_ticket():
    frame = pd.DataFrame({"ticket_id": [f"t{i}" for i in range(20)], "customer_id": [f"顾客{i}" for i in range(20)]})
    splits = assign_splits(frame, SplitParameters(seed=7))
    assert frame.index[splits == "test"].tolist() == [1, 5, 9, 17]
    assert frame.index[splits == "validation"].tolist() == [2, 11, 13]


def test_a_tiny_table_has_no_empty_split():
    frame = pd.DataFrame({"ticket_id": list("abcdef"), "label": list("xyxyxy")})
    for seed in range(20):
        splits = assign_splits(frame, SplitParameters(seed=seed))
        assert (splits.groupby(frame["label"]).nunique() == 3).all()
        assert set(assign_splits(frame.drop(columns="label"), SplitParameters(seed=seed))) == set(SPLITS)


def test_a_share_of_nothing_stays_empty():
    frame = pd.DataFrame({"ticket_id": ["a", "b", "c"], "label": ["x", "y", "x"]})
    assert set(assign_splits(frame, SplitParameters(validation_share=0))) == {"train", "test"}


def test_shares_must_leave_something_to_train_on():
    with pytest.raises(ValidationError, match="less than 1"):
        SplitParameters(validation_share=0.5, test_share=0.5)
