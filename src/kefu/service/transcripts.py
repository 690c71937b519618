"""Messages as customers and agents see them."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response
from pydantic import BaseModel, Field

from kefu.modalities.image.header import Header, read_header
from kefu.service.conversations import Desk
from kefu.service.errors import ServiceError
from kefu.service.storage import CorrectionRow, MessageRow, Sender, Thumb


class MessageAnswer(BaseModel):
    """A message of the transcript; one of the assistant has what its events said."""

    message_id: str
    position: int = Field(description="Counts from 0.")
    sender: Sender
    agent: str | None = Field(None, description="Who wrote it, of an agent's message.")
    created_at: str = Field(description="UTC, ISO 8601.")
    text: str
    image: str | None = Field(None, description="Name of the picture, at `…/media/{name}` below the conversation.")
    audio: str | None = Field(None, description="Name of the recording.")
    heard: str | None = Field(None, description="What was understood of the recording; empty: no word.")
    sentences: list[dict[str, Any]] = Field(default_factory=list)
    action: dict[str, Any] | None = None
    suggestions: list[str] = Field(default_factory=list)
    hand_over: str | None = None
    thumb: Thumb | None = None


class StudiedMessageAnswer(MessageAnswer):
    """A message as agents see it: with what the model saw in it."""

    understanding: dict[str, Any] | None = Field(
        None,
        description="Of a customer's message: `intents`, `out_of_scope`, `acts`, `entities`, `picture`, `heard`, "
        "`not_used`.",
    )
    model: str | None = Field(None, description="Which model judged it; null: none had to.")
    model_version: str | None = None
    correction: str | None = Field(None, description="The label that an agent gave it.")


def show_message(desk: Desk, row: MessageRow, agents: Mapping[int, str]) -> MessageAnswer:
    """Return a message as customers see it.

    Args:
        desk: knows what the assistant said.
        row: the message.
        agents: names by id.
    """
    return MessageAnswer(**_show(desk, row, agents))


def study_message(
    desk: Desk, row: MessageRow, agents: Mapping[int, str], correction: CorrectionRow | None
) -> StudiedMessageAnswer:
    """Return a message as agents see it."""
    return StudiedMessageAnswer(
        **_show(desk, row, agents),
        understanding=row.understanding,
        model=row.model,
        model_version=row.model_version,
        correction=correction.label if correction is not None else None,
    )


def media_answer(desk: Desk, conversation_id: str, name: str) -> Response:
    """Return a picture or recording of a conversation.

    Raises:
        ServiceError: 404, the conversation has none of this name.
    """
    content = desk.media.read(name) if desk.store.holds_media(conversation_id, name) else None
    if content is None:
        raise ServiceError(404, "unknown_media", "there is no such picture or recording in the conversation")
    header = read_header(content)
    media_type = f"image/{header.format.lower()}" if isinstance(header, Header) else "audio/wav"
    file = f"{name[:16]}.{media_type.partition('/')[2]}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{file}"'})


def _show(desk: Desk, row: MessageRow, agents: Mapping[int, str]) -> dict[str, Any]:
    shown = {
        "message_id": row.id,
        "position": row.position,
        "sender": row.sender,
        "agent": agents.get(row.agent_id) if row.agent_id is not None else None,
        "created_at": row.created_at.isoformat(),
        "text": row.text,
        "image": row.image,
        "audio": row.audio,
        "heard": ((row.understanding or {}).get("heard") or {}).get("text"),
        "thumb": row.thumb,
    }
    if row.sender is Sender.ASSISTANT:
        events = desk.replay(row)
        shown["sentences"] = [event.data for event in events if event.name == "sentence"]
        for event in events:
            if event.name == "action":
                shown["action"] = event.data
            elif event.name == "suggestions":
                shown["suggestions"] = event.data["texts"]
            elif event.name == "hand_over":
                shown["hand_over"] = event.data["reason"]
    return shown
