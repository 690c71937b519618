"""Labels as people write them: mended where the meaning is plain, refused where it is not."""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

import pandas as pd
from pydantic import Field, field_validator

from kefu.parameters import Parameters
from kefu.tickets.errors import LabelError, did_you_mean
from kefu.tickets.faults import Fault, Reason

NULL_LIKE = frozenset(
    {"unknown", "n/a", "na", "none", "null", "nil", "nan", "?", "??", "???", "-", "--", "tbd", "todo"}
    | {"未知", "无", "空", "待定", "未分类", "不详"}
)
_MAX_FREE_LABELS = 1000  # beyond it a label needs ten tickets on average, or the column is no label
_DIGITS = re.compile(r"\d+")


class LabelParameters(Parameters):
    """What counts as a label."""

    names: tuple[str, ...] | None = Field(None, min_length=2, description="The labels; inferred from the table if null")
    misspelling_similarity: float = Field(
        0.8, gt=0, le=1, description="Share of characters that a misspelling has in common with what was meant"
    )
    misspelling_rarity: float = Field(
        10.0, gt=1, description="A misspelling is this many times rarer than what was meant"
    )
    min_tickets: int = Field(1, ge=1, description="Inferred labels with fewer tickets are refused")
    keep_unlabelled: bool = Field(
        False, description="Tickets without a label are kept for pretraining, in a table of their own; else quarantined"
    )

    @field_validator("names")
    @classmethod
    def _normalised(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is None:
            return None
        names = tuple(normalise_label(name) for name in names)
        if "" in names or len({name.casefold() for name in names}) < len(names):
            raise ValueError("labels must differ in more than case and may not be blank")
        return names


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which spellings stand for which label, and what is wrong with the others.

    Attributes:
        spellings: Case-folded spelling to label.
        refused: Case-folded spelling to a line that says why.
    """

    spellings: dict[str, str]
    refused: dict[str, str]


def normalise_label(label: str) -> str:
    """Return the label in NFKC, its white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", label).split())


def learn_vocabulary(labels: pd.Series, params: LabelParameters) -> Vocabulary:
    """Tell labels from misspellings and from ways to say that there is none.

    Spellings that differ in case only are one label, written as most tickets do. With ``params.names`` those are the
    labels and every other spelling is refused. Otherwise a spelling is refused if it says 'unknown' in one of many
    ways, or if it is both much like and much rarer than another; labels that differ in a number only ('level 1',
    'level 2') are never taken for misspellings of one another.

    Args:
        labels: The labels of the tickets (N,), NaN where missing.
        params: What counts as a label.

    Raises:
        LabelError: There are so many different values that they cannot be labels.
    """
    written: Counter[str] = Counter()
    for label, count in labels.value_counts().items():
        written[normalise_label(str(label))] += count
    del written[""]
    counts: Counter[str] = Counter()
    usual: dict[str, str] = {}
    # by frequency, then alphabet: the order of the tickets must not matter
    for spelling, count in sorted(written.items(), key=lambda item: (-item[1], item[0])):
        counts[spelling.casefold()] += count
        usual.setdefault(spelling.casefold(), spelling)
    if params.names is not None:
        known = {name.casefold(): name for name in params.names}
        refused = {folded: _not_listed(usual[folded], known, params) for folded in counts if folded not in known}
        return Vocabulary(known, refused)

    refused = {
        folded: f"label '{usual[folded]}' names no class; list it under labels.names if it does"
        for folded in counts
        if folded in NULL_LIKE
    }
    if len(counts) > max(_MAX_FREE_LABELS, counts.total() / 10):
        raise LabelError(
            f"column 'label' holds {len(counts)} different values in {counts.total()} tickets; is it the right column? "
            "(if so, list the labels in labels.names)"
        )
    candidates = {folded: count for folded, count in counts.items() if folded not in refused}
    ranked = sorted(candidates, key=lambda folded: -candidates[folded])
    for folded, count in candidates.items():
        num_frequent = bisect_right(ranked, -params.misspelling_rarity * count, key=lambda other: -candidates[other])
        meant = _nearest(folded, ranked[:num_frequent], params.misspelling_similarity)
        if meant is not None:
            refused[folded] = f"label '{usual[folded]}' is not known; did you mean '{usual[meant]}'?"
        elif count < params.min_tickets:
            refused[folded] = f"label '{usual[folded]}' has {count} tickets, training asks for {params.min_tickets}"
    return Vocabulary({folded: usual[folded] for folded in counts if folded not in refused}, refused)


def resolve_labels(labels: pd.Series, params: LabelParameters) -> tuple[pd.Series, dict[int, Fault]]:
    """Return the mended labels, and the faults of the others by position.

    With ``params.keep_unlabelled`` a missing label is no fault, and stays missing.

    Raises:
        LabelError: No label at all or fewer than two kinds are left, or far too many.
    """
    if labels.isna().all():
        raise LabelError(
            "no ticket has a label, so there is nothing to learn; use 'kefu predict' for unlabelled tickets"
        )
    vocabulary = learn_vocabulary(labels, params)
    resolved: list[str | None] = []
    faults: dict[int, Fault] = {}
    folded_of = {label: normalise_label(label).casefold() for label in labels.dropna().unique()}
    for position, label in enumerate(labels.tolist()):
        folded = folded_of.get(label, "")
        resolved.append(vocabulary.spellings.get(folded))
        if not folded and not params.keep_unlabelled:
            faults[position] = Fault(Reason.MISSING_LABEL, "no label; give one, or use 'kefu predict'")
        elif folded in vocabulary.refused:
            faults[position] = Fault(Reason.BAD_LABEL, vocabulary.refused[folded])
    require_two_labels(pd.Series(resolved, dtype="str"), next(iter(vocabulary.refused.values()), ""))
    return pd.Series(resolved, index=labels.index, dtype="str"), faults


def require_two_labels(labels: pd.Series, hint: str = "") -> None:
    """Check that there is something to tell apart.

    Raises:
        LabelError: ``labels`` (N,) holds fewer than two kinds.
    """
    kinds = sorted(labels.dropna().unique())
    if len(kinds) < 2:
        found = f"every label is '{kinds[0]}'" if kinds else "no usable label is left"
        raise LabelError(f"{found}; training needs tickets of at least two{f' ({hint})' if hint else ''}")


def require_label_column(names: list[str]) -> None:
    """Check that a table can be learnt from.

    Raises:
        LabelError: There is no column ``label``.
    """
    if "label" not in names:
        raise LabelError(
            f"no column 'label'{did_you_mean('label', names)} (columns found: {', '.join(names)}); "
            "use 'kefu predict' for unlabelled tickets"
        )


def _not_listed(spelling: str, known: dict[str, str], params: LabelParameters) -> str:
    meant = _nearest(spelling.casefold(), list(known), params.misspelling_similarity)
    mend = f"did you mean '{known[meant]}'?" if meant is not None else f"the labels are {', '.join(known.values())}"
    return f"label '{spelling}' is not listed; {mend}"


def _nearest(label: str, others: list[str], min_similarity: float) -> str | None:
    """Return the most similar of ``others``, if any is similar enough."""
    worded = [
        other
        for other in others
        if min(len(label), len(other)) >= min_similarity * max(len(label), len(other))
        and _DIGITS.sub("#", other) != _DIGITS.sub("#", label)
    ]
    scored = ((_similarity(label, other), other) for other in worded)
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= min_similarity else None


def _similarity(a: str, b: str) -> float:
    """Return 1 - Levenshtein distance / length of the longer."""
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (char != other))
    return 1 - row[-1] / max(len(a), len(b), 1)
