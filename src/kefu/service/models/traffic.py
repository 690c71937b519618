"""Which of several models a request goes to: by chance, but always the same one for the same key."""

from collections.abc import Mapping
from hashlib import blake2b


def choose_model(key: str, shares: Mapping[str, float]) -> str | None:
    """Return a model with a probability proportional to its share; None where no share is above 0.

    The key's hash decides, so a conversation stays with its model as long as the shares are the same, and where one
    share grows only the requests that it gains change their model.

    Args:
        key: of the conversation, else of the request.
        shares: of each model, at least 0.
    """
    total = sum(shares.values())
    place = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") / 2**64 * total
    chosen = None
    for name, share in shares.items():
        if share > 0:
            chosen = name
            if place < share:
                break
            place -= share
    return chosen
