"""Secrets that tell who asks: drawn here, kept in the database as their hash alone."""

import hashlib
import re
import secrets

_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def draw_token() -> str:
    """Return 256 random bits as 43 characters."""
    return secrets.token_urlsafe(_BYTES)


def is_token(text: str) -> bool:
    """Whether a text has the form of what :func:`draw_token` returns."""
    return _TOKEN.fullmatch(text) is not None


def digest(token: str) -> str:
    """Return the SHA-256 of a token in hex; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
