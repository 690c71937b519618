"""Exact Shapley values: what each of M players adds, averaged over all orders in which they may come.

See Shapley 1953, A Value for n-Person Games; for models, Lundberg and Lee 2017, A Unified Approach to Interpreting
Model Predictions, and Covert, Lundberg and Lee 2021, Explaining by Removing. Of M modalities there are 2^M subsets, few
enough to ask about each: nothing is sampled.
"""

from itertools import product
from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def subsets(players: int) -> NDArray[np.bool_]:
    """Return which players are in each subset, (2^M, M): none of them first, all of them last."""
    return np.array(list(product([False, True], repeat=players)), dtype=bool).reshape(2**players, players)


def shapley_values(values: Floats) -> Floats:
    """Return the Shapley value of each player, (M, …).

    They sum to the value of all players less that of none, and a player that never changes the value has 0.

    Args:
        values: of each subset of the players, in the order of :func:`subsets`, (2^M, …).

    Raises:
        ValueError: their number is no power of two.
    """
    players = (len(values) - 1).bit_length()
    if len(values) != 2**players:
        raise ValueError(f"Shapley values need the value of every subset, a power of two; got {len(values)}")
    return np.tensordot(_weights(players), values, axes=1)


def _weights(players: int) -> Floats:
    """Return what the value of each subset counts in the Shapley value of each player, (M, 2^M)."""
    members = subsets(players)
    weights = np.zeros((players, len(members)))
    for column, member in enumerate(members):
        size = int(member.sum())
        for player in range(players):
            others = size - 1 if member[player] else size
            share = factorial(others) * factorial(players - 1 - others) / factorial(players)
            weights[player, column] = share if member[player] else -share
    return weights
