"""Features of spoilt payloads.

They are made in the process that asks for them: for some hundred tickets that is a tenth of what encoding them takes,
less than it would take to start workers.
"""

import zlib
from typing import Any

import numpy as np
import pyarrow as pa

from kefu import modalities
from kefu.engines.shards import FeatureShard, payloads
from kefu.modalities.contract import Corruption, Preprocessor


def extract_corrupted(modality: str, cleaned: pa.Table, preprocessor: Preprocessor, seed: int) -> FeatureShard:
    """Return the features of N tickets as they came, and after them spoilt, N for each level of each corruption.

    The order is that of the modality's ``CORRUPTIONS``. Spoilt payloads are never written down.

    Args:
        modality: whose payloads they are.
        cleaned: a cleaned shard, or a part of one.
        preprocessor: what extracts.
        seed: of what is drawn.
    """
    found = list(payloads(modality, cleaned))
    changed: list[Any] = [payload for _, payload in found]
    for corruption in modalities.get(modality).CORRUPTIONS:
        spoilt = [spoil(corruption, payload, ticket_id, seed) for ticket_id, payload in found]
        changed += [by_level[level] for level in range(len(corruption.levels)) for by_level in spoilt]
    times = len(changed) // max(1, len(found))
    return FeatureShard([ticket_id for ticket_id, _ in found] * times, preprocessor.extract(changed))


def spoil(corruption: Corruption, payload: Any, ticket_id: str, seed: int) -> list[Any]:
    """Return a payload spoilt to each level; what is drawn depends on seed, ticket and corruption alone."""
    key = [seed, zlib.crc32(ticket_id.encode()), zlib.crc32(corruption.name.encode())]
    return [corruption.apply(payload, level, np.random.default_rng(key)) for level in corruption.levels]
