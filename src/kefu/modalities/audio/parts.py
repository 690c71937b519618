"""Stretches of a recording, one of which at a time can be hidden."""

from itertools import pairwise

from pydantic import Field

from kefu.modalities.audio.clean import Cleaning
from kefu.modalities.audio.payload import Waveform
from kefu.modalities.contract import Part
from kefu.parameters import Parameters


class Parts(Parameters):
    """How finely a recording is cut."""

    max_parts: int = Field(12, ge=1, description="Stretches of a recording that is long enough.")
    min_seconds: float = Field(0.1, gt=0, description="No stretch is shorter, unless the recording is.")


def split_parts(payload: Waveform, cleaning: Cleaning, params: Parts) -> list[Part]:
    """Return stretches of equal length, one after the other.

    Returns:
        Parts whose ``start`` and ``end`` are seconds.
    """
    seconds = len(payload) / cleaning.sample_rate_hz
    count = max(1, min(params.max_parts, int(seconds / params.min_seconds)))
    bounds = [seconds * number / count for number in range(count + 1)]
    return [Part(f"{start:.2f}-{end:.2f} s", {"start": start, "end": end}) for start, end in pairwise(bounds)]


def hide_part(payload: Waveform, part: Part, cleaning: Cleaning) -> Waveform:
    """Return the waveform with silence in one stretch."""
    start, end = (round(part.place[name] * cleaning.sample_rate_hz) for name in ("start", "end"))
    hidden = payload.copy()
    hidden[start:end] = 0.0
    return hidden
