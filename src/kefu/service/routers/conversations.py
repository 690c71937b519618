"""``/v1/conversations``: talking with the assistant."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Path, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.concurrency import run_in_threadpool

from kefu.modalities.image.header import Header, read_header
from kefu.service.conversations import Accepted, Desk, Incoming, encode
from kefu.service.dependencies import DeskNeeded, ServicesNeeded, SettingsNeeded
from kefu.service.errors import ServiceError, error_answers
from kefu.service.forms import FILE, SOME_PART, STRING
from kefu.service.storage import MessageRow, Sender, Thumb, UnknownConversationError, UnknownMessageError
from kefu.service.uploads import read_ticket
from kefu.tickets.errors import KefuError

router = APIRouter(
    prefix="/v1/conversations", tags=["conversations"], responses=error_answers(400, 404, 408, 415, 422, 429)
)

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `accepted`, `understood`, `sentence` (one for each), `action`, "
        "`suggestions`, `hand_over`, `done`; or `error`, which ends the stream.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_ID = r"^[A-Za-z0-9_-]{1,64}$"
ConversationId = Annotated[str, Path(pattern=_ID, description="What `POST /v1/conversations` returned.")]
MessageId = Annotated[str, Path(pattern=_ID, description="Of the event `done`.")]
Language = Literal["en", "zh"]


class BeginBody(BaseModel):
    """How a conversation begins."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"language": "zh"}]})

    language: Language | None = Field(None, description="Left out: found from what the customer says.")


class BegunAnswer(BaseModel):
    """A new conversation."""

    conversation_id: str = Field(description="Whoever knows it may read the conversation.")


class MessageAnswer(BaseModel):
    """A message of the transcript; one of the assistant has what its events said."""

    message_id: str
    sender: Sender
    created_at: str = Field(description="UTC, ISO 8601.")
    text: str
    image: str | None = Field(None, description="Name of the picture, at `/v1/conversations/{id}/media/{name}`.")
    audio: str | None = Field(None, description="Name of the recording.")
    heard: str | None = Field(None, description="What was understood of the recording; empty: no word.")
    sentences: list[dict[str, Any]] = Field(default_factory=list)
    action: dict[str, Any] | None = None
    suggestions: list[str] = Field(default_factory=list)
    hand_over: str | None = None
    thumb: Thumb | None = None


class TranscriptAnswer(BaseModel):
    """A conversation so far."""

    conversation_id: str
    handed_over: bool = Field(description="Whether a person has taken over; the assistant is silent then.")
    messages: list[MessageAnswer]


