"""Logins over HTTP, the dashboard, and what admins erase."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kefu.service.storage import Role

from ..asking import PASSWORD, REFUND, SHOP, Clerk, Customer, add_agent, assistant_of, browser_of, kept_in


@pytest.fixture
def make(make_client: Callable[..., TestClient], tmp_path: Path) -> Callable[..., TestClient]:
    def make(**settings: Any) -> TestClient:
        return make_client(shop=SHOP, **kept_in(tmp_path), hear=False, read_pictures=False, **settings)

    return make


@pytest.fixture
def client(make: Callable[..., TestClient]) -> TestClient:
    return make()


def test_a_login_is_a_cookie_and_a_token_of_the_page(client: TestClient) -> None:
    add_agent(client, "王芳", Role.ADMIN)
    browser = browser_of(client)
    answer = browser.post("/v1/agent/login", json={"name": "王芳", "password": PASSWORD})
    assert (answer.json()["name"], answer.json()["role"]) == ("王芳", "admin")
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/", "max-age=43200"} <= set(cookie.split("; "))
    assert answer.json()["csrf_token"] not in cookie
    assert answer.headers["cache-control"] == "no-store"
    assert browser.get("/v1/agent/me").json() == answer.json()
    assert browser.get("/v1/agent/me").headers["cache-control"] == "no-store"


def test_a_login_that_fails_is_told_in_the_same_words(client: TestClient) -> None:
    add_agent(client, "wang")
    add_agent(client, "li")
    assistant_of(client).agents.disable("li")
    wrong = [
        browser_of(client).post("/v1/agent/login", json={"name": name, "password": password})
        for name, password in (("wang", "wrong"), ("nobody", PASSWORD), ("li", PASSWORD))
    ]
    assert {answer.status_code for answer in wrong} == {401}
    assert len({answer.text for answer in wrong}) == 1
    assert wrong[0].json()["error"]["code"] == "wrong_login"
    assert not any("set-cookie" in answer.headers for answer in wrong)


def test_after_too_many_failures_one_is_told_how_long_to_wait(make: Callable[..., TestClient]) -> None:
    client = make(logins={"max_failures_of_name": 2})
    add_agent(client, "wang")
    for _ in range(2):
        client.post("/v1/agent/login", json={"name": "wang", "password": "wrong"})
    answer = client.post("/v1/agent/login", json={"name": "wang", "password": PASSWORD})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_logins")
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60


def test_the_password_is_not_in_the_log(client: TestClient, capfd: pytest.CaptureFixture[str]) -> None:
    add_agent(client, "wang")
    client.post("/v1/agent/login", json={"name": "wang", "password": PASSWORD})
    client.post("/v1/agent/login", json={"name": "wang", "password": PASSWORD, "more": PASSWORD})
    out, err = capfd.readouterr()
    assert PASSWORD not in out + err


def test_after_the_logout_the_cookie_is_worth_nothing(client: TestClient) -> None:
    clerk = Clerk(client, "wang")
    secret = clerk.client.cookies["kefu_agent"]
    assert clerk.client.post("/v1/agent/logout").status_code == 204
    assert "kefu_agent" not in clerk.client.cookies
    answer = browser_of(client).get("/v1/agent/me", headers={"Cookie": f"kefu_agent={secret}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_logged_in")


@pytest.mark.parametrize("token", [None, "", "wrong", "tokën"])
def test_who_writes_needs_the_token_of_the_login(client: TestClient, token: str | None) -> None:
    clerk, customer = Clerk(client, "wang"), Customer(client)
    del clerk.client.headers["X-CSRF-Token"]
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    refused = clerk.client.post(f"/v1/agent{customer.path.removeprefix('/v1')}/take", json={}, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "csrf")
    assert not customer.read()["handed_over"]
    assert clerk.client.post("/v1/agent/logout", headers=headers).status_code == 403


def test_the_token_of_another_login_does_not_count(client: TestClient) -> None:
    clerk, other, customer = Clerk(client, "wang"), Clerk(client, "li"), Customer(client)
    clerk.client.headers["X-CSRF-Token"] = other.client.headers["X-CSRF-Token"]
    assert clerk.do(customer, "take") == (403, "csrf")


def test_a_page_of_another_site_can_neither_log_in_nor_write(client: TestClient) -> None:
    clerk = Clerk(client, "wang")
    clerk.client.headers["Sec-Fetch-Site"] = "cross-site"
    answers = (
        clerk.client.post("/v1/agent/login", json={"name": "wang", "password": PASSWORD}),
        clerk.client.post("/v1/agent/logout"),
    )
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(403, "cross_site")] * 2


def test_a_name_that_no_database_holds_is_refused(client: TestClient) -> None:
    answer = client.post("/v1/agent/login", json={"name": "wa\0ng", "password": PASSWORD})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


def test_the_dashboard_is_for_admins(client: TestClient) -> None:
    Customer(client).send(text=REFUND)
    assert Clerk(client, "wang").client.get("/v1/agent/dashboard").json()["error"]["code"] == "not_admin"
    figures = Clerk(client, "li", Role.ADMIN).client.get("/v1/agent/dashboard", params={"days": 30}).json()
    assert len(figures["volume"]) == 30
    assert figures["volume"][-1]["messages"] == 2
    assert [model["model"] for model in figures["models"]] == ["demo"]
    assert figures["response_seconds"]["agent_first"] == {"p50": None, "p95": None}
    assert set(figures["containment"]) == {"ended", "contained", "satisfied", "handed_over", "abandoned", "rate"}


@pytest.mark.parametrize("all_of_customer", [False, True])
def test_admins_erase(client: TestClient, all_of_customer: bool) -> None:
    admin, clerk, customer, other = (
        Clerk(client, "li", Role.ADMIN),
        Clerk(client, "wang"),
        Customer(client),
        Customer(client),
    )
    second = customer.client.post("/v1/conversations", json={}).json()["conversation_id"]
    body = {"conversation_id": customer.id, "all_of_customer": all_of_customer}
    assert clerk.client.post("/v1/agent/erase", json=body).json()["error"]["code"] == "not_admin"
    assert admin.client.post("/v1/agent/erase", json=body).status_code == 204
    assert admin.client.post("/v1/agent/erase", json=body).json()["error"]["code"] == "unknown_conversation"
    found = [customer.client.get(f"/v1/conversations/{one}").status_code for one in (customer.id, second)]
    assert found == [404, 404 if all_of_customer else 200]
    assert other.read()["conversation_id"] == other.id


def test_an_admin_erases_a_conversation_by_its_own_path(client: TestClient) -> None:
    admin, clerk, customer = Clerk(client, "li", Role.ADMIN), Clerk(client, "wang"), Customer(client)
    assert clerk.client.delete(customer.path).status_code == 404
    token = admin.client.headers.pop("X-CSRF-Token")
    assert admin.client.delete(customer.path).json()["error"]["code"] == "csrf"
    assert admin.client.delete(customer.path, headers={"X-CSRF-Token": token}).status_code == 204
    assert customer.client.get(customer.path).status_code == 404
