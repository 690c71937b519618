"""Features of spoilt payloads: what an engine maps where a model is put to the test."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from kefu import modalities
from kefu.engines.shards import FeatureShard, payloads
from kefu.modalities.contract import Corruption, Preprocessor


@dataclass(frozen=True)
class CorruptTask:
    """Spoil one modality of all tickets of a cleaned shard in every way and to every degree."""

    modality: str
    cleaned: pa.Table
    preprocessor: Preprocessor
    seed: int


def corrupt_shard(task: CorruptTask) -> FeatureShard:
    """Return the features of N tickets as they came, and after them spoilt, N for each level of each corruption.

    The order is that of the modality's ``CORRUPTIONS``. Spoilt payloads are never written down.
    """
    found = list(payloads(task.modality, task.cleaned))
    changed: list[Any] = [payload for _, payload in found]
    for corruption in modalities.get(task.modality).CORRUPTIONS:
        spoilt = [spoil(corruption, payload, ticket_id, task.seed) for ticket_id, payload in found]
        changed += [by_level[level] for level in range(len(corruption.levels)) for by_level in spoilt]
    times = len(changed) // max(1, len(found))
    return FeatureShard([ticket_id for ticket_id, _ in found] * times, task.preprocessor.extract(changed))


def spoil(corruption: Corruption, payload: Any, ticket_id: str, seed: int) -> list[Any]:
    """Return a payload spoilt to each level; what is drawn depends on seed, ticket and corruption alone."""
    key = [seed, zlib.crc32(ticket_id.encode()), zlib.crc32(corruption.name.encode())]
    return [corruption.apply(payload, level, np.random.default_rng(key)) for level in corruption.levels]
