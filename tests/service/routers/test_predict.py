import base64

import cv2
import numpy as np
import pytest

from kefu.predictor import Predictor, RawTicket
from kefu.service.models import BatcherClosedError, QueueFullError

OLD = "2026-01-01T00.00.00.000Z"
PNG = cv2.imencode(".png", np.random.default_rng(7).integers(0, 256, (40, 48, 3), dtype=np.uint8))[1].tobytes()

NO_FILE_CHOSEN = {  # as browsers send it
    "content": b'--b\r\nContent-Disposition: form-data; name="image"; filename=""\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n",
    "headers": {"content-type": "multipart/form-data; boundary=b"},
}


def error_of(response):
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message"}
    return response.status_code, response.json()["error"]["code"]


def test_every_way_of_asking_gives_what_the_predictor_says(client, bundle):
    image = ("a.png", PNG)
    asked = {
        ("text",): client.post("/v1/predict/text", json={"text": "where is my refund"}),
        ("image",): client.post("/v1/predict/image", files={"image": image}),
        ("image", "text"): client.post("/v1/predict", data={"text": "登录不了"}, files={"image": image}),
        (): client.post("/v1/predict/audio", files={"audio": ("a.wav", b"RIFF")}),
    }
    tickets = [RawTicket("where is my refund"), RawTicket(image=PNG), RawTicket("登录不了", PNG), RawTicket(audio=b"R")]
    for (used, response), expected in zip(asked.items(), Predictor.load(bundle).predict_raw(tickets), strict=True):
        assert response.status_code == 200, response.text
        found = response.json()
        assert (found["model"], found["version"]) == ("demo", OLD)
        assert found["label"] == expected.label
        assert found["probabilities"] == pytest.approx(expected.probabilities, rel=1e-4)
        assert found["used"] == list(used)
        assert found["not_used"] == expected.not_used
        assert found["label_set"] == list(expected.label_set)


def test_several_tickets_in_their_order_and_one_at_fault_by_itself(client):
    image = base64.b64encode(PNG).decode()
    tickets = [{"ticket_id": "1", "text": "hello there"}, {"ticket_id": "2"}, {"image": image, "text": "我要退款"}]
    response = client.post("/v1/predict/batch", json={"tickets": tickets})
    assert response.status_code == 200, response.text
    first, second, third = response.json()["predictions"]
    assert (first["ticket_id"], second["ticket_id"], third["ticket_id"]) == ("1", "2", None)
    assert first["prediction"]["used"] == ["text"]
    assert (second["prediction"], second["error"]["code"]) == (None, "nothing_given")
    assert third["prediction"]["used"] == ["image", "text"]


def test_many_pictures_at_once_are_not_too_many(make_client):
    client = make_client(threads={"media": 2, "max_media": 2})
    image = base64.b64encode(PNG).decode()
    response = client.post("/v1/predict/batch", json={"tickets": [{"image": image}] * 9})
    assert [one["prediction"]["used"] for one in response.json()["predictions"]] == [["image"]] * 9


def test_a_ticket_that_the_model_fails_on_is_told_by_itself(client, monkeypatch):
    clean = Predictor.clean_raw

    def fail(self, ticket):
        if ticket.text == "bad":
            raise RuntimeError("bad")
        return clean(self, ticket)

    monkeypatch.setattr(Predictor, "clean_raw", fail)
    response = client.post("/v1/predict/batch", json={"tickets": [{"text": "good one"}, {"text": "bad"}]})
    good, bad = response.json()["predictions"]
    assert good["prediction"]["label"]
    assert bad["error"] == {"code": "internal_error", "message": "the model failed on this ticket"}
    assert error_of(client.post("/v1/predict/text", json={"text": "bad"})) == (500, "internal_error")


@pytest.mark.parametrize(
    ("path", "request_", "expected"),
    [
        ("/v1/predict", {"data": {"text": ""}}, (422, "nothing_given")),
        ("/v1/predict", NO_FILE_CHOSEN, (422, "nothing_given")),
        ("/v1/predict/text", {"json": {"text": ""}}, (422, "invalid_request")),
        ("/v1/predict/text", {"json": {"texts": "a"}}, (422, "invalid_request")),
        (
            "/v1/predict/text",
            {"content": b"{", "headers": {"content-type": "application/json"}},
            (422, "invalid_request"),
        ),
        ("/v1/predict/image", {"data": {"image": "no file"}}, (422, "invalid_request")),
        ("/v1/predict/text?model=x", {"json": {"text": "a"}}, (404, "unknown_model")),
        ("/v1/predict/batch", {"json": {"tickets": []}}, (422, "invalid_request")),
        ("/v1/predict/batch", {"json": {"tickets": [{"image": "%"}]}}, (422, "invalid_request")),
        ("/v1/predict/nothing", {"json": {}}, (404, "not_found")),
    ],
)
def test_mistakes_have_one_form(client, path, request_, expected):
    assert error_of(client.post(path, **request_)) == expected


def test_mistakes_do_not_quote_the_customer(client):
    response = client.post("/v1/predict/text", json={"text": ["my secret"]})
    assert error_of(response) == (422, "invalid_request")
    assert "secret" not in response.text


def test_other_methods_are_told(client):
    assert error_of(client.get("/v1/predict")) == (405, "method_not_allowed")


@pytest.mark.parametrize(("error", "code"), [(QueueFullError(), "busy"), (BatcherClosedError(), "stopping")])
def test_a_full_service_says_when_to_come_back(client, monkeypatch, error, code):
    async def refuse(*args, **kwargs):
        raise error

    monkeypatch.setattr(client.app.state.services.models, "predict", refuse)
    for response in (
        client.post("/v1/predict/text", json={"text": "hello"}),
        client.post("/v1/predict/batch", json={"tickets": [{"text": "hello"}]}),
    ):
        assert error_of(response) == (503, code)
        assert int(response.headers["Retry-After"]) >= 1


def test_the_traffic_is_shared_out_by_the_id_of_the_request(make_client, models):
    client = make_client(models={"old": {"folder": models, "share": 1}, "new": {"folder": models, "share": 1}})

    def ask(key):
        return client.post("/v1/predict/text", json={"text": "hello"}, headers={"X-Request-ID": key}).json()["model"]

    chosen = [ask(str(number)) for number in range(20)]
    assert set(chosen) == {"old", "new"}
    assert chosen == [ask(str(number)) for number in range(20)]
