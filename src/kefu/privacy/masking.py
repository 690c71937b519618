"""Replacing personal data in texts, and in what is made of texts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kefu.privacy.accounts import find_ibans
from kefu.privacy.addresses import find_addresses
from kefu.privacy.chinese_addresses import find_chinese_addresses
from kefu.privacy.chinese_names import find_chinese_names
from kefu.privacy.emails import find_emails
from kefu.privacy.identities import find_identities
from kefu.privacy.names import find_names
from kefu.privacy.numbers import find_numbers
from kefu.privacy.spans import KINDS, WALL, Kind, Span, fold

__all__ = ["KINDS", "Found", "Kind", "Masked", "mask", "mask_json"]


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data in a text."""

    kind: Kind
    start: int
    """The first of its characters in the text as it was given."""
    end: int
    """The character after its last one."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without what was found in it."""

    text: str
    """With a placeholder such as ``[phone]`` in the place of each."""
    found: tuple[Found, ...]
    """In the order in which they stand; none overlaps another."""


def _of(kind: Kind, find: Callable[[str], Iterator[Span]]) -> Callable[[str], Iterator[tuple[Kind, Span]]]:
    def find_kind(text: str) -> Iterator[tuple[Kind, Span]]:
        return ((kind, span) for span in find(text))

    return find_kind


# the surest first: what one has found, those behind it do not see
_FINDERS: tuple[Callable[[str], Iterator[tuple[Kind, Span]]], ...] = (
    _of("email", find_emails),
    _of("iban", find_ibans),
    _of("id_number", find_identities),
    find_numbers,
    _of("address", find_addresses),
    _of("address", find_chinese_addresses),
    _of("name", find_names),
    _of("name", find_chinese_names),
)


def mask(text: str) -> Masked:
    """Replace personal data in an English, a Chinese or a mixed text by placeholders.

    Never raises, takes time in proportion to the length, and masking a masked text changes nothing. What is
    recognised, and what is not: docs/privacy.md.
    """
    unmasked = fold(text)
    found: list[Found] = []
    while more := _find(unmasked):
        # where something is gone, its neighbours may be something: as if the masked text were masked again
        unmasked = _wall(unmasked, more)
        found += more
    found.sort(key=lambda one: one.start)
    parts, end = [], 0
    for one in found:
        parts += [text[end : one.start], f"[{one.kind}]"]
        end = one.end
    return Masked("".join([*parts, text[end:]]), tuple(found))


def mask_json(value: Any) -> Any:
    """Return a copy of a JSON value in which every string is masked, the keys of objects included."""
    if isinstance(value, str):
        return mask(value).text
    if isinstance(value, dict):
        return {mask_json(key): mask_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_json(entry) for entry in value]
    return value


def _find(text: str) -> list[Found]:
    found: list[Found] = []
    for find in _FINDERS:
        own: list[Found] = []
        for kind, (start, end) in sorted(find(text), key=_leftmost_longest):
            if not own or own[-1].end <= start:
                own.append(Found(kind, start, end))
        if own:
            text = _wall(text, own)
            found += own
    return sorted(found, key=lambda one: one.start)


def _leftmost_longest(found: tuple[Kind, Span]) -> tuple[int, int]:
    start, end = found[1]
    return start, -end


def _wall(text: str, found: list[Found]) -> str:
    parts, end = [], 0
    for one in found:
        parts += [text[end : one.start], WALL * (one.end - one.start)]
        end = one.end
    return "".join([*parts, text[end:]])
