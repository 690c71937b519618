"""``/v1/conversations``: talking with the assistant."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.concurrency import run_in_threadpool

from kefu.service.assistant import Assistant
from kefu.service.conversations import Event, Incoming
from kefu.service.dependencies import (
    ID,
    AssistantNeeded,
    CustomerToken,
    DeskNeeded,
    MediaName,
    MessageId,
    OwnConversation,
    OwnOrAnyOfAdmin,
    ServicesNeeded,
    SettingsNeeded,
    refuse_cross_site,
    unknown_conversation,
)
from kefu.service.errors import GUARDED, ServiceError, error_answers
from kefu.service.forms import FILE, SOME_PART, STRING
from kefu.service.people import CUSTOMER_COOKIE, digest, draw_token, set_cookie
from kefu.service.storage import ConversationRow, Sender, Thumb, UnknownConversationError, UnknownMessageError
from kefu.service.streams import PING, describe_stream, event_stream
from kefu.service.transcripts import MessageAnswer, media_answer, show_message
from kefu.service.uploads import read_ticket
from kefu.tickets.errors import KefuError

router = APIRouter(
    prefix="/v1/conversations",
    tags=["conversations"],
    responses=error_answers(400, 403, 404, 422, *GUARDED),
    dependencies=[Depends(refuse_cross_site)],
)

_ANSWER = describe_stream(
    "`accepted`, `understood`, `sentence` (one for each), `action`, `suggestions`, `hand_over`, `done`; or `error`, "
    "which ends the stream. Once a person has taken over: `accepted`, `understood`, `done`."
)
_EVENTS = describe_stream(
    "`message`, of an agent, as in the transcript; `state`, first and whenever it changes: `handed_over`, `agent` (who "
    "has taken over, or null), `closed`; `ping`."
)
_COOKIE_SECONDS = 365 * 24 * 3600
_MAX_POSITION = 2**31 - 1
Language = Literal["en", "zh"]


class BeginBody(BaseModel):
    """How a conversation begins."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"language": "zh"}]})

    language: Language | None = Field(None, description="Left out: found from what the customer says.")


class BegunAnswer(BaseModel):
    """A new conversation."""

    conversation_id: str
    customer_token: str = Field(
        description="Whoever has it owns the conversation: sent as the cookie `kefu_customer`, which is set, or as "
        "`Authorization: Bearer …`."
    )


class TranscriptAnswer(BaseModel):
    """A conversation so far."""

    conversation_id: str
    handed_over: bool = Field(description="Whether it is with a person; the assistant is silent then.")
    agent: str | None = Field(description="Who has taken over; null: somebody will.")
    closed: bool = Field(description="Whether it has ended; another message opens it again.")
    messages: list[MessageAnswer]


