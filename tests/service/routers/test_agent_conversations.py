"""Agents take conversations over, answer, correct and close."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from kefu.service.storage import Inbox, Role, UnknownAgentError

from ..asking import REFUND, SHOP, Clerk, Customer, assistant_of, kept_in, of


@pytest.fixture
def client(make_client: Callable[..., TestClient], tmp_path: Path) -> TestClient:
    return make_client(shop=SHOP, **kept_in(tmp_path), hear=False, read_pictures=False)


def ask_for_a_person(client: TestClient) -> Customer:
    customer = Customer(client, "en")
    customer.send(text="I want to talk to a person")
    return customer


def of_id(found: list[dict[str, Any]], customer: Customer) -> dict[str, Any]:
    return next(entry for entry in found if entry["conversation_id"] == customer.id)


def test_the_queue_has_the_longest_waiting_first(client: TestClient) -> None:
    clerk = Clerk(client, "wang")
    first, alone, second = ask_for_a_person(client), Customer(client, "zh"), ask_for_a_person(client)
    alone.send(text="退款")
    first.send(text="hello? " + "x" * 200)
    assert [entry["conversation_id"] for entry in clerk.queue()] == [first.id, second.id]
    entry = clerk.queue()[0]
    assert (entry["state"], entry["reason"], entry["language"], entry["taken_by"]) == ("waiting", "asked", "en", None)
    assert (entry["num_messages"], len(entry["last_text"])) == (3, 120)
    assert entry["handed_over_at"].endswith(("Z", "+00:00"))
    assert [entry["conversation_id"] for entry in clerk.queue("assistant")] == [alone.id]
    assert {entry["state"] for entry in clerk.queue("assistant", "waiting")} == {"assistant", "waiting"}
    assert clerk.client.get("/v1/agent/queue", params={"state": "gone"}).status_code == 422


def test_an_agent_takes_answers_and_closes(client: TestClient) -> None:
    clerk, customer = Clerk(client, "wang"), ask_for_a_person(client)
    status, state = clerk.do(customer, "take")
    assert (status, state["state"], state["taken_by"]) == (200, "taken", "wang")
    status, sent = clerk.do(customer, "messages", text="  Hello, this is Wang. 您好！ ", client_key="a1")
    assert (status, sent["sender"], sent["text"], sent["agent"]) == (
        201,
        "agent",
        "Hello, this is Wang. 您好！",
        "wang",
    )
    found = customer.read()
    assert (found["handed_over"], found["agent"], found["closed"]) == (True, "wang", False)
    assert found["messages"][-1]["message_id"] == sent["message_id"]
    assert found["messages"][-1]["agent"] == "wang"
    customer.send(text="thank you")
    assert of_id(clerk.queue(), customer)["last_text"] == "thank you"
    status, state = clerk.do(customer, "close")
    assert (status, state["state"]) == (200, "closed")
    assert customer.read()["closed"]
    assert clerk.queue() == []
    assert clerk.do(customer, "messages", text="one more") == (409, "not_taken")


def test_a_message_after_the_end_waits_for_a_person(client: TestClient) -> None:
    clerk, customer, served = Clerk(client, "wang"), ask_for_a_person(client), Customer(client, "en")
    served.send(text=REFUND)
    clerk.do(customer, "take")
    for one in (customer, served):
        clerk.do(one, "close")
        assert of(one.send(text=REFUND), "sentence") == []
    entries = clerk.queue()
    assert {entry["conversation_id"] for entry in entries} == {customer.id, served.id}
    assert {(entry["state"], entry["taken_by"]) for entry in entries} == {("waiting", None)}


def test_an_answer_sent_twice_is_one(client: TestClient) -> None:
    clerk, customer = Clerk(client, "wang"), ask_for_a_person(client)
    clerk.do(customer, "take")
    sent = [clerk.do(customer, "messages", text="Hello", client_key="a1")[1]["message_id"] for _ in range(2)]
    sent.append(clerk.do(customer, "messages", text="Hello")[1]["message_id"])
    assert len(set(sent)) == 2
    assert [message["text"] for message in customer.read()["messages"]].count("Hello") == 2


def test_only_who_has_taken_it_answers_and_only_an_admin_takes_it_away(client: TestClient) -> None:
    wang, li, admin = Clerk(client, "wang"), Clerk(client, "li"), Clerk(client, "boss", Role.ADMIN)
    customer = ask_for_a_person(client)
    assert wang.do(customer, "messages", text="Hello") == (409, "not_taken")
    assert wang.do(customer, "take")[0] == 200
    assert wang.do(customer, "take")[0] == 200, "again"
    assert li.do(customer, "take") == (409, "taken")
    refused = li.client.post(f"/v1/agent/conversations/{customer.id}/take", json={})
    assert "wang has taken" in refused.json()["error"]["message"]
    assert li.do(customer, "messages", text="Hello") == (409, "not_taken")
    assert li.do(customer, "take", force=True) == (403, "not_admin")
    assert admin.do(customer, "take") == (409, "taken")
    assert admin.do(customer, "take", force=True)[1]["taken_by"] == "boss"
    assert wang.do(customer, "messages", text="Hello") == (409, "not_taken")
    assert admin.do(customer, "messages", text="Hello")[0] == 201


def test_whoever_takes_a_conversation_silences_the_assistant(client: TestClient) -> None:
    clerk, customer = Clerk(client, "wang"), Customer(client, "en")
    customer.send(text=REFUND)
    clerk.do(customer, "take")
    assert of_id(clerk.queue(), customer)["reason"] == "agent"
    assert [name for name, _ in customer.send(text="A12345")] == ["accepted", "understood", "done"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": ""}, 422, "invalid_request"),
        ({"text": " \n\0"}, 422, "invalid_request"),
        ({"text": "x" * 20_001}, 413, "text_too_long"),
        ({"text": "hi", "client_key": "a b"}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ],
)
def test_answers_that_say_nothing_or_too_much_are_refused(
    client: TestClient, body: dict[str, Any], status: int, code: str
) -> None:
    clerk, customer = Clerk(client, "wang"), ask_for_a_person(client)
    clerk.do(customer, "take")
    assert clerk.do(customer, "messages", **body) == (status, code)
    assert [message["sender"] for message in customer.read()["messages"]] == ["customer", "assistant"]


def test_agents_see_what_the_model_saw_also_after_the_hand_over(client: TestClient) -> None:
    clerk, customer = Clerk(client, "wang"), Customer(client, "en")
    customer.send(text="please refund order A12345")
    clerk.do(customer, "take")
    customer.send(text="where is my parcel")
    found = clerk.read(customer)
    version = next(iter(client.app.state.services.models.served.values())).version  # type: ignore[attr-defined]
    asked = [message for message in found["messages"] if message["sender"] == "customer"]
    assert [(message["model"], message["model_version"]) for message in asked] == [("demo", version)] * 2
    understanding = asked[0]["understanding"]
    assert understanding["entities"][0]["value"] == "A12345"
    assert sum(intent["probability"] for intent in understanding["intents"]) == pytest.approx(1, abs=1e-3)
    assert found["labels"] == list(client.get("/v1/models").json()[0]["labels"])
    assert found["titles"]["refund"] == {"en": "A refund or a return", "zh": "退款退货"}
    assert (found["state"], found["taken_by"]) == ("taken", "wang")
    assert "understanding" not in customer.read()["messages"][0]


def test_a_label_is_corrected_and_taken_back(client: TestClient) -> None:
    wang, li, customer = Clerk(client, "wang"), Clerk(client, "li"), Customer(client, "en")
    customer.send(text=REFUND)
    asked, said = (message["message_id"] for message in customer.read()["messages"])
    labels = wang.read(customer)["labels"]

    def correction() -> str | None:
        return str(found) if (found := wang.read(customer)["messages"][0]["correction"]) else None

    before = wang.read(customer)["version"]
    assert wang.do(customer, f"messages/{asked}/correction", label=labels[0])[0] == 204
    assert li.do(customer, f"messages/{asked}/correction", label=labels[1])[0] == 204
    assert correction() == labels[1]
    assert wang.read(customer)["version"] == before + 2
    assert wang.do(customer, f"messages/{asked}/correction", label="no such") == (422, "unknown_label")
    assert wang.do(customer, f"messages/{said}/correction", label=labels[0]) == (404, "unknown_message")
    assert li.do(Customer(client), f"messages/{asked}/correction", label=labels[0]) == (404, "unknown_message")
    path = f"/v1/agent/conversations/{customer.id}/messages/{asked}/correction"
    assert [wang.client.delete(path).status_code for _ in range(2)] == [204, 204]
    assert correction() is None


def test_agents_see_pictures_of_the_conversation_alone(client: TestClient) -> None:
    clerk, customer, other = Clerk(client, "wang"), Customer(client), Customer(client)
    pixels = np.random.default_rng(1).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    customer.send(text="look", image=("photo.png", cv2.imencode(".png", pixels)[1].tobytes(), "image/png"))
    name = customer.read()["messages"][0]["image"]
    seen = clerk.client.get(f"/v1/agent/conversations/{customer.id}/media/{name}")
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
    assert clerk.client.get(f"/v1/agent/conversations/{other.id}/media/{name}").status_code == 404


def test_a_conversation_that_there_is_not_is_said(client: TestClient) -> None:
    clerk, customer = Clerk(client, "wang"), Customer(client)
    customer.client.delete(customer.path)
    for what, body in (("take", {}), ("messages", {"text": "hi"}), ("close", {})):
        assert clerk.do(customer, what, **body) == (404, "unknown_conversation")
    assert clerk.client.get(f"/v1/agent/conversations/{customer.id}").status_code == 404


def test_a_disabled_agent_is_out_and_the_conversation_waits_again(client: TestClient) -> None:
    wang, li, customer = Clerk(client, "wang"), Clerk(client, "li"), ask_for_a_person(client)
    wang.do(customer, "take")
    assistant_of(client).agents.disable("wang")
    assert wang.do(customer, "messages", text="Hello") == (401, "not_logged_in")
    assert of_id(li.queue(), customer)["state"] == "waiting"
    assert li.do(customer, "take")[0] == 200


def test_an_agent_who_is_disabled_in_the_moment_takes_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, customer = Clerk(client, "wang"), ask_for_a_person(client)

    def disabled(*given: object, **options: object) -> None:
        raise UnknownAgentError("wang")

    monkeypatch.setattr(Inbox, "take", disabled)
    assert clerk.do(customer, "take") == (401, "not_logged_in")
