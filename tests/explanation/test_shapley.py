from itertools import permutations

import numpy as np
import pytest

from kefu.explanation.shapley import shapley_values, subsets


def by_orders(values: np.ndarray, players: int) -> np.ndarray:
    """The definition: what each player adds, over all orders."""
    place = {tuple(subset): row for row, subset in enumerate(subsets(players).tolist())}
    found = np.zeros((players, *values.shape[1:]))
    orders = list(permutations(range(players)))
    for order in orders:
        seen = [False] * players
        for player in order:
            before = values[place[tuple(seen)]]
            seen[player] = True
            found[player] += (values[place[tuple(seen)]] - before) / len(orders)
    return found


def test_subsets_go_from_nobody_to_all():
    assert subsets(2).tolist() == [[False, False], [False, True], [True, False], [True, True]]
    assert subsets(0).shape == (1, 0)


def test_two_who_only_score_together_share_alike():
    np.testing.assert_allclose(shapley_values(np.array([0.0, 0.0, 0.0, 1.0])), [0.5, 0.5])


def test_the_glove_game():
    """One left glove (player 0), two right ones: a pair is worth 1."""
    values = np.array([float(left and (one or other)) for left, one, other in subsets(3)])
    np.testing.assert_allclose(shapley_values(values), [2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("players", [1, 2, 3, 4])
def test_values_are_the_mean_over_all_orders_and_add_up(players):
    values = np.random.default_rng(players).normal(size=(2**players, 5, 3))
    found = shapley_values(values)
    np.testing.assert_allclose(found, by_orders(values, players), atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=0), values[-1] - values[0], rtol=0, atol=1e-9)


def test_a_player_that_changes_nothing_gets_nothing():
    values = np.random.default_rng(0).normal(size=4)
    found = shapley_values(np.repeat(values, 2))  # the last player never matters
    assert abs(found[-1]) < 1e-12
    np.testing.assert_allclose(found[:2], shapley_values(values))


def test_a_subset_must_not_be_missing():
    with pytest.raises(ValueError, match="a power of two; got 7"):
        shapley_values(np.zeros(7))
