"""What ticket number i will be, before anything of it is written, drawn or spoken."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache

import numpy as np

from kefu.demo.intents import MODALITIES, Intent, presence_shares
from kefu.demo.parameters import DemoParameters

CUSTOMERS_PER_BLOCK = 100
TICKETS_PER_BLOCK = 118  # drawn with replacement, 118 tickets meet 69 of 100 customers: 1.7 tickets a customer
_ORIGINAL_WITHIN_TICKETS = 400
_ORIGINAL_TRIALS = 12


class Stream(IntEnum):
    """Independent sources of chance of one ticket (or customer)."""

    PLAN = 0
    CUSTOMER = 1
    TEXT = 2
    IMAGE = 3
    AUDIO = 4
    DEFECT = 5
    EVIDENCE = 6
    MATTER = 7
    VOICE = 8
    CREATED = 9


class Defect(StrEnum):
    """What is broken on purpose."""

    EMPTY_TEXT = "empty_text"
    TRUNCATED_IMAGE = "truncated_image"
    PAGE_FOR_IMAGE = "page_for_image"
    BLANK_IMAGE = "blank_image"
    MISSING_IMAGE = "missing_image"
    SILENT_AUDIO = "silent_audio"
    BROKEN_AUDIO = "broken_audio"
    MISSING_AUDIO = "missing_audio"
    BAD_LABEL = "bad_label"
    MISSING_LABEL = "missing_label"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"

    @property
    def modality(self) -> str | None:
        """The modality that the defect costs, or None if it costs the ticket."""
        name = self.value.rpartition("_")[2]
        return name if name in MODALITIES else None


_TICKET_DEFECTS = tuple(defect for defect in Defect if defect.modality is None)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who writes: a customer has one language."""

    number: int
    language: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A ticket to be made; ``original`` is the number of the earlier ticket that it repeats."""

    index: int
    customer: Customer
    intent: Intent
    present: frozenset[str]
    defect: Defect | None = None
    original: int | None = None

    @property
    def ticket_id(self) -> str:
        """The identifier in the table."""
        return f"t{self.index:06d}"


def generator(params: DemoParameters, index: int, stream: Stream) -> np.random.Generator:
    """Return the source of chance for one ticket: the same whatever else is made, and in whatever order."""
    return np.random.Generator(np.random.PCG64([params.seed, index, stream]))


def plan_ticket(params: DemoParameters, index: int) -> Plan:
    """Plan ticket number ``index`` from the seed and the number alone."""
    draft = _draft(params, index)
    if draft.defect not in {Defect.DUPLICATE, Defect.NEAR_DUPLICATE}:
        return draft
    original = _find_original(params, draft)
    if original is None:
        return Plan(index, draft.customer, draft.intent, draft.present, Defect.BAD_LABEL)
    return Plan(index, original.customer, original.intent, original.present, draft.defect, original.index)


def _draft(params: DemoParameters, index: int) -> Plan:
    rng = generator(params, index, Stream.PLAN)
    block = index // TICKETS_PER_BLOCK
    customer = _customer(params, block * CUSTOMERS_PER_BLOCK + int(rng.integers(CUSTOMERS_PER_BLOCK)))
    intent = list(Intent)[rng.integers(len(Intent))]
    patterns, cumulative = _presence(params)
    present = patterns[min(int(np.searchsorted(cumulative, rng.random(), side="right")), len(patterns) - 1)]
    is_broken = rng.random() < params.defect_share
    # only what leaves the ticket something to go by
    possible = [d for d in Defect if d.modality in present] if len(present) > 1 else []
    defects = [*possible, *_TICKET_DEFECTS]
    defect = defects[rng.integers(len(defects))]
    return Plan(index, customer, intent, present, defect if is_broken else None)


def _find_original(params: DemoParameters, draft: Plan) -> Plan | None:
    """Find a sound earlier ticket to repeat; a near duplicate is told by its text and its picture."""
    if not draft.index:
        return None
    needed = {"text", "image"} if draft.defect is Defect.NEAR_DUPLICATE else set()
    rng = generator(params, draft.index, Stream.DEFECT)
    for back in rng.integers(1, min(draft.index, _ORIGINAL_WITHIN_TICKETS) + 1, size=_ORIGINAL_TRIALS):
        candidate = _draft(params, draft.index - int(back))
        if candidate.defect is None and needed <= candidate.present:
            return candidate
    return None


def _customer(params: DemoParameters, number: int) -> Customer:
    is_chinese = generator(params, number, Stream.CUSTOMER).random() < params.chinese_share
    return Customer(number, "zh" if is_chinese else "en")


@lru_cache(maxsize=8)
def _presence(params: DemoParameters) -> tuple[tuple[frozenset[str], ...], np.ndarray]:
    shares = presence_shares(params)
    return tuple(shares), np.cumsum(list(shares.values()))