class FeedbackBody(BaseModel):
    """What the customer thinks of a reply."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"thumb": "up"}]})

    thumb: Thumb | None = Field(description="null takes it back.")


@router.post("", status_code=201, summary="Begin a conversation")
async def begin(desk: DeskNeeded, body: BeginBody) -> BegunAnswer:
    """Its id cannot be guessed."""
    return BegunAnswer(conversation_id=(await run_in_threadpool(desk.store.begin, body.language)).id)


@router.get("/{conversation_id}", summary="Read a conversation")
async def read(desk: DeskNeeded, conversation_id: ConversationId) -> TranscriptAnswer:
    """All messages in their order."""
    try:
        conversation = await run_in_threadpool(desk.store.conversation, conversation_id)
        messages = await run_in_threadpool(desk.store.messages, conversation_id)
    except UnknownConversationError:
        raise _unknown_conversation() from None
    return TranscriptAnswer(
        conversation_id=conversation_id,
        handed_over=conversation.handed_over_at is not None,
        messages=[_show(desk, message) for message in messages],
    )


@router.post(
    "/{conversation_id}/messages",
    openapi_extra=SOME_PART,
    summary="Send a message, and hear the answer as it is made",
    response_class=StreamingResponse,
    responses=_STREAM,
)
async def send(
    desk: DeskNeeded,
    services: ServicesNeeded,
    settings: SettingsNeeded,
    conversation_id: ConversationId,
    text: Annotated[str | None, STRING, Form(description="What the customer writes.")] = None,
    image: Annotated[UploadFile | None, FILE, File(description="JPEG, PNG, WebP, GIF, BMP or TIFF.")] = None,
    audio: Annotated[UploadFile | None, FILE, File(description="WebM, MP4, Ogg, WAV, FLAC or MP3.")] = None,
    language: Annotated[
        Language | None,
        WithJsonSchema({"type": "string", "enum": ["en", "zh"]}),
        Form(description="Left out: found from what the customer says."),
    ] = None,
    client_key: Annotated[
        str | None,
        WithJsonSchema({"type": "string", "pattern": _ID}),
        Form(pattern=_ID, description="A name for this message: sent twice, it is answered once."),
    ] = None,
) -> StreamingResponse:
    """A message is kept before anything else is done, and its answer is made even if nobody listens to the end."""
    try:
        await run_in_threadpool(desk.store.conversation, conversation_id)
    except UnknownConversationError:
        raise _unknown_conversation() from None
    ticket = await read_ticket(settings.limits, (text or "").strip(), image, audio)
    if ticket.audio is not None and not desk.hears:
        raise ServiceError(422, "no_ears", "this service does not hear recordings; write instead")
    picture = None if ticket.image is None else await services.pictures.clean(ticket.image)
    incoming = Incoming(ticket.text or "", picture, ticket.audio, language, client_key)
    try:
        accepted = await desk.accept(conversation_id, incoming)
    except KefuError as error:
        raise ServiceError(422, "no_recording", str(error)) from None
    return StreamingResponse(
        _stream(desk, accepted), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


@router.post("/{conversation_id}/messages/{message_id}/feedback", status_code=204, summary="Say whether a reply helped")
async def judge(desk: DeskNeeded, conversation_id: ConversationId, message_id: MessageId, body: FeedbackBody) -> None:
    """Of the assistant's replies alone."""
    try:
        await run_in_threadpool(desk.store.judge, conversation_id, message_id, body.thumb)
    except UnknownMessageError:
        raise ServiceError(404, "unknown_message", "there is no such reply in the conversation") from None


@router.get(
    "/{conversation_id}/media/{name}",
    summary="Get a picture or recording of a conversation",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def media(
    desk: DeskNeeded, conversation_id: ConversationId, name: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
) -> Response:
    """Only what was sent in this very conversation."""
    content = None
    if await run_in_threadpool(desk.store.holds_media, conversation_id, name):
        content = await run_in_threadpool(desk.media.read, name)
    if content is None:
        raise ServiceError(404, "unknown_media", "there is no such picture or recording in the conversation")
    kind, suffix = _media_type(content)
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name[:16]}.{suffix}"'}
    )


async def _stream(desk: Desk, accepted: Accepted) -> AsyncIterator[bytes]:
    async for event in desk.answer(accepted):
        yield encode(event)


def _show(desk: Desk, row: MessageRow) -> MessageAnswer:
    shown = MessageAnswer(
        message_id=row.id,
        sender=row.sender,
        created_at=row.created_at.isoformat(),
        text=row.text,
        image=row.image,
        audio=row.audio,
        heard=((row.understanding or {}).get("heard") or {}).get("text"),
        thumb=row.thumb,
    )
    if row.sender is Sender.CUSTOMER:
        return shown
    for event in desk.replay(row):
        if event.name == "sentence":
            shown.sentences.append(event.data)
        elif event.name == "action":
            shown.action = event.data
        elif event.name == "suggestions":
            shown.suggestions = event.data["texts"]
        elif event.name == "hand_over":
            shown.hand_over = event.data["reason"]
    return shown


def _media_type(content: bytes) -> tuple[str, str]:
    """Return the media type of a file that is kept, and how its name ends."""
    header = read_header(content)
    if not isinstance(header, Header):
        return "audio/wav", "wav"
    kind = header.format.lower()
    return f"image/{kind}", kind


def _unknown_conversation() -> ServiceError:
    return ServiceError(404, "unknown_conversation", "there is no such conversation; begin a new one")
