"""A small language model: which character comes next, by those before it."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

END = "$"
"""The end of a phrase; its beginning is written so too."""


@dataclass(frozen=True)
class LanguageModel:
    """An n-gram model of characters, interpolated by the method of Witten and Bell.

    What was never seen gets its share from shorter contexts, down to a uniform distribution over all symbols; the share
    grows with the number of different symbols that were seen in a context [Witten, Bell 1991, "The zero-frequency
    problem"].

    Attributes:
        order: characters that are looked at, the predicted one included.
        counts: how often each symbol came after each context; contexts are strings of up to ``order`` - 1 symbols.
        num_symbols: how many symbols there are, :data:`END` included.
    """

    order: int
    counts: Mapping[str, Mapping[str, int]]
    num_symbols: int
    _known: dict[tuple[str, str], float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def fit(cls, phrases: Iterable[str], order: int) -> Self:
        """Count the n-grams of phrases.

        Args:
            phrases: as they are spoken, each as often as it counts.
            order: 1 or more.
        """
        counts: dict[str, Counter[str]] = {}
        for phrase in phrases:
            padded = END * (order - 1) + phrase + END
            for place in range(order - 1, len(padded)):
                for length in range(order):
                    counts.setdefault(padded[place - length : place], Counter())[padded[place]] += 1
        return cls(order, counts, max(1, len(counts.get("", {}))))

    def context(self, before: str) -> str:
        """Return the part of what came before that matters."""
        return (END * (self.order - 1) + before)[len(before) :] if self.order > 1 else ""

    def log_probability(self, symbol: str, context: str) -> float:
        """Return the natural logarithm of the probability of a symbol behind a context."""
        key = (context, symbol)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = math.log(self._probability(symbol, context))
        return found

    def perplexity(self, phrases: Iterable[str]) -> float:
        """Return the perplexity per symbol, the end of each phrase included; NaN without phrases."""
        logs = [
            self.log_probability(symbol, self.context(phrase[:place]))
            for phrase in phrases
            for place, symbol in enumerate(phrase + END)
        ]
        return math.exp(-sum(logs) / len(logs)) if logs else math.nan

    def to_json(self) -> bytes:
        """Return the model as JSON."""
        state = {"order": self.order, "num_symbols": self.num_symbols, "counts": self.counts}
        return json.dumps(state, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Undo :meth:`to_json`.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        state = json.loads(content)
        counts = {str(context): {str(k): int(v) for k, v in row.items()} for context, row in state["counts"].items()}
        return cls(int(state["order"]), counts, int(state["num_symbols"]))

    def _probability(self, symbol: str, context: str) -> float:
        lower = self._probability(symbol, context[1:]) if context else 1 / self.num_symbols
        row = self.counts.get(context)
        if not row:
            return lower
        total, kinds = self._sizes(context, row)
        return (row.get(symbol, 0) + kinds * lower) / (total + kinds)

    def _sizes(self, context: str, row: Mapping[str, int]) -> tuple[int, int]:
        return sum(row.values()), len(row)