class FeedbackBody(BaseModel):
    """What the customer thinks of a reply."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"thumb": "up"}]})

    thumb: Thumb | None = Field(description="null takes it back.")


@router.post("", status_code=201, summary="Begin a conversation")
async def begin(
    desk: DeskNeeded,
    settings: SettingsNeeded,
    token: CustomerToken,
    request: Request,
    response: Response,
    body: BeginBody,
) -> BegunAnswer:
    """It belongs to the customer whose token is sent; without one, to a new customer."""
    token = token or draw_token()
    conversation = await run_in_threadpool(desk.store.begin, body.language, digest(token))
    set_cookie(response, request, settings, CUSTOMER_COOKIE, token, _COOKIE_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return BegunAnswer(conversation_id=conversation.id, customer_token=token)


@router.get("/{conversation_id}", summary="Read a conversation")
async def read(assistant: AssistantNeeded, conversation: OwnConversation) -> TranscriptAnswer:
    """All messages in their order."""
    return await run_in_threadpool(_read, assistant, conversation)


@router.delete("/{conversation_id}", status_code=204, summary="Erase a conversation")
async def erase(assistant: AssistantNeeded, conversation: OwnOrAnyOfAdmin) -> None:
    """With its messages, and all pictures and recordings that no other conversation has; also by an admin."""
    await run_in_threadpool(assistant.erasure.erase, conversation.id)
    assistant.live.wake()


@router.post(
    "/{conversation_id}/messages",
    openapi_extra=SOME_PART,
    summary="Send a message, and hear the answer as it is made",
    response_class=StreamingResponse,
    responses=_ANSWER,
)
async def send(
    desk: DeskNeeded,
    services: ServicesNeeded,
    settings: SettingsNeeded,
    conversation: OwnConversation,
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
        WithJsonSchema({"type": "string", "pattern": ID}),
        Form(pattern=ID, description="A name for this message: sent twice, it is answered once."),
    ] = None,
) -> StreamingResponse:
    """A message is kept before anything else is done, and its answer is made even if nobody listens to the end."""
    ticket = await read_ticket(settings.limits, (text or "").replace("\0", "").strip(), image, audio)
    if ticket.audio is not None and not desk.hears:
        raise ServiceError(422, "no_ears", "this service does not hear recordings; write instead")
    picture = None if ticket.image is None else await services.pictures.clean(ticket.image)
    incoming = Incoming(ticket.text or "", picture, ticket.audio, language, client_key)
    try:
        accepted = await desk.accept(conversation.id, incoming)
    except UnknownConversationError:  # erased in the very moment
        raise unknown_conversation() from None
    except KefuError as error:
        raise ServiceError(422, "no_recording", str(error)) from None
    return event_stream(desk.answer(accepted))


@router.post("/{conversation_id}/messages/{message_id}/feedback", status_code=204, summary="Say whether a reply helped")
async def judge(desk: DeskNeeded, conversation: OwnConversation, message_id: MessageId, body: FeedbackBody) -> None:
    """Of the assistant's replies alone."""
    try:
        await run_in_threadpool(desk.store.judge, conversation.id, message_id, body.thumb)
    except (UnknownConversationError, UnknownMessageError):
        raise ServiceError(404, "unknown_message", "there is no such reply in the conversation") from None


@router.get(
    "/{conversation_id}/media/{name}",
    summary="Get a picture or recording of a conversation",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def media(desk: DeskNeeded, conversation: OwnConversation, name: MediaName) -> Response:
    """Only what was sent in this very conversation."""
    return await run_in_threadpool(media_answer, desk, conversation.id, name)


@router.get(
    "/{conversation_id}/events",
    summary="Listen for what people say and do",
    response_class=StreamingResponse,
    responses=_EVENTS,
)
async def listen(
    assistant: AssistantNeeded,
    settings: SettingsNeeded,
    conversation: OwnConversation,
    after: Annotated[int, Query(ge=-1, le=_MAX_POSITION, description="Position of the last message known.")] = -1,
    last_event_id: Annotated[
        str | None, Header(description="Set by a browser that has lost the connection; goes before `after`.")
    ] = None,
) -> StreamingResponse:
    """Until the client or the service ends it."""
    if last_event_id is not None and last_event_id.isdecimal():
        after = min(int(last_event_id), _MAX_POSITION)
    return event_stream(_tell(assistant, settings.live.ping_seconds, conversation, after))


async def _tell(
    assistant: Assistant, ping_seconds: float, conversation: ConversationRow, after: int
) -> AsyncIterator[Event]:
    shown = None
    with assistant.live.listen(conversation.id) as listener:
        while not listener.is_closed:
            try:
                found = await run_in_threadpool(_read, assistant, conversation, after)
            except UnknownConversationError:  # it was erased
                return
            for message in found.messages:
                after = message.position
                if message.sender is Sender.AGENT:
                    yield Event("message", message.model_dump(mode="json"), after)
            state = found.model_dump(include={"handed_over", "agent", "closed"})
            if state != shown:
                yield Event("state", state)
                shown = state
            if not await listener.wait(ping_seconds):
                yield PING


def _read(assistant: Assistant, conversation: ConversationRow, after: int = -1) -> TranscriptAnswer:
    desk = assistant.desk
    row = desk.store.conversation(conversation.id)
    names = assistant.agent_names()
    return TranscriptAnswer(
        conversation_id=row.id,
        handed_over=row.handed_over_at is not None,
        agent=names.get(row.taken_by) if row.taken_by is not None else None,
        closed=row.closed_at is not None,
        messages=[show_message(desk, message, names) for message in desk.store.messages(row.id, after)],
    )
