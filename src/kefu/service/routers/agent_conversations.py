"""``/v1/agent/queue`` and ``/v1/agent/conversations``: where agents answer customers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kefu.knowledge.articles import Language
from kefu.service.assistant import Assistant
from kefu.service.dependencies import (
    ID,
    Agent,
    AnyConversation,
    AssistantNeeded,
    DeskNeeded,
    MediaName,
    MessageId,
    ModelsNeeded,
    SettingsNeeded,
    get_agent,
    refuse_cross_site,
    unknown_conversation,
)
from kefu.service.errors import GUARDED, ServiceError, error_answers
from kefu.service.storage import (
    ConversationRow,
    ConversationState,
    NotTakenError,
    TakenError,
    UnknownAgentError,
    UnknownConversationError,
    UnknownMessageError,
)
from kefu.service.transcripts import StudiedMessageAnswer, media_answer, study_message

router = APIRouter(
    prefix="/v1/agent",
    tags=["agents"],
    responses=error_answers(400, 401, 403, 404, 422, *GUARDED),
    dependencies=[Depends(refuse_cross_site), Depends(get_agent)],
)

_DEFAULT_STATES = (ConversationState.WAITING, ConversationState.TAKEN)


class QueuedAnswer(BaseModel):
    """A conversation of the queue."""

    conversation_id: str
    state: ConversationState
    reason: str | None = Field(description="Why it was handed over.")
    language: str | None
    handed_over_at: datetime | None
    taken_by: str | None = Field(description="Name of an agent.")
    last_message_at: datetime
    last_text: str = Field(description="As it was said; at most 120 characters.")
    num_messages: int
    version: int = Field(description="Raised by every change.")


class QueueAnswer(BaseModel):
    """Conversations; the customer who has waited longest comes first."""

    conversations: list[QueuedAnswer]


class StateAnswer(BaseModel):
    """Who a conversation is with."""

    conversation_id: str
    state: ConversationState
    taken_by: str | None
    version: int


class StudiedTranscriptAnswer(StateAnswer):
    """A conversation as agents see it."""

    handed_over: bool
    agent: str | None
    closed: bool
    reason: str | None
    language: str | None
    messages: list[StudiedMessageAnswer]
    labels: list[str] = Field(description="Of all models that are served: what a message may be corrected to.")
    titles: dict[str, dict[Language, str]] = Field(description="Names of the labels that have a playbook, for people.")


class TakeBody(BaseModel):
    """How a conversation is taken."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"force": True}]})

    force: bool = Field(False, description="Also from another agent; for admins.")


class ReplyBody(BaseModel):
    """What an agent answers."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "We have sent it again.", "client_key": "a-1"}]}
    )

    text: str = Field(pattern=r"[^\s\x00]")
    client_key: str | None = Field(None, pattern=ID, description="A name for this message: sent twice, it is one.")


class CorrectionBody(BaseModel):
    """What a message is about."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"label": "refund"}]})

    label: str = Field(description="One of the `labels` of the transcript.")


class EmptyBody(BaseModel):
    """Nothing."""

    model_config = ConfigDict(extra="forbid")


@router.get("/queue", summary="List conversations")
async def queue(
    assistant: AssistantNeeded,
    state: Annotated[list[ConversationState] | None, Query(description="Left out: waiting and taken.")] = None,
) -> QueueAnswer:
    """Those that wait come first."""
    found = await run_in_threadpool(assistant.inbox.queue, state or _DEFAULT_STATES)
    return QueueAnswer(conversations=[QueuedAnswer(**vars(entry)) for entry in found])


@router.get("/conversations/{conversation_id}", summary="Read a conversation, and what the model saw in it")
async def read(
    assistant: AssistantNeeded, models: ModelsNeeded, conversation: AnyConversation
) -> StudiedTranscriptAnswer:
    """Also one that the assistant still answers."""
    labels = {label: None for served in models.served.values() for label in served.predictor.labels}
    with _known():
        return await run_in_threadpool(_read, assistant, conversation.id, list(labels))


