"""The words of a text, one of which at a time can be hidden, in English and Chinese."""

import re

from pydantic import Field

from kefu.modalities.contract import Part
from kefu.modalities.text.clean import Cleaning
from kefu.modalities.text.language import HAN
from kefu.parameters import Parameters

# a run of Chinese, a word with its apostrophes and hyphens, a thing with digits in it, or a symbol such as an emoji
_RUN = re.compile(f"[{HAN}]+|[^\\W{HAN}]+(?:['’-][^\\W{HAN}]+)*|[\U0001f000-\U0001faff\u2600-\u27bf]")
_HAN_RUN = re.compile(f"[{HAN}]+")


class Parts(Parameters):
    """How finely a text is cut."""

    max_parts: int = Field(
        96, ge=1, description="In a text of more different words, several in a row are hidden together."
    )


def split_parts(payload: str, cleaning: Cleaning, params: Parts) -> list[Part]:
    """Return the different words of a text, and every two Chinese characters that stand side by side.

    Most Chinese words have two characters, and where one begins only a lexicon knows: so each pair is a part.

    Returns:
        Parts whose ``start`` and ``end`` are characters of the payload: where a word first stands.
    """
    words: dict[str, tuple[int, int]] = {}
    spans = _spans(payload)
    for start, end in spans:
        words.setdefault(payload[start:end].lower(), (start, end))
    if len(words) <= params.max_parts:
        return [_part(payload, start, end) for start, end in words.values()]
    together = -(-len(spans) // params.max_parts)
    runs = [spans[first : first + together] for first in range(0, len(spans), together)]
    return [_part(payload, run[0][0], run[-1][1]) for run in runs]


def hide_part(payload: str, part: Part, cleaning: Cleaning) -> str:
    """Return the text without a word, wherever it stands, or without several words in a row.

    Li, Monroe and Jurafsky 2016, Understanding Neural Networks through Representation Erasure.
    """
    alike = [(start, end) for start, end in _spans(payload) if payload[start:end].lower() == part.name.lower()]
    hidden = {place for span in alike for place in range(*span)}
    hidden |= set(range(int(part.place["start"]), int(part.place["end"])))
    return "".join(character for place, character in enumerate(payload) if place not in hidden)


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where words, and pairs of Chinese characters, start and end.

    The first and the last character of Chinese in a row stand alone as well, so that each is in two parts.
    """
    spans: list[tuple[int, int]] = []
    for run in _RUN.finditer(text):
        if _HAN_RUN.match(run.group()):
            first, last = run.span()
            spans += [(max(first, start), min(last, start + 2)) for start in range(first - (last > first + 1), last)]
        else:
            spans.append(run.span())
    return spans


def _part(text: str, start: int, end: int) -> Part:
    return Part(text[start:end], {"start": start, "end": end})
