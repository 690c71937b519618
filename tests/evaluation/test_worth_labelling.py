"""Uncertain tickets, and among them various ones."""

import numpy as np
import pytest

from kefu.evaluation.worth_labelling import choose_to_label, entropy

UNCERTAIN = np.array([0.9, 0.8, 0.7, 0.6, 0.1])
PLACES = np.array([[0.0, 0.0], [0.0, 0.1], [5.0, 0.0], [0.0, 3.0], [99.0, 99.0]])
NOTHING = np.empty((0, 2))


def test_the_most_uncertain_first_then_the_furthest_of_the_pool() -> None:
    assert choose_to_label(UNCERTAIN, PLACES, NOTHING, 2, pool_factor=2).tolist() == [0, 2]
    assert choose_to_label(UNCERTAIN, PLACES, NOTHING, 2, pool_factor=1).tolist() == [0, 1], "the pool is these two"


def test_far_from_what_has_a_label() -> None:
    labelled = np.array([[0.0, 0.0], [5.0, 0.1]])
    assert choose_to_label(UNCERTAIN, PLACES, labelled, 1, pool_factor=4).tolist() == [3]


def test_none_twice_and_no_more_than_there_are() -> None:
    alike = np.zeros((3, 2))
    assert sorted(choose_to_label(UNCERTAIN[:3], alike, NOTHING, 10, 10).tolist()) == [0, 1, 2]
    assert choose_to_label(np.empty(0), NOTHING, NOTHING, 5, 10).tolist() == []
    assert choose_to_label(UNCERTAIN, PLACES, NOTHING, 0, 10).tolist() == []


def test_entropy() -> None:
    found = entropy(np.array([[1.0, 0.0], [0.5, 0.5]]))
    assert found.tolist() == pytest.approx([0, 1])
    assert entropy(np.ones((2, 1))).tolist() == [0, 0]
