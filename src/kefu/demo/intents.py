"""What customers want, and how much of it a single modality gives away.

Every text, picture and recording is made from its *evidence* alone, the set of intents that it fits: one intent
(clear), two (paired) or all eight (vague). The pairs are disjoint and differ by modality, so that a paired text
and a paired picture of one ticket have exactly one intent in common. Since nothing else about the intent reaches
the generators, the best accuracy that any classifier can have follows from Bayes' rule: :func:`bayes_accuracy`.
"""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from itertools import product
from math import prod

import numpy as np

from kefu.demo.parameters import DemoParameters


class Intent(StrEnum):
    """Labels of the demo shop."""

    DAMAGED_ITEM = "damaged_item"
    WRONG_ITEM = "wrong_item"
    LATE_DELIVERY = "late_delivery"
    PAYMENT_FAILED = "payment_failed"
    REFUND = "refund"
    LOGIN = "login"
    INVOICE = "invoice"
    PRODUCT_QUESTION = "product_question"


Evidence = frozenset[Intent]
"""The intents that a text, picture or recording fits."""

VAGUE: Evidence = frozenset(Intent)

CONFUSIONS: Mapping[str, tuple[Evidence, ...]] = {
    "text": (
        frozenset({Intent.DAMAGED_ITEM, Intent.WRONG_ITEM}),  # 'what came is not what it should be'
        frozenset({Intent.LATE_DELIVERY, Intent.REFUND}),  # 'I am still waiting for it'
        frozenset({Intent.PAYMENT_FAILED, Intent.INVOICE}),  # 'the billing of my order is not right'
        frozenset({Intent.LOGIN, Intent.PRODUCT_QUESTION}),  # 'how does this work?'
    ),
    "image": (
        frozenset({Intent.DAMAGED_ITEM, Intent.LATE_DELIVERY}),  # a parcel at the door
        frozenset({Intent.WRONG_ITEM, Intent.PRODUCT_QUESTION}),  # an article
        frozenset({Intent.PAYMENT_FAILED, Intent.LOGIN}),  # an error on a telephone
        frozenset({Intent.REFUND, Intent.INVOICE}),  # a receipt
    ),
    "audio": (
        frozenset({Intent.DAMAGED_ITEM, Intent.REFUND}),  # 'I want to send it back'
        frozenset({Intent.WRONG_ITEM, Intent.LATE_DELIVERY}),  # 'it is about my delivery'
        frozenset({Intent.PAYMENT_FAILED, Intent.PRODUCT_QUESTION}),  # 'I would like to buy this'
        frozenset({Intent.LOGIN, Intent.INVOICE}),  # 'I cannot find it in my account'
    ),
}
"""Which intents a modality mixes up; any two modalities together mix up none."""

MODALITIES = tuple(CONFUSIONS)


def draw_evidence(intent: Intent, modality: str, params: DemoParameters, rng: np.random.Generator) -> Evidence:
    """Draw what a modality lets one know about the intent."""
    dice = rng.random()
    if dice < params.clear_share:
        return frozenset({intent})
    if dice < params.clear_share + params.paired_share:
        return next(pair for pair in CONFUSIONS[modality] if intent in pair)
    return VAGUE


def bayes_accuracy(params: DemoParameters, present: Collection[str]) -> float:
    """Compute the accuracy of the ideal classifier of tickets that have just the modalities ``present``.

    The sum over all combinations of evidence e of max over intents i of P(i) P(e | i), intents being equally
    frequent (Bayes' decision rule). By the symmetry of the pairs it is the ideal macro-F1, too.

    Raises:
        KeyError: a modality is not one of ``text``, ``image`` and ``audio``.
    """
    choices = [list(_likelihoods(modality, params)) for modality in present]
    best = (
        max(prod(likelihood[intent] for likelihood in combination) for intent in Intent)
        for combination in product(*choices)
    )
    return sum(best) / len(Intent)


def expected_bayes_accuracy(params: DemoParameters) -> float:
    """Compute the ideal accuracy over all tickets, given which modalities they lack (defects not counted)."""
    return sum(share * bayes_accuracy(params, present) for present, share in presence_shares(params).items())


def presence_shares(params: DemoParameters) -> dict[frozenset[str], float]:
    """Return the share of the tickets that have exactly a given set of modalities; a ticket has at least one."""
    missing = {
        "text": params.text_missing_share,
        "image": params.image_missing_share,
        "audio": params.audio_missing_share,
    }
    shares: dict[frozenset[str], float] = {}
    for kept in product((True, False), repeat=len(MODALITIES)):
        present = frozenset(name for name, is_kept in zip(MODALITIES, kept, strict=True) if is_kept)
        if present:
            shares[present] = prod(1 - missing[name] if name in present else missing[name] for name in MODALITIES)
    total = sum(shares.values())
    return {present: share / total for present, share in shares.items()}


def _likelihoods(modality: str, params: DemoParameters) -> Iterator[dict[Intent, float]]:
    """Yield P(e | i) for every intent i, one dictionary an evidence e that the modality can show."""
    for intent in Intent:
        yield {other: params.clear_share * (other == intent) for other in Intent}
    for pair in CONFUSIONS[modality]:
        yield {intent: params.paired_share * (intent in pair) for intent in Intent}
    yield dict.fromkeys(Intent, 1 - params.clear_share - params.paired_share)
