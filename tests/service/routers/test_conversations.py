"""Talking with the assistant over HTTP."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from kefu.speech.synthesis import EspeakSynthesiser
from kefu.speech.wav import encode_wav

SHOP = Path(__file__).parents[3] / "conf/assistant/demo"
REFUND = "A refund or a return"


class Customer:
    """Somebody who talks with the assistant."""

    def __init__(self, client: TestClient, language: str | None = None) -> None:
        self.client = client
        begun = client.post("/v1/conversations", json={"language": language}).json()
        self.path = f"/v1/conversations/{begun['conversation_id']}"

    def send(self, **parts: Any) -> list[tuple[str, dict[str, Any]]]:
        files = {name: parts.pop(name) for name in ("image", "audio") if name in parts}
        answer = self.client.post(f"{self.path}/messages", data=parts, files=files)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(read_events(answer.text))

    def read(self) -> dict[str, Any]:
        return dict(self.client.get(self.path).json())


def read_events(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def of(events: list[tuple[str, dict[str, Any]]], name: str) -> list[dict[str, Any]]:
    return [data for found, data in events if found == name]


@pytest.fixture
def client(make_client: Callable[..., TestClient], tmp_path: Path) -> TestClient:
    return make_client(shop=SHOP, **kept_in(tmp_path), hear=False, read_pictures=False)


def kept_in(folder: Path) -> dict[str, Any]:
    return {"storage": f"sqlite:///{folder}/kefu.db", "media": folder / "media"}


@pytest.fixture
def png() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.mark.parametrize(("language", "title"), [("en", REFUND), ("zh", "退款退货")])
def test_a_matter_is_settled(client: TestClient, language: str, title: str) -> None:
    customer = Customer(client)
    events = customer.send(text=title)
    assert of(events, "understood")[0]["language"] == language
    sentences = of(events, "sentence")
    assert [sentence["index"] for sentence in sentences] == list(range(len(sentences)))
    assert any(sentence["citations"] for sentence in sentences)
    events = customer.send(text="A12345")
    while not of(events, "action"):  # whatever else the playbook asks for
        events = customer.send(text=of(events, "suggestions")[0]["texts"][0])
    assert of(events, "action")[0]["status"] == "proposed"
    assert "A12345" in of(events, "action")[0]["details"]
    done = customer.send(text="yes" if language == "en" else "好的")
    assert of(done, "action")[0]["status"] == "confirmed"


def test_the_transcript_is_what_was_streamed(client: TestClient) -> None:
    customer = Customer(client)
    events = customer.send(text=REFUND)
    asked, said = customer.read()["messages"]
    assert (asked["sender"], asked["text"]) == ("customer", REFUND)
    assert said["sentences"] == of(events, "sentence")
    assert said["message_id"] == of(events, "done")[0]["message_id"]


def test_citations_lead_to_articles(client: TestClient) -> None:
    sentences = of(Customer(client).send(text=REFUND), "sentence")
    cited = next(sentence["citations"][0] for sentence in sentences if sentence["citations"])
    article = client.get(f"/v1/articles/{cited}", params={"language": "zh"}).json()
    assert (article["article_id"], article["language"]) == (cited, "zh")
    assert client.get("/v1/articles/no/such").status_code == 404


def test_a_person_takes_over_and_the_assistant_is_silent(client: TestClient) -> None:
    customer = Customer(client, "en")
    events = customer.send(text="I want to talk to a person")
    assert of(events, "hand_over") == [{"reason": "asked"}]
    assert customer.read()["handed_over"]
    assert of(customer.send(text="hello?"), "sentence") == []


def test_pictures_are_kept_for_their_conversation(client: TestClient, png: bytes) -> None:
    customer, stranger = Customer(client), Customer(client)
    customer.send(image=("photo.png", png, "image/png"), text="look")
    name = customer.read()["messages"][0]["image"]
    answer = client.get(f"{customer.path}/media/{name}")
    assert (answer.content, answer.headers["content-type"]) == (png, "image/png")
    assert client.get(f"{stranger.path}/media/{name}").status_code == 404
    assert client.get(f"{customer.path}/media/{'0' * 64}").status_code == 404


@pytest.mark.parametrize(
    ("parts", "files", "status", "code"),
    [
        ({}, {}, 422, "nothing_given"),
        ({"text": "x" * 20_001}, {}, 413, "text_too_long"),
        ({"text": "hi", "language": "fr"}, {}, 422, "invalid_request"),
        ({"text": "hi", "client_key": "a b"}, {}, 422, "invalid_request"),
        ({}, {"image": ("x.png", b"no picture at all", "image/png")}, 422, "no_picture"),
        ({}, {"image": ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")}, 422, "no_picture"),
    ],
)
def test_bad_messages_are_refused_and_not_kept(
    client: TestClient, parts: dict[str, str], files: dict[str, Any], status: int, code: str
) -> None:
    customer = Customer(client)
    answer = client.post(f"{customer.path}/messages", data=parts, files=files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert customer.read()["messages"] == []


def test_a_broken_picture_is_said_and_the_text_answered(client: TestClient, png: bytes) -> None:
    customer = Customer(client, "en")
    events = customer.send(image=("photo.png", png[: len(png) // 2], "image/png"), text=REFUND)
    assert "cannot be opened" in of(events, "sentence")[0]["text"]
    assert len(of(events, "sentence")) > 1
    assert customer.read()["messages"][0]["image"] is None


def test_a_picture_is_kept_without_what_else_is_in_its_file(client: TestClient, png: bytes) -> None:
    customer = Customer(client, "en")
    accepted = of(customer.send(image=("photo.png", png + b"<script>secret</script>", "image/png")), "accepted")
    media = client.get(f"{customer.path}/media/{accepted[0]['image']}")
    assert media.content.startswith(b"\x89PNG")
    assert b"secret" not in media.content
    assert media.headers["content-type"] == "image/png"
    assert media.headers["content-disposition"].startswith("attachment; filename=")
    assert "sandbox" in media.headers["content-security-policy"]
    assert media.headers["cache-control"] == "no-store"


def test_feedback_is_of_replies(client: TestClient) -> None:
    customer, stranger = Customer(client), Customer(client)
    message = of(customer.send(text=REFUND), "done")[0]["message_id"]
    assert client.post(f"{customer.path}/messages/{message}/feedback", json={"thumb": "down"}).status_code == 204
    assert customer.read()["messages"][1]["thumb"] == "down"
    assert client.post(f"{stranger.path}/messages/{message}/feedback", json={"thumb": "up"}).status_code == 404
    assert client.post(f"{customer.path}/messages/{message}/feedback", json={"thumb": "so"}).status_code == 422


def test_an_unknown_conversation_is_said(client: TestClient) -> None:
    for answer in (
        client.get("/v1/conversations/nobody"),
        client.post("/v1/conversations/nobody/messages", data={"text": "hi"}),
        client.get(f"/v1/conversations/nobody/media/{'0' * 64}"),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["code"].startswith("unknown_")


def test_a_message_sent_twice_is_answered_once(client: TestClient) -> None:
    customer = Customer(client)
    first, again = (customer.send(text=REFUND, client_key="k1") for _ in range(2))
    assert of(first, "done") == of(again, "done")
    assert len(customer.read()["messages"]) == 2


def test_customers_words_are_not_in_the_log(client: TestClient, capfd: pytest.CaptureFixture[str]) -> None:
    Customer(client).send(text="my secret is 4711")
    out, err = capfd.readouterr()
    assert "4711" not in out + err


def test_a_recording_is_heard_answered_and_spoken_to(make_client: Callable[..., TestClient], tmp_path: Path) -> None:
    client = make_client(shop=SHOP, **kept_in(tmp_path), chinese_speech=tmp_path, read_pictures=False)
    assert client.get("/v1/shop").json()["hears"]
    wav = encode_wav(*EspeakSynthesiser().speak("where is my parcel", "en"))
    customer = Customer(client)
    events = customer.send(audio=("recording", wav, "audio/wav"), language="en")
    assert "parcel" in of(events, "understood")[0]["heard"]["text"].lower()
    spoken = client.get(of(events, "sentence")[0]["speech_url"])
    assert (spoken.headers["content-type"], spoken.content[:4]) == ("audio/wav", b"RIFF")
    assert client.get(of(events, "sentence")[0]["speech_url"].replace("/0.wav", "/99.wav")).status_code == 404
    kept = client.get(f"{customer.path}/media/{customer.read()['messages'][0]['audio']}")
    assert kept.headers["content-type"] == "audio/wav"
    noise = client.post(f"{customer.path}/messages", files={"audio": ("x", b"no recording", "audio/webm")})
    assert (noise.status_code, noise.json()["error"]["code"]) == (422, "no_recording")
    assert len(customer.read()["messages"]) == 2


def test_a_service_that_does_not_hear_says_so(client: TestClient) -> None:
    assert not client.get("/v1/shop").json()["hears"]
    customer = Customer(client)
    refused = client.post(f"{customer.path}/messages", files={"audio": ("x", b"RIFF", "audio/wav")})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "no_ears")


def test_text_in_a_picture_is_read(make_client: Callable[..., TestClient], tmp_path: Path) -> None:
    client = make_client(shop=SHOP, **kept_in(tmp_path), hear=False)
    pixels = np.full((120, 420, 3), 245, dtype=np.uint8)
    cv2.putText(pixels, "Order A48213", (20, 75), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 3)
    events = Customer(client).send(image=("label.png", cv2.imencode(".png", pixels)[1].tobytes(), "image/png"))
    understood = of(events, "understood")[0]
    assert understood["picture"]["lines"] == ["Order A48213"]
    assert [entity["value"] for entity in understood["entities"]] == ["A48213"]


def test_without_a_shop_there_is_no_assistant(make_client: Callable[..., TestClient]) -> None:
    client = make_client()
    answer = client.post("/v1/conversations", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_assistant")
    assert client.post("/v1/predict/text", json={"text": "refund"}).status_code == 200
