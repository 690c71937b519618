"""How much of what was said was heard wrong."""

from collections.abc import Sequence


def edit_distance(found: Sequence[object], told: Sequence[object]) -> int:
    """Return the least number of insertions, deletions and replacements between two sequences (Levenshtein 1966)."""
    row = list(range(len(told) + 1))
    for place, item in enumerate(found, start=1):
        diagonal, row[0] = row[0], place
        for other, wanted in enumerate(told, start=1):
            diagonal, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, diagonal + (item != wanted))
    return row[-1]
