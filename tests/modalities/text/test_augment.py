import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kefu.modalities.text.augment import Augmentation, augment

NOTHING = {"synonym_rate": 0.0, "swap_rate": 0.0, "deletion_rate": 0.0, "typo_rate": 0.0, "max_changed_share": 1.0}
ENGLISH = "Great coat, but the zip broke and I want my money back for order 20391 please."
CHINESE = "您好，请问我的裤子什么时候发货？质量很差，订单20391不能再等。"


def only(seed: int, text: str, **rates: float) -> str:
    return augment(text, Augmentation(**{**NOTHING, **rates}), np.random.default_rng(seed))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_same_generator_same_copy(text: str) -> None:
    copies = [augment(text, Augmentation(), np.random.default_rng(seed)) for seed in range(20)]
    assert copies == [augment(text, Augmentation(), np.random.default_rng(seed)) for seed in range(20)]
    assert len(set(copies)) > 5


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_rates_of_zero_change_nothing(text: str) -> None:
    assert only(0, text) == text
    assert augment(text, Augmentation(max_changed_share=0), np.random.default_rng(0)) == text


def test_synonyms() -> None:
    assert {only(seed, "Great coat", synonym_rate=1) for seed in range(40)} == {
        "Excellent coat",
        "Wonderful coat",
        "Fantastic coat",
    }
    assert only(0, "THANKS", synonym_rate=1) in {"THANK YOU", "CHEERS"}
    assert {only(seed, "为什么没有", synonym_rate=1) for seed in range(20)} == {"为何没有", "为啥没有"}
    assert {only(seed, "T恤舒服nice", synonym_rate=1) for seed in range(20)} == {"T恤舒适lovely", "T恤舒适pleasant"}


def test_a_character_alone_has_no_synonym() -> None:
    assert only(0, "买请想", synonym_rate=1) == "买请想"


def test_swap_keeps_words_and_does_not_cross_punctuation() -> None:
    swapped = {only(seed, "one two, three", swap_rate=0.5) for seed in range(20)}
    assert swapped == {"one two, three", "two one, three"}
    assert "".join(sorted(only(1, CHINESE, swap_rate=0.5))) == "".join(sorted(CHINESE))
    assert only(1, CHINESE, swap_rate=0.5) != CHINESE


def test_deletion_takes_the_space_along_and_leaves_a_word() -> None:
    assert {only(seed, "one two", deletion_rate=0.5) for seed in range(20)} >= {"one", "two", "one two"}
    assert only(0, "coat", deletion_rate=1) == "coat"
    assert all(only(seed, "one two three 好", deletion_rate=1) for seed in range(20))


@pytest.mark.parametrize("text", ["not never don't can’t without", "没不无别勿", "20391 A12 5'3"])
def test_negations_and_numbers_stay(text: str) -> None:
    for rate in ("swap_rate", "deletion_rate", "typo_rate"):
        assert {only(seed, text, **{rate: 1.0}) for seed in range(10)} <= {text}


def test_typos() -> None:
    for seed in range(60):
        slip = only(seed, "Delivery", typo_rate=1)
        assert slip[0] == "D"
        assert abs(len(slip) - 8) <= 1
    assert only(0, "zip", typo_rate=1) == "zip"
    assert {only(seed, "裤", typo_rate=1) for seed in range(10)} == {"库"}
    assert {only(seed, "在", typo_rate=1) for seed in range(10)} == {"再"}


def test_neighbouring_keys() -> None:
    slips = {only(seed, "aaga", typo_rate=1) for seed in range(300)}
    substitutes = {slip[2] for slip in slips if len(slip) == 4 and slip[0] + slip[1] + slip[3] == "aaa"}
    assert substitutes == set("fhtyvb")


def test_no_more_words_than_asked_are_changed() -> None:
    words = " ".join(["delivery"] * 20)
    for seed in range(10):
        changed = only(seed, words, typo_rate=1, max_changed_share=0.2).split()
        assert sum(word != "delivery" for word in changed) <= 4


def test_rates_must_leave_room() -> None:
    with pytest.raises(ValidationError, match="add up to"):
        Augmentation(synonym_rate=0.9, typo_rate=0.2)


@given(st.text(min_size=1, max_size=40), st.integers(0, 99))
def test_never_empty_never_raises(text: str, seed: int) -> None:
    assert only(seed, text, synonym_rate=0.2, swap_rate=0.2, deletion_rate=0.4, typo_rate=0.2)