@router.get(
    "/conversations/{conversation_id}/media/{name}",
    summary="Get a picture or recording of a conversation",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def media(desk: DeskNeeded, conversation: AnyConversation, name: MediaName) -> Response:
    """Only what was sent in this very conversation."""
    return await run_in_threadpool(media_answer, desk, conversation.id, name)


@router.post("/conversations/{conversation_id}/take", summary="Take a conversation over", responses=error_answers(409))
async def take(assistant: AssistantNeeded, agent: Agent, conversation: AnyConversation, body: TakeBody) -> StateAnswer:
    """From now on the assistant is silent."""
    if body.force and not agent.is_admin:
        raise ServiceError(403, "not_admin", "only an admin may take a conversation from another agent")
    try:
        with _known():
            row = await run_in_threadpool(assistant.inbox.take, conversation.id, agent.id, force=body.force)
    except TakenError as error:
        raise ServiceError(409, "taken", f"{error.name} has taken the conversation; an admin may force it") from None
    except UnknownAgentError:  # disabled in this very moment
        raise ServiceError(401, "not_logged_in", "log in first") from None
    return await _changed(assistant, row)


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=201,
    summary="Answer the customer",
    responses=error_answers(409),
)
async def answer(
    assistant: AssistantNeeded,
    settings: SettingsNeeded,
    agent: Agent,
    conversation: AnyConversation,
    body: ReplyBody,
) -> StudiedMessageAnswer:
    """Whoever has taken the conversation may."""
    if len(body.text) > settings.limits.text_chars:
        found = f"{len(body.text):,} characters, at most {settings.limits.text_chars:,}"
        raise ServiceError(413, "text_too_long", f"the text has {found}; shorten it")
    text = body.text.replace("\0", "").strip()
    try:
        with _known():
            row, _ = await run_in_threadpool(assistant.inbox.answer, conversation.id, agent.id, text, body.client_key)
    except NotTakenError:
        raise ServiceError(
            409, "not_taken", "take the conversation first; another may have it, or it is closed"
        ) from None
    assistant.live.wake()
    return study_message(assistant.desk, row, {agent.id: agent.name}, None)


@router.post(
    "/conversations/{conversation_id}/messages/{message_id}/correction",
    status_code=204,
    summary="Say what a customer's message is about",
)
async def correct(
    assistant: AssistantNeeded,
    models: ModelsNeeded,
    agent: Agent,
    conversation: AnyConversation,
    message_id: MessageId,
    body: CorrectionBody,
) -> None:
    """The latest correction counts; models learn from them."""
    if not any(body.label in served.predictor.labels for served in models.served.values()):
        raise ServiceError(422, "unknown_label", "no model that is served has this label; the transcript lists them")
    with _known():
        await run_in_threadpool(assistant.inbox.correct, conversation.id, message_id, agent.id, body.label)
    assistant.live.wake()


@router.delete(
    "/conversations/{conversation_id}/messages/{message_id}/correction",
    status_code=204,
    summary="Take a correction back",
)
async def uncorrect(assistant: AssistantNeeded, conversation: AnyConversation, message_id: MessageId) -> None:
    """Also that of another agent."""
    with _known():
        await run_in_threadpool(assistant.inbox.uncorrect, conversation.id, message_id)
    assistant.live.wake()


@router.post("/conversations/{conversation_id}/close", summary="End a conversation")
async def close(assistant: AssistantNeeded, conversation: AnyConversation, body: EmptyBody) -> StateAnswer:
    """Another message of the customer opens it again, for people; the assistant stays silent."""
    with _known():
        row = await run_in_threadpool(assistant.inbox.close, conversation.id)
    return await _changed(assistant, row)


async def _changed(assistant: Assistant, row: ConversationRow) -> StateAnswer:
    assistant.live.wake()
    return StateAnswer(**(await run_in_threadpool(_state, assistant, row)))


def _read(assistant: Assistant, conversation_id: str, labels: list[str]) -> StudiedTranscriptAnswer:
    row = assistant.desk.store.conversation(conversation_id)
    names, corrections = assistant.agent_names(), assistant.inbox.corrections(conversation_id)
    state = _state(assistant, row)
    return StudiedTranscriptAnswer(
        **state,
        handed_over=row.handed_over_at is not None,
        agent=state["taken_by"],
        closed=row.closed_at is not None,
        reason=row.hand_over_reason,
        language=row.language or (row.state or {}).get("language"),
        messages=[
            study_message(assistant.desk, message, names, corrections.get(message.id))
            for message in assistant.desk.store.messages(conversation_id)
        ],
        labels=labels,
        titles={
            label: {"en": playbook.title.en, "zh": playbook.title.zh}
            for label, playbook in assistant.shop.playbooks.items()
        },
    )


def _state(assistant: Assistant, row: ConversationRow) -> dict[str, Any]:
    taken_by = assistant.agent_names().get(row.taken_by) if row.taken_by is not None else None
    return {"conversation_id": row.id, "state": row.who_answers(), "taken_by": taken_by, "version": row.version}


@contextmanager
def _known() -> Iterator[None]:
    """Tell what is not there, or was erased in the very moment."""
    try:
        yield
    except UnknownConversationError:
        raise unknown_conversation() from None
    except UnknownMessageError:
        raise ServiceError(404, "unknown_message", "there is no such message of the customer") from None
