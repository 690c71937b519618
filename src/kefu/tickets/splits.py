"""Which tickets are for training, for validation and for testing.

A split must survive a growing table: if a ticket that was trained on could later turn up in the test set, no two
results could be compared. So customers are divided in the order in which they arrive, each by what came before it and
by a hash of its own: what is appended to the table later has no say in what was decided. The hash decides alone as
long as every label is divided as asked; where a label has drifted, the customer goes to the split that lacks it most
[a biased coin: Efron, Forcing a sequential experiment to be balanced, Biometrika 1971].
"""

from collections import Counter, defaultdict
from hashlib import blake2b

import pandas as pd
from pydantic import Field, model_validator

from kefu.parameters import Parameters
from kefu.tickets.errors import SplitError

SPLITS = ("train", "validation", "test")
_TOLERATED_TICKETS = 2
"""Of a rare label the tolerated share would be less than a ticket: so many are always tolerated."""


class SplitParameters(Parameters):
    """How tickets are divided."""

    validation_share: float = Field(0.15, ge=0, lt=1, description="Share of tickets that choose the model")
    test_share: float = Field(0.15, ge=0, lt=1, description="Share of tickets that judge it")
    tolerance: float = Field(
        0.02,
        ge=0,
        le=1,
        description="How far a label's share of a split may drift from the asked one before customers are moved to "
        "correct it; 1: the hash alone decides",
    )
    seed: int = Field(0, description="Another seed, another division")

    @model_validator(mode="after")
    def _leaves_training(self) -> "SplitParameters":
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share + test_share must be less than 1, or nothing is left to train on")
        return self

    def shares(self) -> dict[str, float]:
        """Return the expected share of each split that is not to stay empty."""
        shares = {
            "train": 1 - self.validation_share - self.test_share,
            "validation": self.validation_share,
            "test": self.test_share,
        }
        return {split: share for split, share in shares.items() if share > 0}


def assign_splits(frame: pd.DataFrame, params: SplitParameters) -> pd.Series:
    """Divide tickets by customer, so that no customer is in two splits and every label is divided as asked.

    Customers (tickets, where the customer is empty) are taken in the order of the table. With the label of a
    customer's first ticket:

    - If a given ``split`` is known of any of its tickets, it has that one. Given tickets are not counted in what
      follows. If every ticket has a split but one with a share above 0 is not among them (benchmarks often come as
      train and test), the given training customers are divided between training and what is missing.
    - The first customers of a label go one each to the splits, training first: a label of three is in all of them.
    - Then the hash decides (BLAKE2b of the seed and the customer, a number in [0, 1), compared with the shares),
      unless that split has more than its share of the label, or another less, by over ``tolerance`` of the label's
      tickets and over two tickets: then it is the split that lacks it most.

    So appending tickets changes the split of no earlier one. Removing or reordering tickets can only change what was
    or becomes corrected.

    Args:
        frame: ``ticket_id``, optionally ``customer_id``, ``split`` and ``label``, NaN where missing.
        params: How tickets are divided.

    Returns:
        The split of each ticket (N,), with the index of ``frame``.

    Raises:
        SplitError: Two tickets of a customer were given different splits
            (:func:`kefu.tickets.check.check_tickets` quarantines those).
    """
    groups = group_keys(frame)
    labels = frame["label"].fillna("") if "label" in frame else pd.Series("", index=frame.index)
    splits = _given_splits(frame, groups)
    shares = params.shares()
    if set(groups.tolist()) <= set(splits) and not set(shares) <= set(splits.values()):
        missing = set(shares) - set(splits.values())
        shares = {split: share for split, share in shares.items() if split in missing}
        shares["train"] = 1 - sum(shares.values())
        splits = {group: split for group, split in splits.items() if split != "train"}
    given = frozenset(splits)
    division = _Division(shares, params)
    for group, label in zip(groups.tolist(), labels.tolist(), strict=True):
        if group in given:
            continue
        if group not in splits:
            splits[group] = division.choose(group, label)
        division.count(label, splits[group])
    return groups.map(splits).astype("str").rename("split")


def group_keys(frame: pd.DataFrame) -> pd.Series:
    """Return what is divided: the customer of each ticket (N,), or the ticket itself where that is not known."""
    alone = "ticket:" + frame["ticket_id"]
    if "customer_id" not in frame:
        return alone
    return ("customer:" + frame["customer_id"]).where(frame["customer_id"].notna(), alone)


def split_shares(splits: pd.Series) -> dict[str, float]:
    """Return the share of tickets in each split."""
    counts = splits.value_counts()
    return {split: float(counts.get(split, 0) / max(len(splits), 1)) for split in SPLITS}


def _given_splits(frame: pd.DataFrame, groups: pd.Series) -> dict[str, str]:
    if "split" not in frame:
        return {}
    known = frame["split"].notna()
    pairs = pd.DataFrame({"group": groups[known], "split": frame.loc[known, "split"]}).drop_duplicates()
    twice = pairs[pairs["group"].duplicated(keep=False)]
    if not twice.empty:
        first = twice["group"].iloc[0]
        found = " and ".join(sorted(twice.loc[twice["group"] == first, "split"]))
        raise SplitError(
            f"{first.replace(':', ' ', 1)!r} is given to {found}; give all tickets of a customer one split"
        )
    return dict(zip(pairs["group"].tolist(), pairs["split"].tolist(), strict=True))


def _hash(group: str, seed: int) -> float:
    digest = blake2b(f"{seed}\n{group}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


class _Division:
    """How the tickets of each label were divided so far."""

    def __init__(self, shares: dict[str, float], params: SplitParameters) -> None:
        self._shares: dict[str, float] = {
            split: shares[split] for split in ("test", "validation", "train") if split in shares
        }
        self._params = params
        self._of_label: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._of_all: Counter[str] = Counter()

    def count(self, label: str, split: str) -> None:
        self._of_label[label][split] += 1
        self._of_all[split] += 1

    def choose(self, group: str, label: str) -> str:
        """Return the split of a customer who arrives with a ticket of this label."""
        counts = self._of_label[label]
        absent = [split for split in self._shares if not counts[split]]
        if "train" in absent:
            return "train"
        if absent:
            return min(absent, key=lambda split: self._of_all[split])
        hashed = self._by_hash(group)
        total = counts.total() + 1
        tolerated = max(_TOLERATED_TICKETS, self._params.tolerance * total)
        surplus = {split: counts[split] - share * total for split, share in self._shares.items()}
        if surplus[hashed] + 1 > tolerated or min(surplus.values()) < -tolerated:
            return min(surplus, key=lambda split: surplus[split])
        return hashed

    def _by_hash(self, group: str) -> str:
        value = _hash(group, self._params.seed)
        for split, share in self._shares.items():
            if value < share:
                return split
            value -= share
        return "train"
