import asyncio
import json

import pytest

from kefu.service.errors import ServiceError, error_answer
from kefu.service.security.bodies import LimitedBody
from kefu.service.settings import ConnectionSettings, LimitSettings

FORM = b"multipart/form-data; boundary=b"
HEAD = b"--b\r\ncontent-disposition: form-data; name=%s\r\n\r\n"
FILE = b'--b\r\ncontent-disposition: form-data; name=%s; filename="a"\r\n\r\n'


def post(chunks, *, path="/v1/predict", limits=None, connections=None, app=None, **headers):
    """Send a body piece by piece; return the answer's status and error, and how many pieces were asked for."""
    left, sent, asked = list(chunks), [], []

    async def receive():
        asked.append(None)
        piece = left.pop(0) if left else None
        if isinstance(piece, float):
            await asyncio.sleep(piece)
            piece = b""
        elif piece is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message):
        sent.append(message)

    async def read_all(scope, receive, send):
        try:
            while (await receive())["more_body"]:
                pass
            await error_answer(200, "fine", "")(scope, receive, send)
        except ServiceError as error:
            await error_answer(error.status_code, error.code, error.detail)(scope, receive, send)

    raw = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw}
    limited = LimitedBody(app or read_all, limits or LimitSettings(), connections or ConnectionSettings())
    asyncio.run(limited(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])["error"]["code"], len(asked)


@pytest.mark.parametrize("announced", [True, False])
def test_a_large_body_is_refused_before_it_has_arrived(announced):
    headers = {"content_length": b"1000000"} if announced else {}
    chunks = [HEAD % b"text", *[b"x" * 400] * 10]
    found = post(chunks, limits=LimitSettings(body_bytes=1024), content_type=FORM, **headers)
    assert found == (413, "body_too_large", 0 if announced else 4)


def test_a_body_that_just_fits_is_taken():
    assert post([b"x" * 512, b"y" * 512], limits=LimitSettings(json_bytes=1024))[0] == 200
    assert post([b"x" * 512, b"y" * 513], limits=LimitSettings(json_bytes=1024))[:2] == (413, "body_too_large")


def test_only_forms_and_batches_may_be_large():
    limits = LimitSettings(json_bytes=1024, body_bytes=4096)
    large = [b" " * 2000]
    assert post(large, limits=limits, content_type=b"application/json")[0] == 413
    assert post(large, limits=limits, content_type=b"application/x-www-form-urlencoded")[0] == 413
    assert post(large, limits=limits)[0] == 413
    assert post(large, limits=limits, content_type=b"application/json", path="/v1/predict/batch")[0] == 200
    assert post([b" " * 5000], limits=limits, content_type=b"application/json", path="/v1/predict/batch")[0] == 413


@pytest.mark.parametrize(
    ("chunks", "status", "code"),
    [
        ([FILE % b"image", b"x" * 100, b"\r\n--b--"], 200, "fine"),
        ([FILE % b"image", b"x" * 60, b"x" * 41], 413, "image_too_large"),
        ([FILE % b"audio", b"x" * 201], 413, "audio_too_large"),
        ([HEAD % b"text", b"x" * 5000], 413, "text_too_long"),
        ([HEAD % b"image", b"x" * 5000], 413, "image_too_large"),
        ([FILE % b"other", b"x" * 5000], 413, "part_too_large"),
        ([HEAD % b"text", b"a\r\n", HEAD % b"text", b"b\r\n--b--"], 422, "duplicate_part"),
        ([*(HEAD % str(n).encode() + b"a\r\n" for n in range(33)), b"--b--"], 413, "too_many_parts"),
        ([*(HEAD % str(n).encode() + b"a\r\n" for n in range(32)), b"--b--"], 200, "fine"),
        ([b"no form at all"], 400, "bad_form"),
        ([b"--b\r\nx: " + b"y" * 100_000], 400, "bad_form"),
        ([b"--b\r\n" + b"x: y\r\n" * 100_000], 400, "bad_form"),
    ],
)
def test_parts_are_held_against_the_limits_while_they_arrive(chunks, status, code):
    limits = LimitSettings(image_bytes=100, audio_bytes=200, text_chars=100)
    assert post([*chunks, *[b"--"] * 5], limits=limits, content_type=FORM)[:2] == (status, code)


def test_a_large_part_is_refused_as_soon_as_it_is_too_large():
    chunks = [FILE % b"image", *[b"x" * 60] * 10]
    assert post(chunks, limits=LimitSettings(image_bytes=100), content_type=FORM) == (413, "image_too_large", 3)


@pytest.mark.parametrize("kind", [b"multipart/form-data", b"multipart/form-data; boundary=" + b"b" * 5000])
def test_a_form_needs_a_boundary(kind):
    assert post([b""], content_type=kind) == (400, "bad_form", 0)


@pytest.mark.parametrize("bracket", [b"[", b"{", b"1,"])
def test_json_of_many_small_items_is_refused(bracket):
    limits = LimitSettings(json_items=100)
    assert post([bracket * 60, bracket * 40], limits=limits, content_type=b"application/json")[0] == 200
    found = post([bracket * 60, bracket * 41], limits=limits, content_type=b"application/vnd.x+json; charset=utf-8")
    assert found[:2] == (413, "too_many_items")


@pytest.mark.parametrize("encoding", [b"gzip", b"identity, br", b"x"])
def test_compressed_bodies_are_not_taken(encoding):
    assert post([b"x"], content_encoding=encoding) == (415, "encoded_body", 0)


def test_a_body_that_is_sent_as_it_is_may_say_so():
    assert post([b"x"], content_encoding=b"Identity")[0] == 200


def test_a_body_that_trickles_is_given_up():
    slow = ConnectionSettings(body_seconds=0.5, body_bytes_per_second=1e6)
    assert post([b"x", 0.2, 0.2, 0.2], connections=slow)[:2] == (408, "too_slow")
    assert post([b"x", 0.1, 0.1], connections=slow)[0] == 200


def test_a_large_body_may_take_its_time():
    slow = ConnectionSettings(body_seconds=0.05, body_bytes_per_second=10_000)
    assert post([b"x" * 10_000, 0.1], connections=slow)[0] == 200


def test_after_its_body_a_client_may_wait_for_as_long_as_it_likes():
    async def listen(scope, receive, send):
        await receive()
        await receive()
        await error_answer(200, "fine", "")(scope, receive, send)

    async def call():
        ends = [0.0, 0.1]
        sent = []

        async def receive():
            await asyncio.sleep(ends.pop(0))
            return {"type": "http.request" if ends else "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        await LimitedBody(listen, LimitSettings(), ConnectionSettings(body_seconds=0.05))(scope, receive, send)
        return sent[0]["status"]

    assert asyncio.run(call()) == 200


def test_other_protocols_pass():
    seen = []

    async def inner(scope, receive, send):
        seen.append(scope["type"])

    limited = LimitedBody(inner, LimitSettings(), ConnectionSettings())
    asyncio.run(limited({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
