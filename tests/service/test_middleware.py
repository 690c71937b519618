import json
import re

from structlog.testing import capture_logs

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
