"""Features of spoilt payloads: what an engine maps where a model is put to the test."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from kefu import modalities
from kefu.engines.shards import FeatureShard, payloads
from kefu.modalities.contract import Preprocessor


@dataclass(frozen=True)
class CorruptTask:
    """Spoil one modality of all tickets of a cleaned shard in every way and to every degree."""

    modality: str
    cleaned: pa.Table
    preprocessor: Preprocessor
    seed: int


def corrupt_shard(task: CorruptTask) -> FeatureShard:
    """Return the features of N tickets as they came, and after them spoilt, N for each level of each corruption.

    The order is that of the modality's ``CORRUPTIONS``. A spoilt payload depends on seed, ticket, corruption and level
    alone, and is never written down.
    """
    found = list(payloads(task.modality, task.cleaned))
    changed: list[Any] = [payload for _, payload in found]
    corruptions = modalities.get(task.modality).CORRUPTIONS
    for corruption in corruptions:
        for level in corruption.levels:
            for ticket_id, payload in found:
                key = [task.seed, zlib.crc32(ticket_id.encode()), zlib.crc32(corruption.name.encode())]
                changed.append(corruption.apply(payload, level, np.random.default_rng(key)))
    ticket_ids = [ticket_id for ticket_id, _ in found]
    times = 1 + sum(len(corruption.levels) for corruption in corruptions)
    return FeatureShard(ticket_ids * times, task.preprocessor.extract(changed))
