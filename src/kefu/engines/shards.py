"""Shards: some hundred tickets' worth of one modality, and what is done to a shard as a whole.

The functions at the end are what an engine maps: they are pure, picklable, and read no file but the media of the
tickets they clean.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from kefu import modalities
from kefu.engines.local import Carried
from kefu.engines.threads import on_one_thread
from kefu.modalities.contract import FeatureParameters, Preprocessor
from kefu.parameters import Parameters
from kefu.tickets.faults import Fault
from kefu.tickets.media import read_media

CLEANED_SCHEMA = pa.schema(
    {
        "ticket_id": pa.string(),
        "payload": pa.binary(),
        "reason": pa.string(),
        "detail": pa.string(),
        "facts": pa.string(),
    }
)
AUGMENTED_SCHEMA = pa.schema({"ticket_id": pa.string(), "copy": pa.int32(), "payload": pa.binary()})


@dataclass(frozen=True)
class FeatureShard:
    """Features of some rows: arrays whose first axis runs along ``ticket_ids``."""

    ticket_ids: list[str]
    features: dict[str, NDArray[Any]]


def shard_name(index: int, count: int) -> str:
    """Return the name of a shard; it tells how many there are, so that a missing one is noticed."""
    return f"{index:05d}-of-{count:05d}"


def split_rows(frame: pd.DataFrame, size: int) -> list[pd.DataFrame]:
    """Cut a table into slices of ``size`` rows on average, no fewer than half and no more than twice as many.

    A slice ends where the hash of its last ticket says so, as files are cut into chunks by what is in them
    [Muthitacharoen, Chen, Mazieres, A low-bandwidth network file system, 2001]: a ticket that comes or goes changes its
    own slice and few others, where slices by count would all be others from there on.

    Args:
        frame: with ``ticket_id``; the order of its rows is kept. An empty one gives one empty slice.
        size: rows in a slice, on average.
    """
    least, most = max(1, size // 2), 2 * size
    ends_here = 2**64 // (size - least + 1)
    slices, start = [], 0
    for stop, ticket_id in enumerate(frame["ticket_id"].tolist(), start=1):
        length = stop - start
        if length == most or (length >= least and _hash(ticket_id) < ends_here):
            slices.append(frame.iloc[start:stop])
            start = stop
    if start < len(frame) or not slices:
        slices.append(frame.iloc[start:])
    return slices


def _hash(ticket_id: str) -> int:
    return int.from_bytes(blake2b(ticket_id.encode(), digest_size=8).digest())


@dataclass(frozen=True)
class CleanTask:
    """Clean one modality of some tickets."""

    modality: str
    ticket_ids: Sequence[str]
    values: Sequence[Any]
    """Texts, or paths relative to ``root``."""
    root: Path
    params: Parameters


@on_one_thread
def clean_shard(task: CleanTask) -> pa.Table:
    """Return a table of ``CLEANED_SCHEMA`` with a row for every value."""
    module = modalities.get(task.modality)
    rows: dict[str, list[Any]] = {name: [] for name in CLEANED_SCHEMA.names}
    for ticket_id, given in zip(task.ticket_ids, task.values, strict=True):
        raw = read_media(task.root, given, task.params.max_bytes) if module.HOLDS_FILES else given  # type: ignore[attr-defined]
        result = raw if isinstance(raw, Fault) else module.clean(raw, task.params)
        if isinstance(result, Fault):
            row: tuple[Any, ...] = (ticket_id, None, result.reason.value, result.detail, None)
        else:
            facts = json.dumps(result.facts, ensure_ascii=False)
            row = (ticket_id, module.pack(result.payload, task.params), None, None, facts)
        for name, value in zip(CLEANED_SCHEMA.names, row, strict=True):
            rows[name].append(value)
    return pa.table(rows, schema=CLEANED_SCHEMA)


@dataclass(frozen=True)
class AugmentTask:
    """Make copies of some tickets of a cleaned shard."""

    modality: str
    cleaned: pa.Table
    copies: Mapping[str, int]
    """How many copies each ticket gets; tickets that are not named get none."""
    params: Parameters
    seed: int


@on_one_thread
def augment_shard(task: AugmentTask) -> pa.Table:
    """Return a table of ``AUGMENTED_SCHEMA``; a copy depends on seed, ticket and copy number alone."""
    module = modalities.get(task.modality)
    rows: dict[str, list[Any]] = {name: [] for name in AUGMENTED_SCHEMA.names}
    for ticket_id, payload in payloads(task.modality, task.cleaned, task.copies):
        for copy in range(1, task.copies[ticket_id] + 1):
            rng = np.random.default_rng([task.seed, zlib.crc32(ticket_id.encode()), copy])
            rows["ticket_id"].append(ticket_id)
            rows["copy"].append(copy)
            rows["payload"].append(module.pack(module.augment(payload, task.params, rng), task.params))
    return pa.table(rows, schema=AUGMENTED_SCHEMA)


@dataclass(frozen=True)
class MeasureTask:
    """Measure the tickets ``keep`` of a cleaned shard: what a preprocessor is fitted to."""

    modality: str
    cleaned: pa.Table
    keep: frozenset[str]
    params: FeatureParameters


@on_one_thread
def measure_shard(task: MeasureTask) -> FeatureShard:
    """Return what the modality measures, a row a ticket."""
    module = modalities.get(task.modality)
    found = list(payloads(task.modality, task.cleaned, task.keep))
    return FeatureShard([i for i, _ in found], module.measure([payload for _, payload in found], task.params))


@dataclass(frozen=True)
class ExtractTask:
    """Extract features of the tickets ``keep`` of a cleaned or augmented shard."""

    modality: str
    shard: pa.Table
    keep: frozenset[str]
    preprocessor: Carried[Preprocessor]


@on_one_thread
def extract_shard(task: ExtractTask) -> FeatureShard:
    """Return the features; a shard without a ticket to keep has empty arrays."""
    found = list(payloads(task.modality, task.shard, task.keep))
    return FeatureShard([i for i, _ in found], task.preprocessor.value.extract([payload for _, payload in found]))


def payloads(
    modality: str, shard: pa.Table, wanted: frozenset[str] | Mapping[str, int] | None = None
) -> Iterator[tuple[str, Any]]:
    """Yield (ticket_id, payload) of the rows of a shard that have a payload, and are wanted."""
    module = modalities.get(modality)
    for ticket_id, packed in zip(shard["ticket_id"].to_pylist(), shard["payload"], strict=True):
        if packed.is_valid and (wanted is None or ticket_id in wanted):
            yield ticket_id, module.unpack(packed.as_py())
