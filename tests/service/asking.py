"""Customers and agents, who ask the service each with cookies of their own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from kefu.service.assistant import Assistant
from kefu.service.people.passwords import hash_password
from kefu.service.storage import Role

SHOP = Path(__file__).parents[2] / "conf/assistant/demo"
REFUND = "A refund or a return"
PASSWORD = "correct horse battery staple"
Events = list[tuple[str, dict[str, Any]]]


def kept_in(folder: Path) -> dict[str, Any]:
    """Return the settings of a service that keeps everything in a folder."""
    return {"storage": f"sqlite:///{folder}/kefu.db", "media": folder / "media"}


def browser_of(client: TestClient) -> TestClient:
    """Return a client of the same app that has no cookies yet."""
    browser = TestClient(client.app, raise_server_exceptions=False)
    browser.portal = client.portal
    return browser


def assistant_of(client: TestClient) -> Assistant:
    """Return the assistant of an app."""
    assistant: Assistant = client.app.state.services.assistant  # type: ignore[attr-defined]
    return assistant


def read_events(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the events of a stream that has ended."""
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        yield fields["event"], json.loads(fields["data"])


def of(events: Events, name: str) -> list[dict[str, Any]]:
    """Return the data of the events of a name."""
    return [data for found, data in events if found == name]


class Customer:
    """Somebody who talks with the assistant."""

    def __init__(self, client: TestClient, language: str | None = None) -> None:
        self.client = browser_of(client)
        begun = self.client.post("/v1/conversations", json={"language": language})
        assert begun.status_code == 201, begun.text
        self.token = begun.json()["customer_token"]
        self.id = begun.json()["conversation_id"]
        self.path = f"/v1/conversations/{self.id}"

    def send(self, **parts: Any) -> Events:
        files = {name: parts.pop(name) for name in ("image", "audio") if name in parts}
        answer = self.client.post(f"{self.path}/messages", data=parts, files=files)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(read_events(answer.text))

    def read(self) -> dict[str, Any]:
        return dict(self.client.get(self.path).json())


class Clerk:
    """An agent who is logged in."""

    def __init__(self, client: TestClient, name: str, role: Role = Role.AGENT) -> None:
        add_agent(client, name, role)
        self.name = name
        self.client = browser_of(client)
        answer = self.client.post("/v1/agent/login", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def queue(self, *states: str) -> list[dict[str, Any]]:
        answer = self.client.get("/v1/agent/queue", params={"state": states})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["conversations"])

    def read(self, customer: Customer) -> dict[str, Any]:
        answer = self.client.get(f"/v1/agent{customer.path.removeprefix('/v1')}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def do(self, customer: Customer, what: str, **body: Any) -> tuple[int, Any]:
        """Ask for something below a conversation; return the status, and the code of the error or what was answered."""
        answer = self.client.post(f"/v1/agent{customer.path.removeprefix('/v1')}/{what}", json=body)
        found = answer.json() if answer.content else None
        return answer.status_code, found["error"]["code"] if answer.status_code >= 400 else found


def add_agent(client: TestClient, name: str, role: Role = Role.AGENT, password: str = PASSWORD) -> None:
    """Add an agent to the database of a service."""
    assistant_of(client).agents.add(name, role, hash_password(password))
