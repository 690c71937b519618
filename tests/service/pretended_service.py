"""A service that pretends: the real files of the pages, and routes that answer from memory as the real ones would.

It lets a browser be tested without models, and a test say what happens, and when.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np
from fastapi import Cookie, FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from kefu.service.conversations.events import Event, encode
from kefu.service.errors import ServiceError, add_error_handlers
from kefu.service.routers import page
from kefu.speech.wav import encode_wav

LABELS = ["damaged_item", "invoice", "late_delivery", "payment_failed", "refund", "wrong_item"]
TITLES = {"late_delivery": {"en": "Where is my parcel?", "zh": "快递怎么还没到"}}
PASSWORDS = {"Ada": "engine-of-1843", "Bob": "painting-trees", "Mei": "moon-over-river"}
ADMINS = {"Ada"}
ARTICLE = "returns/refund-time"
PICTURE, RECORDING = "a" * 64, "b" * 64
LOOK_SECONDS = 0.03


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Conversation:
    """One conversation, and who has it."""

    id: str
    language: str = "en"
    messages: list[dict[str, Any]] = field(default_factory=list)
    handed_over_at: datetime | None = None
    reason: str | None = None
    taken_by: str | None = None
    is_closed: bool = False
    version: int = 0

    @property
    def state(self) -> str:
        if self.is_closed:
            return "closed"
        if self.taken_by is not None:
            return "taken"
        return "waiting" if self.handed_over_at is not None else "assistant"

    def say(self, sender: str, text: str = "", **more: Any) -> dict[str, Any]:
        message = {
            "message_id": secrets.token_urlsafe(9),
            "position": len(self.messages),
            "sender": sender,
            "agent": None,
            "created_at": now().isoformat(),
            "text": text,
            "image": None,
            "audio": None,
            "heard": None,
            "sentences": [],
            "action": None,
            "suggestions": [],
            "hand_over": None,
            "thumb": None,
        }
        if sender == "customer":
            message.update(understanding=None, model=None, model_version=None, correction=None)
        if sender == "assistant":
            message["text"] = " ".join(sentence["text"] for sentence in more.get("sentences", []))
        self.messages.append({**message, **more})
        self.version += 1
        return self.messages[-1]

    def hand_over(self, reason: str, minutes_ago: float = 0) -> None:
        self.handed_over_at, self.reason = now() - timedelta(minutes=minutes_ago), reason
        self.version += 1

    def to_customer(self) -> dict[str, Any]:
        return {"handed_over": self.handed_over_at is not None, "agent": self.taken_by, "closed": self.is_closed}

    def in_queue(self) -> dict[str, Any]:
        last = self.messages[-1] if self.messages else None
        return {
            "conversation_id": self.id,
            "state": self.state,
            "reason": self.reason,
            "language": self.language,
            "handed_over_at": self.handed_over_at.isoformat() if self.handed_over_at else None,
            "taken_by": self.taken_by,
            "last_message_at": last["created_at"] if last else now().isoformat(),
            "last_text": last["text"][:120] if last else "",
            "num_messages": len(self.messages),
            "version": self.version,
        }


def understanding(*intents: tuple[str, float], **more: Any) -> dict[str, Any]:
    """Return what the model understood, as JSON."""
    return {
        "language": "en",
        "text": "",
        "intents": [{"label": label, "probability": probability} for label, probability in intents],
        "out_of_scope": False,
        "acts": [],
        "entities": [],
        "picture": None,
        "heard": None,
        "not_used": {},
        **more,
    }


class PretendedService:
    """What the pages talk to; a test changes its conversations at will."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.sessions: dict[str, tuple[str, str]] = {}
        self.figures: dict[str, Any] = {}
        self.asked_days: list[int] = []
        self.erased: list[tuple[str, bool]] = []
        self.keys: dict[str, str] = {}
        self.is_closing = False
        self.app = FastAPI()
        add_error_handlers(self.app)
        self.app.include_router(page.router)
        _add_agent_routes(self)
        _add_customer_routes(self)

    def add(self, name: str, **more: Any) -> Conversation:
        return self.conversations.setdefault(name, Conversation(name, **more))

    def log_out_everybody(self) -> None:
        self.sessions.clear()

    def agent(self, cookie: str | None) -> str:
        if cookie not in self.sessions:
            raise ServiceError(401, "not_logged_in", "log in first")
        return self.sessions[cookie][0]

    def writer(self, request: Request, cookie: str | None) -> str:
        name = self.agent(cookie)
        if request.headers.get("X-CSRF-Token") != self.sessions[cookie or ""][1]:
            raise ServiceError(403, "csrf", "the header X-CSRF-Token is missing or wrong")
        return name

    def conversation(self, name: str) -> Conversation:
        if name not in self.conversations:
            raise ServiceError(404, "unknown_conversation", "there is no such conversation")
        return self.conversations[name]

    async def watch(self, look: Callable[[], list[Event]], is_welcome: Callable[[], bool]) -> AsyncIterator[bytes]:
        yield b": hello\n\n"
        while not self.is_closing and is_welcome():
            for event in look():
                yield encode(event)
            await asyncio.sleep(LOOK_SECONDS)

    def stream(self, look: Callable[[], list[Event]], is_welcome: Callable[[], bool]) -> StreamingResponse:
        return StreamingResponse(self.watch(look, is_welcome), media_type="text/event-stream")


