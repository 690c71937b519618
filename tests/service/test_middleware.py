import asyncio
import json
import re

import pytest
from structlog.testing import capture_logs

from kefu.service.app import create_app
from kefu.service.middleware import LimitedBody

SECRET = "my card number is 1234"


def test_a_fitting_id_is_kept_and_another_replaced(client):
    assert client.get("/healthz", headers={"X-Request-ID": "order-7_a.b"}).headers["X-Request-ID"] == "order-7_a.b"
    ids = {
        client.get("/healthz", headers={"X-Request-ID": bad}).headers["X-Request-ID"] for bad in ("", "a b", "x" * 65)
    }
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", one) for one in ids)
    assert client.get("/nothing").headers["X-Request-ID"]


def test_a_request_is_logged_without_what_the_customer_says(client):
    with capture_logs() as logs:
        client.post("/v1/predict/text", json={"text": SECRET}, headers={"X-Request-ID": "abc"})
        client.post("/v1/predict", data={"text": SECRET}, files={"image": (SECRET, SECRET.encode())})
        client.post("/v1/predict/text", json={"text": [SECRET]})
        client.get(f"/v1/{SECRET}")
    assert [line["route"] for line in logs] == ["/v1/predict/text", "/v1/predict", "/v1/predict/text", "none"]
    assert [line["status"] for line in logs] == [200, 200, 422, 404]
    assert "1234" not in json.dumps(logs)


def test_a_defect_is_answered_and_logged_without_what_it_quotes(client, monkeypatch):
    async def fail(*args, **kwargs):
        raise ValueError(f"cannot read {SECRET}")

    monkeypatch.setattr(client.app.state.services.models, "predict", fail)
    with capture_logs() as logs:
        response = client.post("/v1/predict/text", json={"text": SECRET})
    assert (response.status_code, response.json()["error"]["code"]) == (500, "internal_error")
    assert response.headers["X-Request-ID"]
    assert "ValueError at test_middleware.py" in logs[0]["why"]
    assert "1234" not in json.dumps(logs) + response.text


@pytest.mark.parametrize("announced", [True, False])
def test_a_large_body_is_refused_before_it_has_arrived(make_settings, announced):
    app = create_app(make_settings(limits={"body_bytes": 1024}))
    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    headers += [(b"content-length", b"1000000")] if announced else []
    scope = {"type": "http", "method": "POST", "path": "/v1/predict", "query_string": b"", "headers": headers}
    asked, sent = [], []

    async def receive():
        asked.append(None)
        part = b"--b\r\ncontent-disposition: form-data; name=text\r\n\r\n" if len(asked) == 1 else b"x" * 400
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["error"]["code"] == "body_too_large"
    assert len(asked) == (0 if announced else 4)


def test_other_protocols_pass():
    seen = []

    async def inner(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(LimitedBody(inner, 1)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
