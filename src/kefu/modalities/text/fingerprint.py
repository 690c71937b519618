"""Fingerprints of texts for the search for duplicates."""

import re
from hashlib import blake2b

import numpy as np

from kefu.modalities.text.hashing import code_points, mix
from kefu.modalities.text.language import HAN

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_HAN = re.compile(f"[{HAN}]")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def digest(text: str) -> str:
    """Return 16 hexadecimal digits (BLAKE2b, 8 bytes) that are equal for equal texts."""
    return blake2b(text.encode("utf-8"), digest_size=8).hexdigest()


def simhash(text: str) -> str:
    """Return 16 hexadecimal digits; the fewer of their 64 bits differ, the more alike two texts are.

    Case, spaces and punctuation do not count. The features are the distinct runs of 4 characters, or of 2 where
    Chinese characters prevail (Charikar, Similarity estimation techniques from rounding algorithms, 2002).
    """
    characters = _NOT_ALPHANUMERIC.sub("", text.casefold()) or text
    length = 2 if 2 * len(_HAN.findall(characters)) >= len(characters) else 4
    points = mix(code_points(characters))
    length = max(1, min(length, len(points)))
    shingles = np.zeros(len(points) - length + 1, dtype=np.uint64)
    for offset in range(length):
        shingles = shingles * _MULTIPLIER + points[offset : offset + len(shingles)]
    hashes = np.unique(mix(shingles))
    ones = np.unpackbits(hashes.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1).sum(axis=0, dtype=np.int64)
    return np.packbits(2 * ones > len(hashes)).tobytes().hex()
