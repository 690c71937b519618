"""Requests that nobody sends by accident, as the bytes that go over the connection."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator

from hostile_pictures import ENTITIES, MARK, png

Request = tuple[str, bytes, frozenset[int]]
"""A name, the request, and the statuses that it may be answered with; none: the connection is closed without a word."""

_HELLO = json.dumps({"text": "hello"}).encode()
_JSON = "application/json"
_PART = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
_END = b"--b--\r\n"


def make_requests() -> Iterator[Request]:
    """Yield all of them."""
    yield from _json()
    yield from _forms()
    yield from _paths()
    yield from _heads()


def request(method: str, path: str, body: bytes = b"", kind: str = "", *headers: str) -> bytes:
    """Return a request that ends its connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: shop", "Connection: close", *headers]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"Content-Length: {len(body)}"] if body or method == "POST" else []
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def _post(name: str, body: bytes, *statuses: int, path: str = "/v1/predict/text", kind: str = _JSON) -> Request:
    return name, request("POST", path, body, kind), frozenset(statuses)


def _json() -> Iterator[Request]:
    yield _post("json_nested_lists", b"[" * 90_000, 400, 422)
    yield _post("json_nested_objects", b'{"text":' * 90_000, 400, 422)
    yield _post("json_nested_in_a_field", b'{"text":' + b"[" * 40_000 + b"]" * 40_000 + b"}", 400, 422)
    yield _post("json_many_items", b"[" + b"0," * 200_000 + b"0]", 413)
    yield _post("json_large", b'{"text": "' + b"x" * 2_000_000 + b'"}', 413)
    yield _post("json_long_text", json.dumps({"text": "x" * 30_000}).encode(), 413)
    yield _post("json_large_number", b'{"text": ' + b"9" * 500_000 + b"}", 400, 422)
    yield _post("json_nan", b'{"text": NaN}', 422)
    yield _post("json_infinite", b'{"text": -Infinity, "more": 1e999}', 422)
    yield _post("json_half_a_pair", b'{"text": "\\ud800"}', 422)
    yield _post("json_nul", b'{"text": "a\\u0000b"}', 200)
    yield _post("json_not_utf8", b'{"text": "\xff\xfe\xfd"}', 400, 422)
    yield _post("json_utf16", json.dumps({"text": "hello"}).encode("utf-16"), 200, 400, 422)
    yield _post("json_in_a_charset_that_is_none", _HELLO, 200, kind="application/json; charset=utf-7-evil")
    yield _post("json_twice_the_same_key", b'{"text": "a", "text": 7}', 422)
    yield _post("json_many_keys", b"{" + b",".join(b'"k%d":0' % n for n in range(50_000)) + b"}", 422)
    yield _post("json_prototype", b'{"text": "a", "__proto__": {"admin": true}}', 422)
    yield _post("json_cut_off", b'{"text": "a', 422)
    yield _post("json_nothing", b"", 422)
    yield _post("json_called_text", _HELLO, 422, kind="text/plain")
    yield _post("json_without_kind", _HELLO, 422, kind="")
    yield _post("xml_entities_as_body", ENTITIES, 422, kind="application/xml")
    yield _post("pickle", b"cos\nsystem\n(S'id'\ntR.", 422, kind="application/x-python-pickle")
    yield _post("batch_of_nothing", json.dumps({"tickets": [{}] * 200_000}).encode(), 413, path="/v1/predict/batch")
    yield _post(
        "batch_of_too_many", json.dumps({"tickets": [{"text": "a"}] * 1_000}).encode(), 413, path="/v1/predict/batch"
    )
    yield _post("batch_not_base64", b'{"tickets": [{"image": "%s"}]}' % (b"*" * 1_000), 422, path="/v1/predict/batch")
    bomb = base64.b64encode(png(60_000, 60_000, zlib.compress(b"\0" * 1_000))).decode()
    yield _post(
        "batch_of_bombs", json.dumps({"tickets": [{"image": bomb}] * 64}).encode(), 200, path="/v1/predict/batch"
    )
    yield _post(
        "begin_nested", b'{"language": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, 422, path="/v1/conversations"
    )
    for encoding, body in (("gzip", gzip.compress(b"\0" * 10**7)), ("deflate", zlib.compress(_HELLO)), ("br", b"\x8b")):
        encoded = request("POST", "/v1/predict/text", body, _JSON, f"Content-Encoding: {encoding}")
        yield f"json_in_{encoding}", encoded, frozenset({415})
    yield _post("json_in_gzip_unsaid", gzip.compress(b"\0" * 10**7), 400, 422)


