"""What is streamed to the page while a message is answered.

In their order: ``accepted``, ``understood``, a ``sentence`` for each, ``action``, ``suggestions``, ``hand_over`` where
there is one, and ``done``; or ``error``, which ends the stream.
"""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    data: dict[str, Any]


def encode(event: Event) -> bytes:
    """Return an event as it is sent (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))  # one line, whatever is in it
    return f"event: {event.name}\ndata: {data}\n\n".encode()
