"""Phrases to train a recogniser with: what a shop writes and what its customers say, split by their source."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from kefu.parameters import Parameters
from kefu.speech.ctc.pronunciation import pronounce
from kefu.speech.ctc.spoken import to_spoken

Kind = Literal["shop", "customer", "drill"]
Split = Literal["train", "validation", "test"]

_CLAUSE = re.compile(r"[^\n，。！？；：、…,!?;:|\[\]()（）“”\"'*#<>]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_NOT_SAID = re.compile(r"[{}_@/]|[A-Za-z]{5}")


class PhraseParameters(Parameters):
    """How many phrases there are, and how they are split."""

    customer_phrases: int = Field(5_000, ge=0, description="Phrases of customers, drawn from templates with numbers.")
    drill_phrases: int = Field(
        600, ge=0, description="Rows of characters without sense, so that sounds are learned and not sentences alone."
    )
    min_symbols: int = Field(2, ge=1, description="Characters of the shortest phrase.")
    max_symbols: int = Field(24, ge=1, description="Characters of the longest phrase.")
    validation_share: float = Field(0.08, ge=0, lt=1, description="Share of the sources that pick the best epoch.")
    test_share: float = Field(0.12, ge=0, lt=1, description="Share of the sources that are kept for the test.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share + test_share must be less than 1, or nothing is left to train on")
        if self.min_symbols > self.max_symbols:
            raise ValueError("min_symbols must not exceed max_symbols")
        return self


class Phrase(NamedTuple):
    """Something to be said."""

    spoken: str
    """Characters and capital letters."""
    source: str
    """What has the same source is alike, and in the same split."""
    kind: Kind
    split: Split


def find_clauses(texts: Iterable[str]) -> Iterator[str]:
    """Yield the Chinese clauses of texts, whatever their format: what stands between marks and line ends.

    Those with a place to be filled in, a path or a long foreign word are left out, as nobody says them.
    """
    for text in texts:
        for clause in _CLAUSE.findall(text):
            if _CHINESE.search(clause) and not _NOT_SAID.search(clause):
                yield clause.strip()


def gather_phrases(
    shop_texts: Iterable[str], customers: Iterable[tuple[str, str]], params: PhraseParameters, seed: int
) -> list[Phrase]:
    """Gather what can be said, each phrase once, and split it.

    A clause of the shop is its own source, so are a customer's template and all that was made from it. Drills are made
    of the symbols of the training split, and belong to it; what is a phrase, of whatever split, is no drill.

    Args:
        shop_texts: articles, playbooks and questions, in any format of plain text.
        customers: phrases and the templates that they were made from.
        params: lengths and shares.
        seed: of the split and the drills.
    """
    found: dict[str, Phrase] = {}
    told = [
        *((clause, clause, "shop") for clause in find_clauses(shop_texts)),
        *((text, template, "customer") for text, template in customers),
    ]
    for text, source, kind in told:
        spoken = to_spoken(text)
        if spoken not in found and _can_be_said(spoken, params):
            found[spoken] = Phrase(
                spoken, source, "shop" if kind == "shop" else "customer", _split(source, params, seed)
            )
    symbols = sorted({symbol for phrase in found.values() if phrase.split == "train" for symbol in phrase.spoken})
    for spoken in _drill(symbols, params, seed):
        if spoken not in found and _can_be_said(spoken, params):
            found[spoken] = Phrase(spoken, spoken, "drill", "train")
    return list(found.values())


def _can_be_said(spoken: str, params: PhraseParameters) -> bool:
    return params.min_symbols <= len(spoken) <= params.max_symbols and bool(pronounce(spoken))


def _drill(symbols: list[str], params: PhraseParameters, seed: int) -> Iterator[str]:
    rng = np.random.default_rng([seed, 1])
    for _ in range(params.drill_phrases if symbols else 0):
        length = int(rng.integers(3, 10))
        yield "".join(symbols[place] for place in rng.integers(len(symbols), size=length))


def _split(source: str, params: PhraseParameters, seed: int) -> Split:
    digest = hashlib.blake2b(f"{seed}\0{source}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest) / 2**64
    if place < params.test_share:
        return "test"
    return "validation" if place < params.test_share + params.validation_share else "train"