def _form(name: str, body: bytes, *statuses: int, kind: str = "multipart/form-data; boundary=b") -> Request:
    return _post(name, body, *statuses, path="/v1/predict", kind=kind)


def _file(name: bytes, disposition: bytes = b"", content: bytes = b"x") -> bytes:
    return _PART % (name, disposition, content)


def _forms() -> Iterator[Request]:
    text = _file(b"text", b"", b"where is my refund")
    yield _form("form_without_boundary", text + _END, 400, kind="multipart/form-data")
    yield _form(
        "form_with_a_long_boundary", b"--" + b"b" * 9_000, 400, kind="multipart/form-data; boundary=" + "b" * 9_000
    )
    yield _form("form_with_an_empty_boundary", text + _END, 400, 422, kind="multipart/form-data; boundary=")
    yield _form("form_of_another_boundary", text.replace(b"--b", b"--c") + b"--c--", 400)
    yield _form("form_of_many_fields", b"".join(_file(b"f%d" % n) for n in range(5_000)) + _END, 413)
    yield _form("form_of_many_files", b"".join(_file(b"f%d" % n, b'; filename="a"') for n in range(5_000)) + _END, 413)
    yield _form("form_of_twice_the_same", text + text + _END, 422)
    yield _form("form_of_two_pictures", _file(b"image", b'; filename="a"') * 2 + _END, 422)
    yield _form("form_cut_off", text[:-20], 400, 422)
    yield _form("form_without_end", text, 200, 400, 422)
    yield _form("form_of_nothing", b"", 400, 422)
    yield _form("form_of_its_end", _END, 400, 422)
    yield _form("form_part_without_name", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + _END, 400)
    yield _form("form_part_without_headers", b"--b\r\n\r\nx\r\n" + _END, 400)
    yield _form("form_part_of_a_large_header", b"--b\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n" + _END, 400)
    yield _form("form_part_of_many_headers", b"--b\r\n" + b"X: x\r\n" * 100_000 + b"\r\n" + _END, 400)
    yield _form("form_of_a_large_text", _file(b"text", b"", b"x" * 1_000_000) + _END, 413)
    yield _form("form_of_a_large_picture", _file(b"image", b'; filename="a"', b"x" * 11_000_000) + _END, 413)
    yield _form("form_of_a_large_unknown", _file(b"evil", b'; filename="a"', b"x" * 1_000_000) + _END, 413)
    yield _form("form_text_of_another_charset", text + _END, 200, kind="multipart/form-data; boundary=b; charset=utf-7")
    yield _form("form_text_of_no_charset", text + _END, 200, kind="multipart/form-data; boundary=b; charset=evil")
    yield _form("form_text_not_utf8", _file(b"text", b"", b"\xff\xfe\xfd") + _END, 200)
    yield _form("form_text_of_nul", _file(b"text", b"", b"\0\0\0") + _END, 422)
    yield _form("form_nested", _file(b"text", b"", b"--c\r\n" * 1_000) + _END, 200)
    yield _form("form_encoded_large", b"text=" + b"%41" * 700_000, 413, kind="application/x-www-form-urlencoded")
    yield _form(
        "form_encoded_many",
        b"&".join(b"f%d=1" % n for n in range(50_000)),
        400,
        kind="application/x-www-form-urlencoded",
    )
    yield _form("form_encoded_files", b"image=x&audio=y", 422, kind="application/x-www-form-urlencoded")
    for number, name in enumerate(
        (
            b"../../../../etc/passwd",
            b"/etc/passwd",
            b"C:\\\\windows\\\\win.ini",
            b"a\0.png",
            b"a\\r\\nSet-Cookie: a=b",
            b"",
        )
    ):
        disposition = b'; filename="%s"' % name
        yield _form(f"form_file_name_{number}", text + _file(b"image", disposition) + _END, 200, 400)
    yield _form("form_file_name_long", text + _file(b"image", b'; filename="%s"' % (b"a" * 200_000)) + _END, 400)
    yield _form(
        "form_file_name_encoded", text + _file(b"image", b"; filename*=UTF-8''%2e%2e%2fa") + _END, 200, 400, 422
    )


