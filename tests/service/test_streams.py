"""Streams of a real server: what is told when, and how they end."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from kefu.service.app import create_app
from kefu.service.people.passwords import hash_password
from kefu.service.server import Server
from kefu.service.settings import ServiceSettings
from kefu.service.storage import ConversationStore, Database, Erasure, MediaStore, NewMessage, Role

from .asking import PASSWORD, SHOP, kept_in

WITHIN_S = 20.0


class Running:
    """A service on a port of its own, an agent who is logged in, and a customer."""

    def __init__(self, settings: ServiceSettings) -> None:
        app = create_app(settings)
        config = uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=20)
        self.server = Server(config, app.state.services.end_streams)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive(), "the service does not start"
            time.sleep(0.02)
        self.assistant = app.state.services.assistant
        self.agent, self.customer = self.browser(), self.browser()
        self.assistant.agents.add("wang", Role.AGENT, hash_password(PASSWORD))
        login = self.agent.post("/v1/agent/login", json={"name": "wang", "password": PASSWORD}).json()
        self.agent.headers["X-CSRF-Token"] = login["csrf_token"]
        self.talk = self.customer.post("/v1/conversations", json={"language": "en"}).json()["conversation_id"]

    def browser(self) -> httpx.Client:
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=WITHIN_S)

    def do(self, what: str, **body: Any) -> None:
        self.agent.post(f"/v1/agent/conversations/{self.talk}/{what}", json=body).raise_for_status()

    @contextmanager
    def listen(self, client: httpx.Client, path: str, **given: Any) -> Iterator[Iterator[dict[str, Any]]]:
        """Yield events as they come: ``event``, ``data`` and, where there is one, ``id``."""
        with client.stream("GET", path, **given) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield read(answer.iter_lines())

    def stop(self) -> float:
        """Stop as a signal does; return how many seconds it took."""
        started = time.monotonic()
        self.server.should_exit = True
        self.thread.join(60)
        assert not self.thread.is_alive()
        return time.monotonic() - started


def read(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    fields: dict[str, Any] = {}
    for line in lines:
        if line:
            name, value = line.split(": ", 1)
            fields[name] = json.loads(value) if name == "data" else value
        elif fields:
            yield fields
            fields = {}


def until(events: Iterator[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(event for event in events if event["event"] == name)


@pytest.fixture
def running(make_settings: Callable[..., ServiceSettings], tmp_path: Path) -> Iterator[Running]:
    live = {"ping_seconds": 1.0}
    running = Running(make_settings(shop=SHOP, **kept_in(tmp_path), hear=False, read_pictures=False, live=live))
    yield running
    running.stop()


def test_customers_and_agents_are_told_and_the_end_comes_at_once(running: Running, tmp_path: Path) -> None:
    own = f"/v1/conversations/{running.talk}/events"
    with (
        running.listen(running.agent, "/v1/agent/events") as changes,
        running.listen(running.customer, own) as told,
    ):
        assert until(told, "state")["data"] == {"handed_over": False, "agent": None, "closed": False}
        assert next(changes)["event"] == "ping"

        # here: at once
        started = time.monotonic()
        running.do("take")
        assert until(told, "state")["data"] == {"handed_over": True, "agent": "wang", "closed": False}
        while until(changes, "changed")["data"]["state"] != "taken":  # how it began may be told, too
            pass
        running.do("messages", text="This is Wang.")
        message = until(told, "message")
        assert (message["data"]["text"], message["data"]["agent"], message["id"]) == ("This is Wang.", "wang", "0")
        assert time.monotonic() - started < 2

        # by another process: within a second
        other = Database(f"sqlite:///{tmp_path}/kefu.db")
        ConversationStore(other).accept(running.talk, NewMessage("a message"))
        committed = time.monotonic()
        other.close()
        version = running.assistant.desk.store.conversation(running.talk).version
        while until(changes, "changed")["data"]["version"] < version:
            pass
        assert time.monotonic() - committed < 1

        # signs of life where nothing happens
        assert until(changes, "ping")["data"] == {}
        assert until(told, "ping")["data"] == {}

        assert running.stop() < 5
        assert "changed" not in [event["event"] for event in changes]
        assert "message" not in [event["event"] for event in told]


def test_a_browser_that_comes_back_gets_what_it_has_missed(running: Running) -> None:
    running.do("take")
    for text in ("one", "two", "three"):
        running.do("messages", text=text)
    own = f"/v1/conversations/{running.talk}/events"

    def texts(**given: Any) -> list[str]:
        with running.listen(running.customer, own, **given) as told:
            found = []
            for event in told:
                if event["event"] == "state":
                    return found
                found.append(event["data"]["text"])
        raise AssertionError

    assert texts() == ["one", "two", "three"]
    assert texts(params={"after": 0}) == ["two", "three"]
    assert texts(params={"after": 0}, headers={"Last-Event-ID": "1"}) == ["three"]
    assert texts(headers={"Last-Event-ID": "nonsense"}) == ["one", "two", "three"]


def test_streams_end_with_the_right_to_them(running: Running) -> None:
    own = f"/v1/conversations/{running.talk}/events"
    with (
        running.listen(running.agent, "/v1/agent/events") as changes,
        running.listen(running.customer, own) as told,
    ):
        until(told, "state")
        until(changes, "ping")
        running.assistant.agents.disable("wang")
        running.assistant.erasure.erase(running.talk)
        later = running.browser().post("/v1/conversations", json={}).json()["conversation_id"]
        assert later not in [event["data"].get("conversation_id") for event in changes]
        assert [event["event"] for event in told if event["event"] != "ping"] == []


def test_agents_are_told_what_another_process_has_erased(running: Running, tmp_path: Path) -> None:
    with running.listen(running.agent, "/v1/agent/events") as changes:
        until(changes, "ping")
        other = Database(f"sqlite:///{tmp_path}/kefu.db")
        Erasure(other, MediaStore(tmp_path / "media")).erase(running.talk)
        other.close()
        while (change := until(changes, "changed")["data"])["state"] is not None:
            pass
        assert change == {"conversation_id": running.talk, "state": None, "version": None}


def test_a_client_that_goes_away_costs_nothing_more(running: Running) -> None:
    live, own = running.assistant.live, f"/v1/conversations/{running.talk}/events"

    def come_and_go(_: int) -> None:
        with running.browser() as browser:
            browser.cookies = running.customer.cookies
            with running.listen(browser, own) as told:
                until(told, "state")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(come_and_go, range(8)))
    deadline = time.monotonic() + WITHIN_S
    while live.num_listeners:
        assert time.monotonic() < deadline
        time.sleep(0.05)
