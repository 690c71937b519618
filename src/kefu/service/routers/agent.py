"""``/v1/agent``: logins of agents, what is live, and what admins alone may do."""

import math
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kefu.service.assistant import Assistant
from kefu.service.conversations import Event
from kefu.service.dependencies import (
    ID,
    Admin,
    Agent,
    AssistantNeeded,
    LoginsNeeded,
    SettingsNeeded,
    refuse_cross_site,
    unknown_conversation,
)
from kefu.service.errors import GUARDED, ServiceError, error_answers
from kefu.service.people import AGENT_COOKIE, LoggedIn, TooManyLoginsError, WrongLoginError, forget_cookie, set_cookie
from kefu.service.storage import Role, UnknownConversationError, read_figures
from kefu.service.streams import PING, describe_stream, event_stream

router = APIRouter(
    prefix="/v1/agent",
    tags=["agents"],
    responses=error_answers(400, 401, 403, 404, 422, *GUARDED),
    dependencies=[Depends(refuse_cross_site)],
)

_EVENTS = describe_stream(
    "`changed` for every conversation that has: `conversation_id`, `state`, `version`, these two null where it was "
    "erased; `ping`."
)


class LoginBody(BaseModel):
    """Who wants to log in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "wang", "password": "correct horse battery staple"}]}
    )

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")
    password: str = Field(min_length=1, max_length=1000)


class LoginAnswer(BaseModel):
    """Who is logged in."""

    name: str
    role: Role
    csrf_token: str = Field(description="To be sent as `X-CSRF-Token` with every request that writes.")


class EraseBody(BaseModel):
    """What is to be erased."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"conversation_id": "Zx9"}]})

    conversation_id: str = Field(pattern=ID)
    all_of_customer: bool = Field(False, description="Also all other conversations of the same customer.")


class DashboardAnswer(BaseModel):
    """How the service does; times in seconds, null where there is nothing to count."""

    volume: list[dict[str, Any]] = Field(description="By day in UTC: `day`, `conversations`, `messages`.")
    response_seconds: dict[str, dict[str, float | None]] = Field(
        description="`p50` and `p95` of the `assistant`, and from the hand-over to the first answer (`agent_first`)."
    )
    containment: dict[str, float | None] = Field(
        description="Conversations that have ended, how many of them the assistant served alone (`contained`), how "
        "many of these show that it helped (`satisfied`) or were left after a question (`abandoned`); `rate`: "
        "satisfied of ended."
    )
    hand_over_reasons: dict[str, int]
    thumbs: dict[str, int]
    models: list[dict[str, Any]] = Field(description="By version: messages, thumbs of their replies, corrections.")
    languages: dict[str, int]


@router.post("/login", summary="Log in")
async def log_in(
    logins: LoginsNeeded, settings: SettingsNeeded, request: Request, response: Response, body: LoginBody
) -> LoginAnswer:
    """Sets the cookie `kefu_agent`."""
    address = request.client.host if request.client is not None else ""
    try:
        secret, login = await logins.log_in(body.name, body.password, address)
    except WrongLoginError:
        raise ServiceError(401, "wrong_login", "name or password are wrong") from None
    except TooManyLoginsError as error:
        seconds = math.ceil(error.wait_seconds)
        raise ServiceError(
            429, "too_many_logins", f"too many logins failed; try again in {seconds} s", {"Retry-After": str(seconds)}
        ) from None
    set_cookie(response, request, settings, AGENT_COOKIE, secret, round(3600 * settings.logins.hours))
    return _show(response, login)


@router.post("/logout", status_code=204, summary="Log out")
async def log_out(logins: LoginsNeeded, agent: Agent, response: Response) -> None:
    """Ends this login, not those of other browsers."""
    await run_in_threadpool(logins.log_out, agent.session)
    forget_cookie(response, AGENT_COOKIE)


@router.get("/me", summary="Tell who is logged in")
async def me(agent: Agent, response: Response) -> LoginAnswer:
    """For a page that was opened anew."""
    return _show(response, agent)


@router.get(
    "/events", summary="Listen for changes of conversations", response_class=StreamingResponse, responses=_EVENTS
)
async def listen(
    assistant: AssistantNeeded, settings: SettingsNeeded, agent: Agent, request: Request
) -> StreamingResponse:
    """Until the login ends."""
    secret = request.cookies.get(AGENT_COOKIE, "")
    return event_stream(_tell(assistant, settings.live.ping_seconds, secret))


@router.get("/dashboard", summary="Get figures of the service")
async def dashboard(
    assistant: AssistantNeeded,
    admin: Admin,
    days: Annotated[int, Query(ge=1, le=366, description="Until today.")] = 7,
) -> DashboardAnswer:
    """For admins."""
    return DashboardAnswer.model_validate(await run_in_threadpool(read_figures, assistant.database, days))


@router.post("/erase", status_code=204, summary="Erase a conversation, or all of its customer")
async def erase(assistant: AssistantNeeded, admin: Admin, body: EraseBody) -> None:
    """With messages, pictures and recordings; for admins."""
    try:
        await run_in_threadpool(_erase, assistant, body)
    except UnknownConversationError:
        raise unknown_conversation() from None
    assistant.live.wake()


async def _tell(assistant: Assistant, ping_seconds: float, secret: str) -> AsyncIterator[Event]:
    yield PING  # so that a page knows that it is heard
    with assistant.live.listen() as listener:
        while not listener.is_closed:
            changes = await listener.wait(ping_seconds)
            if await run_in_threadpool(assistant.logins.find, secret) is None:
                return
            for change in changes:
                yield Event("changed", vars(change))
            if not changes:
                yield PING


def _erase(assistant: Assistant, body: EraseBody) -> None:
    owner = assistant.desk.store.conversation(body.conversation_id).owner
    if body.all_of_customer and owner is not None:
        assistant.erasure.erase_owner(owner)
    else:
        assistant.erasure.erase(body.conversation_id)


def _show(response: Response, login: LoggedIn) -> LoginAnswer:
    response.headers["Cache-Control"] = "no-store"
    return LoginAnswer(name=login.name, role=login.agent.role, csrf_token=login.session.csrf_token)