def _add_agent_routes(service: PretendedService) -> None:
    app = service.app

    @app.post("/v1/agent/login")
    async def login(body: dict[str, str], response: Response) -> dict[str, str]:
        if PASSWORDS.get(body["name"]) != body["password"]:
            raise ServiceError(401, "wrong_login", "name or password is wrong")
        cookie, token = secrets.token_hex(), secrets.token_hex()
        service.sessions[cookie] = (body["name"], token)
        response.set_cookie("kefu_agent", cookie, httponly=True, samesite="strict")
        return _person(body["name"], token)

    @app.post("/v1/agent/logout", status_code=204)
    async def logout(request: Request, kefu_agent: str | None = Cookie(None)) -> None:
        service.writer(request, kefu_agent)
        del service.sessions[kefu_agent or ""]

    @app.get("/v1/agent/me")
    async def me(kefu_agent: str | None = Cookie(None)) -> dict[str, str]:
        name = service.agent(kefu_agent)
        return _person(name, service.sessions[kefu_agent or ""][1])

    @app.get("/v1/agent/queue")
    async def queue(state: str | None = None, kefu_agent: str | None = Cookie(None)) -> dict[str, Any]:
        service.agent(kefu_agent)
        wanted = {state} if state else {"waiting", "taken"}
        found = [one.in_queue() for one in service.conversations.values() if one.state in wanted]
        return {
            "conversations": sorted(found, key=lambda one: (one["state"] != "waiting", one["handed_over_at"] or ""))
        }

    @app.get("/v1/agent/conversations/{name}")
    async def transcript(name: str, kefu_agent: str | None = Cookie(None)) -> dict[str, Any]:
        service.agent(kefu_agent)
        one = service.conversation(name)
        shown = {"conversation_id": one.id, "state": one.state, "taken_by": one.taken_by, "version": one.version}
        known = {"labels": LABELS, "titles": TITLES}
        return {**shown, **known, "handed_over": one.handed_over_at is not None, "messages": one.messages}

    @app.get("/v1/agent/conversations/{name}/media/{media}")
    async def media(name: str, media: str, kefu_agent: str | None = Cookie(None)) -> Response:
        service.agent(kefu_agent)
        return _media(media)

    @app.post("/v1/agent/conversations/{name}/take")
    async def take(
        name: str, body: dict[str, bool], request: Request, kefu_agent: str | None = Cookie(None)
    ) -> dict[str, Any]:
        agent, one = service.writer(request, kefu_agent), service.conversation(name)
        if one.taken_by not in {None, agent} and not (body["force"] and agent in ADMINS):
            raise ServiceError(409, "taken", f"{one.taken_by} has taken this conversation")
        if one.handed_over_at is None:
            one.hand_over("agent")
        one.taken_by, one.is_closed, one.version = agent, False, one.version + 1
        return {}

    @app.post("/v1/agent/conversations/{name}/messages")
    async def answer(
        name: str, body: dict[str, str], request: Request, kefu_agent: str | None = Cookie(None)
    ) -> dict[str, Any]:
        agent, one = service.writer(request, kefu_agent), service.conversation(name)
        if one.taken_by != agent:
            raise ServiceError(409, "not_taken", "take over first")
        if body["client_key"] not in service.keys:
            service.keys[body["client_key"]] = one.say("agent", body["text"], agent=agent)["message_id"]
        return {"message_id": service.keys[body["client_key"]]}

    @app.api_route("/v1/agent/conversations/{name}/messages/{message_id}/correction", methods=["POST", "DELETE"])
    async def correct(
        name: str, message_id: str, request: Request, kefu_agent: str | None = Cookie(None)
    ) -> dict[str, Any]:
        service.writer(request, kefu_agent)
        one = service.conversation(name)
        message = next(message for message in one.messages if message["message_id"] == message_id)
        message["correction"] = None
        if request.method == "POST":
            message["correction"] = (await request.json())["label"]
        one.version += 1
        return {}

    @app.post("/v1/agent/conversations/{name}/close")
    async def close(name: str, request: Request, kefu_agent: str | None = Cookie(None)) -> dict[str, Any]:
        service.writer(request, kefu_agent)
        one = service.conversation(name)
        one.is_closed, one.version = True, one.version + 1
        return {}

    @app.post("/v1/agent/erase", status_code=204)
    async def erase(body: dict[str, Any], request: Request, kefu_agent: str | None = Cookie(None)) -> None:
        if service.writer(request, kefu_agent) not in ADMINS:
            raise ServiceError(403, "not_admin", "only an admin may do this")
        service.erased.append((body["conversation_id"], body["all_of_customer"]))
        del service.conversations[body["conversation_id"]]

    @app.get("/v1/agent/events")
    async def events(kefu_agent: str | None = Cookie(None)) -> StreamingResponse:
        service.agent(kefu_agent)
        known = {one.id: one.version for one in service.conversations.values()}

        def look() -> list[Event]:
            changed = [one for one in service.conversations.values() if known.get(one.id) != one.version]
            known.update({one.id: one.version for one in changed})
            gone = [name for name in known if name not in service.conversations]
            for name in gone:
                del known[name]
            return [
                Event("changed", {"conversation_id": one.id, "state": one.state, "version": one.version})
                for one in changed
            ] + [Event("changed", {"conversation_id": name, "state": None, "version": None}) for name in gone]

        return service.stream(look, lambda: kefu_agent in service.sessions)

    @app.get("/v1/agent/dashboard")
    async def dashboard(days: int, kefu_agent: str | None = Cookie(None)) -> dict[str, Any]:
        if service.agent(kefu_agent) not in ADMINS:
            raise ServiceError(403, "not_admin", "only an admin may do this")
        service.asked_days.append(days)
        return {**service.figures, "volume": service.figures["volume"][-days:]}


