"""Which tickets are for training, for validation and for testing.

A split must survive a growing table: if a ticket that was trained on could later turn up in the test set, no two
results could be compared. So the split of a ticket is a function of its group (the customer) alone, a hash compared
with the shares, and neither the order of the tickets nor the presence of others has a say. The price is that shares
and labels are balanced in expectation only, within the binomial error.
"""

from hashlib import blake2b

import pandas as pd
from pydantic import Field, model_validator

from kefu.parameters import Parameters
from kefu.tickets.errors import SplitError

SPLITS = ("train", "validation", "test")
_MIN_GROUPS = 3  # a label of fewer groups cannot be in three splits


class SplitParameters(Parameters):
    """How tickets are divided."""

    validation_share: float = Field(0.15, ge=0, lt=1, description="Share of groups that choose the model")
    test_share: float = Field(0.15, ge=0, lt=1, description="Share of groups that judge it")
    seed: int = Field(0, description="Another seed, another division")

    @model_validator(mode="after")
    def _leaves_training(self) -> "SplitParameters":
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share + test_share must be less than 1, or nothing is left to train on")
        return self

    def shares(self) -> dict[str, float]:
        """Return the expected share of each split."""
        return {
            "train": 1 - self.validation_share - self.test_share,
            "validation": self.validation_share,
            "test": self.test_share,
        }


def assign_splits(frame: pd.DataFrame, params: SplitParameters) -> pd.Series:
    """Divide tickets by customer, so that no customer is in two splits.

    The hash of a group (BLAKE2b of the seed and the customer, or of the ticket where the customer is empty) is a
    number in [0, 1): test below ``test_share``, validation above it up to ``validation_share`` more, then train. Two
    things come before the hash:

    - A given ``split`` wins, and the other tickets of that customer follow. If every ticket has one but a split with
      a share above 0 is not among them (benchmarks often come as train and test), the given training groups are
      divided by the hash between training and what is missing.
    - A label (or a whole table) with at least three groups that is absent from a split gets the group whose hash is
      nearest to that split, from where the label has most groups. Only groups of such labels can ever move, given
      splits never do, and no move takes from another label what it needs. This is the one way in which adding or
      removing tickets can change the split of others.

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
    given = _given_splits(frame, groups)
    hashes = {group: _hash(group, params.seed) for group in groups.unique()}
    missing = _missing_splits(given, params) if set(hashes) <= set(given) else []
    splits = {group: given.get(group) or _by_hash(value, params) for group, value in hashes.items()}
    for group, split in given.items():
        if missing and split == "train":
            hashed = _by_hash(hashes[group], params)
            splits[group] = hashed if hashed in missing else "train"
    movable = {group for group in hashes if group not in given or (missing and given[group] == "train")}
    _represent_rare_labels(splits, hashes, movable, _groups_by_label(frame, groups), params)
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
    return dict(zip(pairs["group"], pairs["split"], strict=True))


def _missing_splits(given: dict[str, str], params: SplitParameters) -> list[str]:
    return [split for split, share in params.shares().items() if share > 0 and split not in given.values()]


def _hash(group: str, seed: int) -> float:
    digest = blake2b(f"{seed}\n{group}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _interval(split: str, params: SplitParameters) -> tuple[float, float]:
    held_out = params.test_share + params.validation_share
    return {"test": (0.0, params.test_share), "validation": (params.test_share, held_out), "train": (held_out, 1.0)}[
        split
    ]


def _by_hash(value: float, params: SplitParameters) -> str:
    return next((split for split in ("test", "validation") if value < _interval(split, params)[1]), "train")


def _groups_by_label(frame: pd.DataFrame, groups: pd.Series) -> dict[str, list[str]]:
    """Return the groups of each label, and under '' all of them: no split of a tiny table should be empty."""
    members: dict[str, set[str]] = {"": set(groups)}
    if "label" in frame:
        known = frame["label"].notna()
        for label, group in zip(frame.loc[known, "label"], groups[known], strict=True):
            members.setdefault(label, set()).add(group)
    # rarest first: they have the least choice
    return {label: sorted(members[label]) for label in sorted(members, key=lambda label: (len(members[label]), label))}


def _represent_rare_labels(
    splits: dict[str, str],
    hashes: dict[str, float],
    movable: set[str],
    members: dict[str, list[str]],
    params: SplitParameters,
) -> None:
    """Move groups, in place, until every label with three groups or more is in every split."""
    labels_of: dict[str, list[str]] = {}
    for label, groups in members.items():
        for group in groups:
            labels_of.setdefault(group, []).append(label)
    counts = {label: dict.fromkeys(SPLITS, 0) for label in members}
    for group, labels in labels_of.items():
        for label in labels:
            counts[label][splits[group]] += 1

    def spare(group: str) -> bool:
        """Say whether every label of the group stays represented in its split without it."""
        return all(counts[label][splits[group]] > 1 for label in labels_of[group])

    def distance(group: str, target: str) -> float:
        low, high = _interval(target, params)
        return max(low - hashes[group], hashes[group] - high, 0.0)

    wanted = [split for split in ("train", "test", "validation") if params.shares()[split] > 0]
    for label, groups in members.items():
        for target in wanted:
            if len(groups) < _MIN_GROUPS or counts[label][target]:
                continue
            candidates = [group for group in groups if group in movable and spare(group)]
            if not candidates:
                continue
            richest = max(counts[label][splits[group]] for group in candidates)
            nearest = min(
                (group for group in candidates if counts[label][splits[group]] == richest),
                key=lambda group: (distance(group, target), group),
            )
            for other in labels_of[nearest]:
                counts[other][splits[nearest]] -= 1
                counts[other][target] += 1
            splits[nearest] = target
