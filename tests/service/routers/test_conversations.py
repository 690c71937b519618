"""Talking with the assistant over HTTP."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from kefu.speech.synthesis import EspeakSynthesiser
from kefu.speech.wav import encode_wav

from ..asking import REFUND, SHOP, Customer, browser_of, kept_in, of

PRODUCTION = {"environment": "production", "open_predict": True}


@pytest.fixture
def client(make_client: Callable[..., TestClient], tmp_path: Path) -> TestClient:
    return make_client(shop=SHOP, **kept_in(tmp_path), hear=False, read_pictures=False)


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
    assert [name for name, _ in customer.send(text="hello?")] == ["accepted", "understood", "done"]
    assert [message["sender"] for message in customer.read()["messages"]] == ["customer", "assistant", "customer"]


def test_pictures_are_kept_for_their_conversation(client: TestClient, png: bytes) -> None:
    customer, stranger = Customer(client), Customer(client)
    customer.send(image=("photo.png", png, "image/png"), text="look")
    name = customer.read()["messages"][0]["image"]
    answer = customer.client.get(f"{customer.path}/media/{name}")
    assert (answer.content, answer.headers["content-type"]) == (png, "image/png")
    assert stranger.client.get(f"{stranger.path}/media/{name}").status_code == 404
    assert customer.client.get(f"{customer.path}/media/{'0' * 64}").status_code == 404


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
    answer = customer.client.post(f"{customer.path}/messages", data=parts, files=files)
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
    media = customer.client.get(f"{customer.path}/media/{accepted[0]['image']}")
    assert media.content.startswith(b"\x89PNG")
    assert b"secret" not in media.content
    assert media.headers["content-type"] == "image/png"
    assert media.headers["content-disposition"].startswith("attachment; filename=")
    assert "sandbox" in media.headers["content-security-policy"]
    assert media.headers["cache-control"] == "no-store"


def test_feedback_is_of_replies(client: TestClient) -> None:
    customer, stranger = Customer(client), Customer(client)
    message = of(customer.send(text=REFUND), "done")[0]["message_id"]
    assert (
        customer.client.post(f"{customer.path}/messages/{message}/feedback", json={"thumb": "down"}).status_code == 204
    )
    assert customer.read()["messages"][1]["thumb"] == "down"
    assert stranger.client.post(f"{stranger.path}/messages/{message}/feedback", json={"thumb": "up"}).status_code == 404
    assert customer.client.post(f"{customer.path}/messages/{message}/feedback", json={"thumb": "so"}).status_code == 422


def test_an_unknown_conversation_is_said_as_that_of_another(client: TestClient) -> None:
    customer, stranger = Customer(client), Customer(client)
    for path in ("/v1/conversations/nobody", customer.path):
        for answer in (
            stranger.client.get(path),
            stranger.client.delete(path),
            stranger.client.post(f"{path}/messages", data={"text": "hi"}),
            stranger.client.get(f"{path}/media/{'0' * 64}"),
            stranger.client.get(f"{path}/events"),
            stranger.client.post(f"{path}/messages/x/feedback", json={"thumb": "up"}),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_conversation")


def test_the_token_is_a_cookie_that_no_script_reads_and_no_other_site_sends(client: TestClient) -> None:
    begun = browser_of(client).post("/v1/conversations", json={})
    cookie = begun.headers["set-cookie"].lower()
    assert cookie.startswith(f"kefu_customer={begun.json()['customer_token']};".lower())
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    assert "secure" not in cookie
    secure = browser_of(client)
    secure.base_url = "https://testserver"  # type: ignore[assignment]
    assert "; secure" in secure.post("/v1/conversations", json={}).headers["set-cookie"].lower()


def test_cookies_are_secure_in_production(make_client: Callable[..., TestClient], tmp_path: Path) -> None:
    client = make_client(shop=SHOP, **kept_in(tmp_path), hear=False, read_pictures=False, **PRODUCTION)
    assert "; secure" in client.post("/v1/conversations", json={}).headers["set-cookie"].lower()


def test_a_customer_keeps_the_token_for_further_conversations(client: TestClient) -> None:
    customer = Customer(client)
    again = customer.client.post("/v1/conversations", json={}).json()
    assert again["customer_token"] == customer.token
    assert again["conversation_id"] != customer.id
    assert customer.read()["messages"] == []


def test_programs_send_the_token_as_a_header(client: TestClient) -> None:
    customer, program = Customer(client), browser_of(client)
    assert program.get(customer.path, headers={"Authorization": f"Bearer {customer.token}"}).status_code == 200
    assert program.get(customer.path, headers={"Authorization": customer.token}).status_code == 404
    assert program.get(customer.path, headers={"Authorization": f"Basic {customer.token}"}).status_code == 404


@pytest.mark.parametrize("weak", ["1234", "x" * 42, "x" * 44, "x" * 42 + "!"])
def test_a_token_that_can_be_guessed_is_not_taken(client: TestClient, weak: str) -> None:
    answer = browser_of(client).post("/v1/conversations", json={}, headers={"Authorization": f"Bearer {weak}"})
    assert answer.json()["customer_token"] != weak
    assert len(answer.json()["customer_token"]) == 43


def test_the_database_does_not_hold_the_token(client: TestClient, tmp_path: Path) -> None:
    customer = Customer(client)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("kefu.db*"))
    assert customer.id.encode() in kept
    assert customer.token.encode() not in kept


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [
        ({}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Origin": "http://testserver"}, False),
        ({"Origin": "http://evil.example"}, True),
        ({"Origin": "http://testserver.evil.example"}, True),
        ({"Origin": "null"}, True),
    ],
)
def test_pages_of_other_sites_cannot_write(client: TestClient, headers: dict[str, str], is_refused: bool) -> None:
    customer = Customer(client)
    sent = customer.client.post(f"{customer.path}/messages", data={"text": REFUND}, headers=headers)
    begun = customer.client.post("/v1/conversations", json={}, headers=headers)
    if is_refused:
        assert [answer.status_code for answer in (sent, begun)] == [403, 403]
        assert sent.json()["error"]["code"] == "cross_site"
        assert customer.read()["messages"] == []
    else:
        assert [answer.status_code for answer in (sent, begun)] == [200, 201]
    assert customer.client.get(customer.path, headers=headers).status_code == 200


def test_what_is_erased_is_gone(client: TestClient, png: bytes, tmp_path: Path) -> None:
    customer, other = Customer(client), Customer(client)
    for one in (customer, other):
        one.send(text="look", image=("photo.png", png, "image/png"))
    customer.send(text="mine", image=("other.png", png + b"more", "image/png"))
    name = other.read()["messages"][0]["image"]
    assert customer.client.delete(customer.path).status_code == 204
    assert customer.client.get(customer.path).status_code == 404
    assert customer.client.delete(customer.path).status_code == 404
    assert other.client.get(f"{other.path}/media/{name}").content == png
    assert [path.name for path in tmp_path.glob("media/*/*")] == [name]


def test_all_of_a_customer_is_erased(client: TestClient) -> None:
    customer, other = Customer(client), Customer(client)
    second = customer.client.post("/v1/conversations", json={}).json()["conversation_id"]
    assert browser_of(client).delete("/v1/customer").json()["error"]["code"] == "no_customer_token"
    bearer = {"Authorization": f"Bearer {customer.token}"}
    erased = customer.client.delete("/v1/customer")
    assert (erased.status_code, customer.client.cookies.get("kefu_customer")) == (204, None)
    for conversation in (customer.id, second):
        assert client.get(f"/v1/conversations/{conversation}", headers=bearer).status_code == 404
    assert other.read()["conversation_id"] == other.id


def test_zeros_are_no_text(client: TestClient) -> None:
    customer = Customer(client, "en")
    customer.send(text="refund\0 please")
    assert customer.read()["messages"][0]["text"] == "refund please"


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
    spoken = customer.client.get(of(events, "sentence")[0]["speech_url"])
    assert (spoken.headers["content-type"], spoken.content[:4]) == ("audio/wav", b"RIFF")
    assert customer.client.get(of(events, "sentence")[0]["speech_url"].replace("/0.wav", "/99.wav")).status_code == 404
    kept = customer.client.get(f"{customer.path}/media/{customer.read()['messages'][0]['audio']}")
    assert kept.headers["content-type"] == "audio/wav"
    noise = customer.client.post(f"{customer.path}/messages", files={"audio": ("x", b"no recording", "audio/webm")})
    assert (noise.status_code, noise.json()["error"]["code"]) == (422, "no_recording")
    assert len(customer.read()["messages"]) == 2


def test_a_service_that_does_not_hear_says_so(client: TestClient) -> None:
    assert not client.get("/v1/shop").json()["hears"]
    customer = Customer(client)
    refused = customer.client.post(f"{customer.path}/messages", files={"audio": ("x", b"RIFF", "audio/wav")})
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
