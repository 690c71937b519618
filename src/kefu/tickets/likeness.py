"""The nearest fingerprint of another set of tickets, found without comparing every one with every other."""

import numpy as np
from numpy.typing import NDArray

from kefu.tickets.duplicates import cut_into_bands

_PAIRS_AT_ONCE = 2_000_000


def find_nearest(
    values: NDArray[np.uint64], others: NDArray[np.uint64], max_distance: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nearest of the others, and how many of the 64 bits differ, of each value.

    By banding, as in :mod:`kefu.tickets.duplicates`. Of equally near ones it is the first.

    Args:
        values: (N,) fingerprints.
        others: (M,) fingerprints.
        max_distance: bits in which a near one may differ, at most 16.

    Returns:
        Its position (N,) and the distance (N,), both -1 where none is near.
    """
    # a key that compares distance first, then position
    best = np.full(len(values), np.iinfo(np.int64).max, dtype=np.int64)
    for band, of_others in zip(cut_into_bands(values, max_distance), cut_into_bands(others, max_distance), strict=True):
        order = np.argsort(of_others, kind="stable")
        starts = np.searchsorted(of_others[order], band, side="left")
        counts = np.searchsorted(of_others[order], band, side="right") - starts
        for rows in _chunks(counts):
            value = np.repeat(rows, counts[rows])
            step = np.arange(len(value)) - np.repeat(np.cumsum(counts[rows]) - counts[rows], counts[rows])
            other = order[starts[value] + step]
            distance = np.bitwise_count(values[value] ^ others[other]).astype(np.int64)
            near = distance <= max_distance
            np.minimum.at(best, value[near], distance[near] * len(others) + other[near])
    found = best < np.iinfo(np.int64).max
    size = max(1, len(others))
    return np.where(found, best % size, -1), np.where(found, best // size, -1)


def _chunks(counts: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut the rows so that those of a chunk have a bounded number of candidates together."""
    if not len(counts):
        return []
    chunk = np.cumsum(counts) // _PAIRS_AT_ONCE
    return np.split(np.arange(len(counts)), np.flatnonzero(np.diff(chunk)) + 1)
