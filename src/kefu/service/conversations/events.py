"""What is streamed to the page while a message is answered.

In their order: ``accepted``, ``understood``, a ``sentence`` for each, ``action``, ``suggestions``, ``hand_over`` where
there is one, and ``done``; or ``error``, which ends the stream. Once a person has taken over, ``accepted``,
``understood`` and ``done`` alone.
"""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    data: dict[str, Any]
    id: int | None = None
    """From where a browser goes on that has lost the connection."""


def encode(event: Event) -> bytes:
    """Return an event as it is sent (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))  # one line, whatever is in it
    place = f"id: {event.id}\n" if event.id is not None else ""
    return f"event: {event.name}\n{place}data: {data}\n\n".encode()
