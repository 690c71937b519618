"""Answers that go on as things happen: server-sent events."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

from kefu.service.conversations import Event, encode

PING = Event("ping", {})
"""A sign of life, by which a lost connection is noticed."""

_EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string"},
    },
    "required": ["event", "data"],
}
"""Before OpenAPI 3.2 the schema of a stream is that of each event."""


def describe_stream(events: str) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of a stream.

    Args:
        events: which come, in words.
    """
    return {
        200: {
            "description": f"Server-sent events: {events}",
            "content": {"text/event-stream": {"schema": _EVENT}},
        }
    }


def event_stream(events: AsyncIterator[Event]) -> StreamingResponse:
    """Return events as an answer; no proxy may hold them back."""

    async def write() -> AsyncIterator[bytes]:
        async for event in events:
            yield encode(event)

    return StreamingResponse(
        write(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