def _add_customer_routes(service: PretendedService) -> None:
    app = service.app

    @app.get("/v1/shop")
    async def shop() -> dict[str, Any]:
        starters = {"en": ["A refund or a return"], "zh": ["退款退货"]}
        return {"name": {"en": "Kefu Store", "zh": "客福商城"}, "starters": starters, "hears": False}

    @app.get("/v1/articles/{article_id:path}")
    async def article(article_id: str, language: str) -> dict[str, str]:
        if article_id != ARTICLE:
            raise ServiceError(404, "unknown_article", "there is no such article")
        text = {"en": "Refunds take **5 days**.", "zh": "退款需要**5天**。"}[language]
        return {"id": article_id, "title": "How long a refund takes", "text": text, "language": language}

    @app.get("/v1/conversations/{name}")
    async def transcript(name: str) -> dict[str, Any]:
        one = service.conversation(name)
        return {"conversation_id": name, **one.to_customer(), "messages": one.messages}

    @app.post("/v1/conversations/{name}/messages")
    async def send(name: str, request: Request) -> StreamingResponse:
        one = service.conversation(name)
        message = one.say("customer", str((await request.form()).get("text", "")))
        if one.is_closed:
            one.is_closed, one.taken_by = False, None
            one.hand_over(one.reason or "agent")

        async def silence() -> AsyncIterator[bytes]:
            yield encode(Event("accepted", {"message_id": message["message_id"], "image": None, "audio": None}))
            yield encode(Event("done", {"message_id": message["message_id"]}))

        return StreamingResponse(silence(), media_type="text/event-stream")

    @app.get("/v1/conversations/{name}/events")
    async def events(name: str, after: int) -> StreamingResponse:
        one = service.conversation(name)
        told: list[Any] = [after + 1, None]

        def look() -> list[Event]:
            found = [Event("message", said) for said in one.messages[told[0] :] if said["sender"] == "agent"]
            state = one.to_customer()
            if state != told[1]:
                found.append(Event("state", state))
            told[:] = [len(one.messages), state]
            return found

        return service.stream(look, lambda: True)


def _person(name: str, token: str) -> dict[str, str]:
    return {"name": name, "role": "admin" if name in ADMINS else "agent", "csrf_token": token}


def _media(name: str) -> Response:
    if name == RECORDING:
        return Response(encode_wav(np.zeros(16000, dtype=np.float32), 16000), media_type="audio/wav")
    shades = np.linspace(60, 220, 320, dtype=np.uint8)
    image = np.stack(
        [np.tile(shades, (200, 1)), np.full((200, 320), 150, np.uint8), np.tile(shades[::-1], (200, 1))], 2
    )
    cv2.putText(image, "KF-20391", (50, 110), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (20, 20, 20), 3)
    return Response(cv2.imencode(".png", image)[1].tobytes(), media_type="image/png")
