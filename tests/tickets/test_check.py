import pandas as pd
import pytest

from kefu.tickets.check import check_tickets
from kefu.tickets.errors import EmptyTableError, LabelError
from kefu.tickets.parameters import TicketParameters

PARAMS = TicketParameters()


def tickets(**columns):
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})
    return frame.assign(row=range(2, len(frame) + 2))


def reasons(quarantine):
    return list(zip(quarantine["ticket_id"], quarantine["reason"], strict=True))


def test_the_first_of_equal_ids_stays_and_every_row_is_accounted_for():
    frame = tickets(ticket_id=["1", None, "01", " 1", "2", " "], label=["a", "a", "b", "b", "", "b"])
    frame["label"] = frame["label"].replace("", None)
    valid, quarantine = check_tickets(frame, PARAMS)
    assert valid["ticket_id"].tolist() == ["1", "01"]
    assert valid["label"].tolist() == ["a", "b"]
    assert reasons(quarantine) == [
        ("", "missing_id"),
        ("1", "duplicate_id"),
        ("2", "missing_label"),
        ("", "missing_id"),
    ]
    assert quarantine["detail"].str.extract(r"^row (\d+):")[0].tolist() == ["3", "5", "6", "7"]
    assert set(quarantine["modality"]) == {"ticket"}


def test_labels_of_rejected_rows_teach_nothing():
    frame = tickets(ticket_id=["1", "2", "2"], label=["a", "a", "b"])
    with pytest.raises(LabelError, match="every label is 'a'"):
        check_tickets(frame, PARAMS)


def test_the_input_is_left_as_it_was():
    frame = tickets(ticket_id=[" 1", "2"], label=["A ", "b"])
    before = frame.copy()
    check_tickets(frame, PARAMS)
    pd.testing.assert_frame_equal(frame, before)


def test_given_splits_are_checked_and_customers_kept_whole():
    frame = tickets(
        ticket_id=list("abcdefgh"),
        label=["x", "y"] * 4,
        customer_id=["1", "1", "1", "2", " 2 ", None, None, "3"],
        split=["train", "train", "Test", "train", "test", "test", "train", "dev"],
    )
    valid, quarantine = check_tickets(frame, PARAMS)
    assert reasons(quarantine) == [("c", "bad_split"), ("d", "bad_split"), ("h", "bad_split")]
    assert "customer '1' is in 'train' too" in quarantine["detail"][0]
    assert "'dev' is none of train, validation, test" in quarantine["detail"][2]
    assert valid["ticket_id"].tolist() == ["a", "b", "e", "f", "g"]


def test_prediction_looks_at_ids_only():
    frame = tickets(ticket_id=["1", "1", "2"], text=["a", "b", "c"], label=["?", None, None], split=["dev"] * 3)
    valid, quarantine = check_tickets(frame, PARAMS, require_labels=False)
    assert valid["ticket_id"].tolist() == ["1", "2"]
    assert reasons(quarantine) == [("1", "duplicate_id")]
    check_tickets(frame.drop(columns=["label", "split"]), PARAMS, require_labels=False)


def test_a_table_without_labels_points_to_predict_and_the_near_name():
    with pytest.raises(LabelError, match=r"did you mean 'intent'\?.*kefu predict"):
        check_tickets(tickets(ticket_id=["1"], text=["a"], intent=["x"]), PARAMS)


def test_a_table_of_which_nothing_is_left_is_an_error():
    with pytest.raises(EmptyTableError, match="row 2: no ticket_id"):
        check_tickets(tickets(ticket_id=[None], text=["a"]), PARAMS, require_labels=False)
