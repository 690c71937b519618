import pytest

from kefu.registry.comparison import TooFewInCommonError, compare

TRUE = "a" * 50 + "b" * 50


def flipped(labels: str, *places: int) -> str:
    return "".join({"a": "b", "b": "a"}[one] if number in places else one for number, one in enumerate(labels))


def change_of(found, group: str) -> float:
    return float(found.groups.set_index("group").loc[group, "change"])


def test_a_model_passes_the_gate_against_itself(said) -> None:
    found = compare(said(TRUE, TRUE), said(TRUE, TRUE))
    assert (found.macro_f1.n, found.macro_f1.customers) == (100, 100)
    assert (found.macro_f1.estimate, found.macro_f1.p_value) == (0, 1)
    assert found.groups["n"].tolist() == [50, 50, 100]
    assert found.reasons_against == []


def test_a_worse_model_is_told_with_figures(said) -> None:
    found = compare(said(TRUE, TRUE), said(TRUE, flipped(TRUE, *range(20))))
    overall, of_a, of_b, of_language = found.reasons_against
    assert overall.startswith("macro-F1 is 0.792 instead of 1.000, significantly worse (-0.208, 95 % interval")
    assert of_a == "class a: F1 is 0.750 instead of 1.000, down 25.0 points (n = 50)"
    assert of_b.startswith("class b: ")
    assert of_language.startswith("language en: macro-F1 is 0.792")


def test_a_better_model_passes(said) -> None:
    assert compare(said(TRUE, flipped(TRUE, *range(20))), said(TRUE, TRUE)).reasons_against == []


def test_two_points_are_tolerated_and_no_more(said) -> None:
    one, two = (compare(said(TRUE, TRUE), said(TRUE, flipped(TRUE, *range(lost)))) for lost in (1, 2))
    assert change_of(one, "a") == pytest.approx(-1 / 99)
    assert one.reasons_against == []
    assert change_of(two, "a") == pytest.approx(-2 / 98)
    assert change_of(two, "b") == pytest.approx(-2 / 102)
    assert [reason.split(":")[0] for reason in two.reasons_against] == ["class a", "language en"]


def test_a_gain_elsewhere_does_not_make_up_for_a_language(said) -> None:
    languages = ["zh"] * 10 + ["en"] * 90
    before = said(TRUE, flipped(TRUE, *range(30, 60)), language=languages)
    after = said(TRUE, flipped(TRUE, 0, 1), language=languages)
    found = compare(before, after)
    assert found.macro_f1.estimate > 0
    (reason,) = found.reasons_against
    assert reason.startswith("language zh: ")
    assert reason.endswith("(n = 10)")


def test_only_test_tickets_of_both_count(said) -> None:
    before = said(TRUE, TRUE, split=["train"] * 30 + ["test"] * 70)
    after = said(TRUE, flipped(TRUE, *range(30)), split=["test"] * 90 + ["validation"] * 10)
    found = compare(before, after)
    assert found.macro_f1.n == 60
    assert found.reasons_against == []


def test_tickets_are_matched_by_id(said) -> None:
    ids = [f"t{number}" for number in range(100)]
    backwards = said(TRUE[::-1], TRUE[::-1], ticket_id=ids[::-1], customer_id=[f"c{i[1:]}" for i in ids[::-1]])
    assert compare(said(TRUE, TRUE), backwards).macro_f1.estimate == 0


def test_tickets_that_were_labelled_anew_do_not_count(said) -> None:
    found = compare(said(TRUE, TRUE), said(flipped(TRUE, 0, 1), TRUE))
    assert (found.relabelled, found.macro_f1.n) == (2, 98)
    assert found.reasons_against == []


def test_a_class_that_the_new_model_forgot_is_a_loss_and_a_new_one_a_gain(said) -> None:
    true = "a" * 20 + "b" * 20 + "c" * 20
    knows_all = said(true, true, classes=("a", "b", "c"))
    knows_two = said("a" * 20 + "b" * 20, "a" * 20 + "b" * 20)
    fewer = said(true[:40], true[:40], classes=("b", "a"))
    assert compare(knows_all, fewer).reasons_against == []  # of the tickets in common none is of the class
    forgets = said(true, "a" * 20 + "b" * 40, classes=("a", "b", "c"))
    assert any(reason.startswith("class c: F1 is 0.000") for reason in compare(knows_all, forgets).reasons_against)
    assert compare(knows_two, knows_all).reasons_against == []


@pytest.mark.parametrize("customers", [0, 9, 10])
def test_too_few_in_common_is_refused(said, customers: int) -> None:
    before = said(TRUE, TRUE)
    after = said(TRUE, TRUE, ticket_id=[f"t{i}" if i < customers else f"u{i}" for i in range(100)])
    if customers == 10:
        assert compare(before, after).macro_f1.n == 10
        return
    with pytest.raises(TooFewInCommonError, match=f"held out {customers} tickets of {customers} customers in common"):
        compare(before, after)
