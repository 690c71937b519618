"""Secrets that machines prove themselves with."""

import hashlib
import hmac
from collections.abc import Mapping

MIN_CHARS = 24
_MIN_DIFFERENT_CHARS = 8
EXAMPLES = frozenset(
    {
        "change-me-change-me-change-me",
        "replace-me-with-a-random-key",
        "0123456789abcdef0123456789abcdef",
        "your-api-key-your-api-key-your-api-key",
    }
)
"""Keys that stand in documents, which everybody knows."""


def find_weakness(key: str) -> str | None:
    """Say why a key cannot protect anything; None where nothing speaks against it."""
    if key.strip().casefold() in EXAMPLES:
        return "is an example of the documents"
    if len(key) < MIN_CHARS:
        return f"has {len(key)} characters, at least {MIN_CHARS} are needed"
    if len(set(key)) < _MIN_DIFFERENT_CHARS:
        return f"has {len(set(key))} different characters, at least {_MIN_DIFFERENT_CHARS} are needed"
    return None


class ApiKeys:
    """Keys by the names of their owners; compared in a time that tells nothing about them.

    Args:
        keys: by name, in the clear.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._digests = {name: _digest(key) for name, key in keys.items()}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._digests)

    def owner(self, given: str) -> str | None:
        """Return the name whose key this is; None where it is nobody's. All are compared, whichever fits."""
        digest = _digest(given)
        fits = [name for name, known in self._digests.items() if hmac.compare_digest(known, digest)]
        return fits[0] if fits else None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", errors="surrogateescape")).digest()
