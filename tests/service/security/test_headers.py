import pytest


@pytest.fixture
def production(make_client):
    return make_client(environment="production", open_predict=True)


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/openapi.json", "/v1/models", "/v1/nothing", "/healthz"])
def test_every_answer_is_guarded(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers
    assert len(headers.get_list("x-content-type-options")) == 1


def test_what_is_no_page_is_put_in_a_sandbox_and_stored_nowhere(client):
    headers = client.get("/v1/models").headers
    assert "sandbox" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "sandbox" not in client.get("/").headers["content-security-policy"]
    assert client.get("/").headers["cache-control"] == "no-cache"


def test_refusals_and_defects_are_guarded_too(make_client, monkeypatch):
    client = make_client(api_keys={"shop": "q8Zk2vP0rT5mX7yB3nW9cL4d"})
    assert client.get("/v1/models").headers["x-content-type-options"] == "nosniff"
    monkeypatch.setattr("kefu.service.routers.page._FILES", {})
    response = client.get("/")
    assert response.status_code == 500
    assert "x-request-id" in response.headers


def test_in_production_browsers_come_by_https_alone(production):
    assert production.get("/").headers["strict-transport-security"].startswith("max-age=31536000")
