"""Nearest fingerprints, against comparing every one with every other."""

import numpy as np
import pytest

from kefu.tickets import likeness
from kefu.tickets.likeness import find_nearest


def make(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


def test_the_nearest_and_of_equals_the_first() -> None:
    position, distance = find_nearest(make(0b1111, 0, 2**63), make(0b0001, 0b0111, 0b1110, 2**63), 2)
    assert position.tolist() == [1, 0, 3]
    assert distance.tolist() == [1, 1, 0]


def test_none_beyond_the_distance_and_none_of_none() -> None:
    assert [found.tolist() for found in find_nearest(make(0b111), make(0), 2)] == [[-1], [-1]]
    assert [found.tolist() for found in find_nearest(make(1), make(), 2)] == [[-1], [-1]]
    assert [found.tolist() for found in find_nearest(make(), make(1), 2)] == [[], []]


@pytest.mark.parametrize("distance", [0, 3, 7])
def test_as_comparing_every_pair(distance: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "_PAIRS_AT_ONCE", 50)
    rng = np.random.default_rng(0)
    others = rng.integers(0, 2**63, 300, dtype=np.uint64)
    flips = np.array([sum(1 << int(bit) for bit in rng.choice(64, 5, replace=False)) for _ in range(200)], np.uint64)
    values = others[rng.integers(300, size=200)] ^ np.where(rng.random(200) < 0.5, flips, np.uint64(1))
    every = np.bitwise_count(values[:, None] ^ others[None]).astype(int)
    position, found = find_nearest(values, others, distance)
    near = every.min(axis=1) <= distance
    assert (found == np.where(near, every.min(axis=1), -1)).all()
    assert (position == np.where(near, every.argmin(axis=1), -1)).all()
