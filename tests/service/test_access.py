"""Who may ask what: every route of the interface, tried by everybody, against one table.

A route that is not in the table fails the test: whoever adds one says here who may use it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from kefu.assistant.messages import Reply, Sentence
from kefu.service.people import digest, draw_token
from kefu.service.routers import ROUTERS, page
from kefu.service.storage import NewMessage, Role, Sender

from .asking import PASSWORD, SHOP, Clerk, add_agent, assistant_of, browser_of, kept_in

NOBODY, STRANGER, OWNER = "nobody", "another customer", "the customer"
AGENT, ADMIN, DISABLED, MACHINE = "an agent", "an admin", "a disabled agent", "a machine"
EVERYBODY = (NOBODY, STRANGER, OWNER, AGENT, ADMIN, DISABLED, MACHINE)
SECRET = "my order is A48213"
PICTURE = b"a picture"


@dataclass(frozen=True)
class Rule:
    """Who may use a route, and what the others are answered.

    Attributes:
        may: who may.
        status: what they are answered.
        otherwise: what the others are answered.
        of_agents: what agents are answered, where it is something else.
        sent: with the request.
        message: of whom a message of the path is.
    """

    may: tuple[str, ...]
    status: int = 200
    otherwise: int = 404
    of_agents: int | None = None
    sent: dict[str, Any] = field(default_factory=dict)
    message: Sender = Sender.ASSISTANT

    def expected(self, who: str) -> int:
        if who in self.may:
            return self.status
        return self.of_agents if self.of_agents is not None and who == AGENT else self.otherwise


def public(**given: Any) -> Rule:
    return Rule(EVERYBODY, **given)


def of_owner(**given: Any) -> Rule:
    return Rule((OWNER,), **given)


def of_agents(**given: Any) -> Rule:
    return Rule((AGENT, ADMIN), otherwise=401, **given)


def of_admins(**given: Any) -> Rule:
    return Rule((ADMIN,), otherwise=401, of_agents=403, **given)


TALK = "/v1/conversations/{conversation_id}"
WORK = "/v1/agent/conversations/{conversation_id}"
RULES = {
    "POST /v1/conversations": public(status=201, sent={"json": {}}),
    f"GET {TALK}": of_owner(),
    f"DELETE {TALK}": Rule((OWNER, ADMIN), status=204),
    f"POST {TALK}/messages": of_owner(sent={"data": {"text": "hello"}}),
    f"POST {TALK}/messages/{{message_id}}/feedback": of_owner(status=204, sent={"json": {"thumb": "up"}}),
    f"GET {TALK}/media/{{name}}": of_owner(),
    f"GET {TALK}/events": of_owner(),
    "DELETE /v1/customer": Rule((OWNER, STRANGER), status=204, otherwise=401),
    "POST /v1/agent/login": public(sent={"json": {"name": "known", "password": PASSWORD}}),
    "POST /v1/agent/logout": of_agents(status=204),
    "GET /v1/agent/me": of_agents(),
    "GET /v1/agent/queue": of_agents(),
    "GET /v1/agent/events": of_agents(),
    "GET /v1/agent/dashboard": of_admins(),
    "POST /v1/agent/erase": of_admins(status=204, sent={"json": {"conversation_id": "{conversation_id}"}}),
    f"GET {WORK}": of_agents(),
    f"GET {WORK}/media/{{name}}": of_agents(),
    f"POST {WORK}/take": of_agents(sent={"json": {}}),
    f"POST {WORK}/messages": of_agents(status=201, sent={"json": {"text": "hello"}}),
    f"POST {WORK}/messages/{{message_id}}/correction": of_agents(
        status=204, sent={"json": {"label": "{label}"}}, message=Sender.CUSTOMER
    ),
    f"DELETE {WORK}/messages/{{message_id}}/correction": of_agents(status=204, message=Sender.CUSTOMER),
    f"POST {WORK}/close": of_agents(sent={"json": {}}),
    "GET /v1/shop": public(),
    "GET /v1/articles/{article_id}": public(),
    "GET /v1/speech/{message_id}/{index}.wav": of_owner(),
    "POST /v1/predict": public(sent={"data": {"text": "refund"}}),
    "POST /v1/predict/text": public(sent={"json": {"text": "refund"}}),
    "POST /v1/predict/image": public(sent={"files": {"image": ("x.png", b"none", "image/png")}}),
    "POST /v1/predict/audio": public(sent={"files": {"audio": ("x.wav", b"none", "audio/wav")}}),
    "POST /v1/predict/batch": public(sent={"json": {"tickets": [{"ticket_id": "1", "text": "refund"}]}}),
    "GET /v1/models": public(),
    "GET /healthz": public(),
    "GET /readyz": public(),
    "GET /metrics": public(),
}


class World:
    """A service, and everybody who may ask it."""

    def __init__(self, client: TestClient) -> None:
        self.client, self.assistant = client, assistant_of(client)
        add_agent(client, "known")
        self._clerks: dict[str, Clerk] = {}
        self.label = client.get("/v1/models").json()[0]["labels"][0]

    def somebody(self, who: str, token: str) -> TestClient:
        """Return a new client of somebody, since some routes change its cookies."""
        browser = browser_of(self.client)
        if who in (AGENT, ADMIN, DISABLED):
            clerk = self._clerk(who).client
            browser.headers["X-CSRF-Token"] = clerk.headers["X-CSRF-Token"]
            browser.cookies.set("kefu_agent", clerk.cookies["kefu_agent"])
        elif who in (OWNER, STRANGER):
            browser.cookies.set("kefu_customer", token if who == OWNER else draw_token())
        elif who == MACHINE:
            browser.headers.update({"X-API-Key": "5" * 64, "Authorization": f"Bearer {'5' * 64}"})
        return browser

    def _clerk(self, who: str) -> Clerk:
        clerk = self._clerks.get(who)
        if clerk is None or (who != DISABLED and clerk.client.get("/v1/agent/me").status_code == 401):
            name = f"{who} {draw_token()[:6]}"
            clerk = self._clerks[who] = Clerk(self.client, name, Role.ADMIN if who == ADMIN else Role.AGENT)
            if who == DISABLED:
                self.assistant.agents.disable(name)
        return clerk

    def place(self, rule: Rule, who: str, token: str, browser: TestClient) -> dict[str, str]:
        """Return what stands in paths and bodies: a conversation that was handed over and, to agents, taken."""
        store = self.assistant.desk.store
        talk = store.begin("en", digest(token))
        image = self.assistant.desk.media.keep(PICTURE)
        asked, _ = store.accept(talk.id, NewMessage(SECRET, image=image))
        reply = Reply(language="en", sentences=(Sentence(text=SECRET),)).model_dump(mode="json")
        said = store.answer(asked, {"language": "en", "text": SECRET}, reply | {"hand_over": "asked"}, {})
        assert said is not None
        if who in (AGENT, ADMIN):
            login = self.assistant.logins.find(browser.cookies["kefu_agent"])
            assert login is not None
            self.assistant.inbox.take(talk.id, login.id)
        message = asked.id if rule.message is Sender.CUSTOMER else said.id
        return {
            "conversation_id": talk.id,
            "message_id": message,
            "name": image,
            "index": "0",
            "article_id": "returns/how-to-return",
            "label": self.label,
        }


@pytest.fixture
def world(make_client: Callable[..., TestClient], tmp_path: Path) -> World:
    client = make_client(shop=SHOP, **kept_in(tmp_path), hear=False, read_pictures=False)
    world = World(client)
    world.assistant.live.close()  # what is listened to ends at once
    return world


def fill(sent: Any, place: dict[str, str]) -> Any:
    if isinstance(sent, dict):
        return {key: fill(value, place) for key, value in sent.items()}
    return sent.format(**place) if isinstance(sent, str) else sent


def test_everybody_may_do_what_the_table_says_and_nothing_else(world: World) -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in world.client.app.openapi()["paths"].items()  # type: ignore[attr-defined]
        for method in methods
    }
    assert described == set(RULES), "say in RULES who may use the route"
    wrong = []
    for route, rule in RULES.items():
        method, path = route.split(" ")
        for who in EVERYBODY:
            token = draw_token()
            browser = world.somebody(who, token)
            place = world.place(rule, who, token, browser)
            answer = browser.request(method, path.format(**place), **fill(rule.sent, place))
            if answer.status_code != rule.expected(who):
                wrong.append(f"{route} by {who}: {answer.status_code}, expected {rule.expected(who)}")
            if who not in rule.may and (SECRET in answer.text or PICTURE in answer.content):
                wrong.append(f"{route} shows {who} what the customer said")
            if who in rule.may and method == "GET" and rule is RULES.get(f"GET {TALK}"):
                assert SECRET in answer.text
    assert not wrong, "\n".join(wrong)


def test_only_pages_are_left_out_of_the_description(world: World) -> None:
    described = set(world.client.app.openapi()["paths"])  # type: ignore[attr-defined]
    for router in ROUTERS:
        paths = {route.path.replace(":path}", "}") for route in router.routes if isinstance(route, APIRoute)}
        assert paths
        assert paths <= described or router is page.router
