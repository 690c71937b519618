import pandas as pd
import pytest
from pydantic import ValidationError

from kefu.tickets.errors import LabelError
from kefu.tickets.faults import Reason
from kefu.tickets.labels import LabelParameters, learn_vocabulary, resolve_labels


def resolve(labels, **params):
    return resolve_labels(pd.Series(labels, dtype="str"), LabelParameters(**params))


def test_case_width_and_space_are_mended():
    labels, faults = resolve(["dress", "dress", " Dress", "ＤＲＥＳＳ", "t  shirt", "t shirt", "退款 ", "退款"])
    assert not faults
    assert labels.tolist() == ["dress"] * 4 + ["t shirt"] * 2 + ["退款"] * 2


def test_a_misspelling_is_refused_with_what_was_meant():
    labels, faults = resolve(["dress"] * 50 + ["pants"] * 50 + ["dresss"] * 5)
    assert set(faults) == set(range(100, 105))
    assert faults[100].reason == Reason.BAD_LABEL
    assert "did you mean 'dress'?" in faults[100].detail
    assert labels.isna().sum() == 5


def test_a_class_that_is_not_rare_is_no_misspelling():
    assert not resolve(["dress"] * 50 + ["dresss"] * 6)[1]


def test_numbered_classes_are_no_misspellings():
    assert not resolve(["priority 1"] * 50 + ["priority 2"] * 2)[1]


def test_different_words_are_no_misspellings():
    assert not resolve(["t-shirt"] * 100 + ["shirt"] * 5 + ["退款"] * 100 + ["退货"] * 5)[1]


@pytest.mark.parametrize("label", ["unknown", "N/A", "None", "null", "?", "？", "nan", "未知", "无"])
def test_words_for_nothing_are_bad_labels(label):
    _, faults = resolve(["a", "b", label])
    assert {i: fault.reason for i, fault in faults.items()} == {2: Reason.BAD_LABEL}


@pytest.mark.parametrize("label", [None, " ", "\u3000"])
def test_no_label_is_missing(label):
    _, faults = resolve(["a", "b", label])
    assert {i: fault.reason for i, fault in faults.items()} == {2: Reason.MISSING_LABEL}


def test_tickets_without_a_label_may_stay():
    labels = pd.Series(["refund", None, "delivery", " ", "unknown"])
    resolved, faults = resolve_labels(labels, LabelParameters(keep_unlabelled=True))
    assert resolved.isna().tolist() == [False, True, False, True, True]
    assert {position: fault.reason for position, fault in faults.items()} == {4: Reason.BAD_LABEL}


def test_listed_labels_win_over_every_guess():
    names = ("dress", "dresss", "none")
    labels, faults = resolve(["dress"] * 50 + ["DRESSS", "none", "shirt", "dreess"], names=names)
    assert labels.tolist()[50:52] == ["dresss", "none"]
    assert set(faults) == {52, 53}
    assert "the labels are dress, dresss, none" in faults[52].detail
    assert "did you mean" in faults[53].detail


def test_labels_below_the_minimum_are_refused():
    _, faults = resolve(["a", "a", "b", "b", "c"], min_tickets=2)
    assert set(faults) == {4}


def test_the_order_of_tickets_does_not_matter():
    labels = ["Dress", "dress", "PANTS", "pants", "pants"] * 3 + ["unknown"]
    forward = learn_vocabulary(pd.Series(labels, dtype="str"), LabelParameters())
    backward = learn_vocabulary(pd.Series(labels[::-1], dtype="str"), LabelParameters())
    assert forward == backward


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "a", "A"], "every label is 'a'; training needs tickets of at least two"),
        (["a", "a", "unknown"], "every label is 'a'"),
        (["unknown", "?"], "no usable label is left"),
        ([None, None], "kefu predict"),
    ],
)
def test_labels_that_teach_nothing_are_an_error(labels, message):
    with pytest.raises(LabelError, match=r"^[^\n]*$") as error:
        resolve(labels)
    assert message in str(error.value)


def test_a_column_of_free_text_is_no_label():
    with pytest.raises(LabelError, match="1001 different values in 1001 tickets"):
        resolve([f"my order {i} is late" for i in range(1001)])


def test_listed_labels_must_differ():
    with pytest.raises(ValidationError, match="differ"):
        LabelParameters(names=("a", "A"))
    with pytest.raises(ValidationError):
        LabelParameters(names=("a",))