def _paths() -> Iterator[Request]:
    hidden = (
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%5c..%5cwin.ini",
        "%00",
        "%c0%ae%c0%ae%2fa",
        "a" * 9_000,
    )
    for number, name in enumerate(hidden):
        yield f"static_path_{number}", request("GET", f"/static/{name}"), frozenset({404, 400})
        yield f"media_path_{number}", request("GET", f"/v1/conversations/abc/media/{name}"), frozenset({404, 422, 400})
        yield f"article_path_{number}", request("GET", f"/v1/articles/{name}"), frozenset({404, 422, 400})
        yield f"conversation_path_{number}", request("GET", f"/v1/conversations/{name}"), frozenset({404, 422, 400})
    body = (_HELLO, _JSON)
    yield "model_of_a_path", request("POST", "/v1/predict/text?model=../../etc/passwd", *body), frozenset({404})
    yield "model_of_a_long_name", request("POST", f"/v1/predict/text?model={'m' * 9_000}", *body), frozenset({404})
    yield "speech_of_a_large_number", request("GET", f"/v1/speech/abc/{'9' * 5_000}.wav"), frozenset({404, 422})
    yield "another_host_in_the_path", request("GET", "http://127.0.0.1:9/healthz"), frozenset({200, 400, 404})
    yield "two_slashes", request("GET", "//v1/models"), frozenset({404})


def _heads() -> Iterator[Request]:
    yield "header_large", request("GET", "/healthz", b"", "", "X-A: " + "a" * 100_000), frozenset({431})
    yield "header_many", request("GET", "/healthz", b"", "", *["X-A: a"] * 3_000), frozenset({431})
    yield "header_without_end", b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 300_000, frozenset({431})
    yield "header_of_nul", request("GET", "/healthz", b"", "", "X-A: a\0b"), frozenset({400})
    yield "header_without_colon", request("GET", "/healthz", b"", "", "evil"), frozenset({400})
    yield "header_folded", request("GET", "/healthz", b"", "", "X-A: a\r\n b"), frozenset({200, 400})
    yield "cookie_large", request("GET", "/v1/shop", b"", "", "Cookie: kefu_customer=" + "a" * 20_000), frozenset({200})
    yield "cookie_of_noise", request("GET", "/v1/shop", b"", "", 'Cookie: =;;,\x7f"=kefu'), frozenset({200, 400})
    yield (
        "forwarded_for_noise",
        request("GET", "/healthz", b"", "", "X-Forwarded-For: <script>, ::1, %00"),
        frozenset({200}),
    )
    yield "range_of_many", request("GET", "/", b"", "", "Range: bytes=" + "0-," * 5_000), frozenset({200, 416})
    yield (
        "id_of_another_line",
        request("GET", "/healthz", b"", "", "X-Request-ID: a%0d%0aSet-Cookie: b"),
        frozenset({200}),
    )
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"):
        yield f"method_{method.lower()}", request(method, "/v1/predict/text"), frozenset({405})
    yield "method_connect", b"CONNECT 127.0.0.1:9 HTTP/1.1\r\nHost: a\r\n\r\n", frozenset({400, 404, 405})
    yield "method_unknown", request("EVIL" * 100, "/"), frozenset({400})
    yield "http_2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frozenset({400})
    yield "http_0_9", b"GET /\r\n\r\n", frozenset({400, 200})
    yield "tls", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\0" * 200, frozenset({400})
    yield "noise", b"\xff" * 1_000, frozenset({400})
    yield (
        "upgrade",
        request("GET", "/healthz", b"", "", "Upgrade: websocket", "Connection: Upgrade"),
        frozenset({200, 400}),
    )
    head = b"POST /v1/predict/text HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    yield "length_negative", head + b"Content-Length: -5\r\n\r\n" + _HELLO, frozenset({400})
    yield "length_of_noise", head + b"Content-Length: 5x\r\n\r\n" + _HELLO, frozenset({400})
    yield "length_twice", head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + _HELLO, frozenset({400})
    yield (
        "length_and_chunks",
        head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        frozenset({400}),
    )
    yield "length_of_petabytes", head + b"Content-Length: 9007199254740992\r\n\r\n", frozenset({413})
    yield "length_too_large_a_number", head + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", frozenset({400, 413})
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    yield "chunks_without_end", chunked + b"1\r\n \r\n" * 50_000, frozenset({408})
    yield "chunks_too_many", chunked + b"a\r\n          \r\n" * 150_000, frozenset({413})
    yield "chunk_of_noise", chunked + b"zz\r\n", frozenset({400})
    yield "chunk_of_petabytes", chunked + b"ffffffffffffffff\r\n" + b"x" * 100, frozenset({400, 408})
    yield (
        "chunk_with_a_long_extension",
        chunked + b"1;" + b"a" * 300_000 + b"\r\n \r\n0\r\n\r\n",
        frozenset({400, 408, 422, 431}),
    )
    yield "body_that_stops", head + b"Content-Length: 100\r\n\r\n" + _HELLO[:5], frozenset({408})
    yield "header_that_stops", b"GET /healthz HTTP/1.1\r\nX-A: a", frozenset({408})
    yield "nothing_at_all", b"", frozenset()
    yield "body_of_a_get", request("GET", "/healthz", MARK * 100_000), frozenset({200, 413})
