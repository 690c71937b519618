"""What routes ask for by type."""

import secrets
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Header, Path, Request
from starlette.concurrency import run_in_threadpool

from kefu.service.assistant import Assistant
from kefu.service.conversations import Desk
from kefu.service.errors import ServiceError
from kefu.service.models import ModelShelf
from kefu.service.people import AGENT_COOKIE, CUSTOMER_COOKIE, Live, LoggedIn, Logins, digest, is_token
from kefu.service.services import Services
from kefu.service.settings import ServiceSettings
from kefu.service.storage import ConversationRow, UnknownConversationError

ID = r"^[A-Za-z0-9_-]{1,64}$"
ConversationId = Annotated[str, Path(pattern=ID, description="What `POST /v1/conversations` returned.")]
MessageId = Annotated[str, Path(pattern=ID, description="Of the event `done`, or of the transcript.")]
MediaName = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="Of the transcript.")]


async def get_services(request: Request) -> Services:
    """Return the services of the app."""
    return cast(Services, request.app.state.services)


async def get_request_id(request: Request) -> str:
    """Return the id of the request."""
    return cast(str, request.state.request_id)


async def get_settings(request: Request) -> ServiceSettings:
    """Return the settings of the service."""
    return cast(ServiceSettings, request.app.state.services.settings)


async def get_models(request: Request) -> ModelShelf:
    """Return the models."""
    return cast(ModelShelf, request.app.state.services.models)


ServicesNeeded = Annotated[Services, Depends(get_services)]
RequestId = Annotated[str, Depends(get_request_id)]


async def get_assistant(services: ServicesNeeded) -> Assistant:
    """Return the assistant.

    Raises:
        ServiceError: 404, this service has models alone.
    """
    if services.assistant is None:
        raise ServiceError(404, "no_assistant", "this service has no assistant; KEFU_SHOP names the folder of a shop")
    return services.assistant


AssistantNeeded = Annotated[Assistant, Depends(get_assistant)]


async def get_desk(assistant: AssistantNeeded) -> Desk:
    """Return the desk of the assistant."""
    return assistant.desk


async def get_live(assistant: AssistantNeeded) -> Live:
    """Return what tells changes."""
    return assistant.live


async def get_logins(assistant: AssistantNeeded) -> Logins:
    """Return what lets agents in."""
    return assistant.logins


DeskNeeded = Annotated[Desk, Depends(get_desk)]
LiveNeeded = Annotated[Live, Depends(get_live)]
LoginsNeeded = Annotated[Logins, Depends(get_logins)]
SettingsNeeded = Annotated[ServiceSettings, Depends(get_settings)]
ModelsNeeded = Annotated[ModelShelf, Depends(get_models)]


async def refuse_cross_site(request: Request) -> None:
    """Refuse what another site makes a browser send.

    Programs, which send neither header, pass.

    Raises:
        ServiceError: 403, a page of another origin wants to write.
    """
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_foreign = site not in {"same-origin", "none"}
    else:  # an old browser, or one that has reached a page without TLS
        is_foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if is_foreign:
        raise ServiceError(403, "cross_site", "this was sent by a page of another site; only our own may")


async def get_customer_token(request: Request) -> str | None:
    """Return the token of the customer who asks: of the header ``Authorization``, else of the cookie."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    token = given.strip() if scheme.lower() == "bearer" else request.cookies.get(CUSTOMER_COOKIE, "")
    return token if is_token(token) else None


CustomerToken = Annotated[str | None, Depends(get_customer_token)]


async def get_own_conversation(
    desk: DeskNeeded, token: CustomerToken, conversation_id: ConversationId
) -> ConversationRow:
    """Return a conversation of the customer who asks.

    Raises:
        ServiceError: 404, it is another's, or there is none; nobody is told which.
    """
    found = None
    if token is not None:
        found = await run_in_threadpool(desk.store.conversation_of, digest(token), conversation_id)
    if found is None:
        raise unknown_conversation()
    return found


async def get_conversation(desk: DeskNeeded, conversation_id: ConversationId) -> ConversationRow:
    """Return a conversation, whoever's it is.

    Raises:
        ServiceError: 404, there is none.
    """
    try:
        return await run_in_threadpool(desk.store.conversation, conversation_id)
    except UnknownConversationError:
        raise unknown_conversation() from None


AnyConversation = Annotated[ConversationRow, Depends(get_conversation)]
OwnConversation = Annotated[ConversationRow, Depends(get_own_conversation)]


CsrfToken = Annotated[str | None, Header(alias="X-CSRF-Token", description="Of the login; whoever writes needs it.")]


async def get_login(request: Request, logins: LoginsNeeded) -> LoggedIn | None:
    """Return the agent who asks, if one does."""
    return await run_in_threadpool(logins.find, request.cookies.get(AGENT_COOKIE, ""))


async def get_agent(
    request: Request,
    login: Annotated[LoggedIn | None, Depends(get_login)],
    csrf_token: CsrfToken = None,
) -> LoggedIn:
    """Return the agent who asks.

    Raises:
        ServiceError: 401, nobody is logged in; 403, a request that writes has no token of this login.
    """
    if login is None:
        raise ServiceError(401, "not_logged_in", "log in first; a login lasts some hours")
    if request.method not in {"GET", "HEAD"}:
        check_csrf(login, csrf_token)
    return login


Agent = Annotated[LoggedIn, Depends(get_agent)]


async def get_admin(agent: Agent) -> LoggedIn:
    """Return the admin who asks.

    Raises:
        ServiceError: as :func:`get_agent`; 403, the agent is no admin.
    """
    if not agent.is_admin:
        raise ServiceError(403, "not_admin", "only an admin may do this; `kefu agents` makes one")
    return agent


Admin = Annotated[LoggedIn, Depends(get_admin)]


async def get_own_or_any_of_admin(
    desk: DeskNeeded,
    token: CustomerToken,
    login: Annotated[LoggedIn | None, Depends(get_login)],
    conversation_id: ConversationId,
    csrf_token: CsrfToken = None,
) -> ConversationRow:
    """Return a conversation of the customer who asks, or any one if it is an admin.

    Raises:
        ServiceError: as :func:`get_own_conversation`; 403, an admin's request has no token of this login.
    """
    try:
        return await get_own_conversation(desk, token, conversation_id)
    except ServiceError:
        if login is None or not login.is_admin:
            raise
    check_csrf(login, csrf_token)
    return await get_conversation(desk, conversation_id)


OwnOrAnyOfAdmin = Annotated[ConversationRow, Depends(get_own_or_any_of_admin)]


def check_csrf(login: LoggedIn, csrf_token: str | None) -> None:
    """Refuse a request that was not sent by a page of this login.

    Raises:
        ServiceError: 403, it lacks the token.
    """
    if not secrets.compare_digest(login.session.csrf_token.encode(), (csrf_token or "").encode()):
        raise ServiceError(403, "csrf", "the header X-CSRF-Token must hold the csrf_token of this login")


def unknown_conversation() -> ServiceError:
    """Return the error of a conversation that there is not, or that is another's."""
    return ServiceError(404, "unknown_conversation", "there is no such conversation; begin a new one")
