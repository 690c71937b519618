"""The symbols that a recogniser can write, and the units that each of them may sound like."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kefu.speech.ctc.pronunciation import Syllable, Units, units_of

Pronunciation = tuple[str, ...]


@dataclass
class Node:
    """A place in the tree of pronunciations: what may follow, and which symbols end here."""

    follows: dict[int, "Node"] = field(default_factory=dict)
    """By the number of the unit."""
    symbols: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Lexicon:
    """Characters and letters with their pronunciations.

    Attributes:
        pronunciations: of each symbol, the most frequent first.
    """

    pronunciations: Mapping[str, Sequence[Pronunciation]]

    @cached_property
    def units(self) -> tuple[str, ...]:
        """All units, sorted; unit number i is output i + 1 of the network, as output 0 is the blank."""
        return tuple(sorted({unit for ways in self.pronunciations.values() for way in ways for unit in way}))

    @cached_property
    def tree(self) -> Node:
        """The root of the tree of pronunciations; units are numbered from 1."""
        number = {unit: place for place, unit in enumerate(self.units, start=1)}
        root = Node()
        for symbol, ways in self.pronunciations.items():
            for way in ways:
                node = root
                for unit in way:
                    node = node.follows.setdefault(number[unit], Node())
                node.symbols.append(symbol)
        return root


def make_lexicon(phrases: Iterable[tuple[str, Sequence[Syllable]]], kind: Units) -> Lexicon:
    """Gather symbols and pronunciations from phrases and their syllables."""
    counts: dict[str, Counter[Pronunciation]] = {}
    for spoken, syllables in phrases:
        for symbol, syllable in zip(spoken, syllables, strict=True):
            counts.setdefault(symbol, Counter())[units_of(symbol, syllable, kind)] += 1
    return Lexicon({symbol: [way for way, _ in counts[symbol].most_common()] for symbol in sorted(counts)})
