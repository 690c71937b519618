import json
import socket
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_network

import pytest
import uvicorn

from kefu.cli.serve import _bind
from kefu.service.connections import guarded_protocol
from kefu.service.settings import ConnectionSettings

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def answer(scope, receive, send):
    """Read the body, unless told not to; answer with as many bytes as the query says."""
    if scope["path"] != "/early":
        while (await receive()).get("more_body"):
            pass
    body = b"x" * int(scope["query_string"] or b"2")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(trusted=(), **limits):
    protocol = guarded_protocol(ConnectionSettings(**limits), trusted)
    server = uvicorn.Server(
        uvicorn.Config(answer, http=protocol, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    )
    with _bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield listener.getsockname()[:2]
        finally:
            server.should_exit = True
            thread.join(10)


def read_all(connection, seconds=5):
    """Return all that comes until the other end closes; fails where it does not in time."""
    connection.settimeout(seconds)
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def receive(connection):
    """Return the answer to one request, whose body is ``xx``."""
    connection.settimeout(5)
    found = b""
    while not found.endswith(b"xx") and (piece := connection.recv(1000)):
        found += piece
    return found


def ask(place, *pieces, pause=0.0):
    with socket.create_connection(place) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        return read_all(connection)


def told(found):
    head, _, body = found.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


def test_requests_are_answered_over_one_connection():
    with serving(header_seconds=0.2) as place, socket.create_connection(place) as connection:
        for _ in range(3):
            connection.sendall(GET)
            assert receive(connection).startswith(b"HTTP/1.1 200")
            time.sleep(0.1)
        time.sleep(0.2)  # longer than headers may take: none is begun
        connection.sendall(GET)
        assert receive(connection).startswith(b"HTTP/1.1 200")


def test_headers_that_trickle_are_given_up():
    with serving(header_seconds=0.2) as place:
        started = time.monotonic()
        assert told(ask(place, b"GET / HTTP/1.1\r\n", *[b"a: b\r\n"] * 3, pause=0.05)) == (408, "too_slow")
        assert ask(place) == b""
        assert time.monotonic() - started < 2


def test_headers_of_a_second_request_that_trickle_are_given_up():
    with serving(header_seconds=0.2) as place:
        first, second = ask(place, GET, b"GET / HT", pause=0.05).split(b"xx")
        assert first.startswith(b"HTTP/1.1 200")
        assert told(second) == (408, "too_slow")


@pytest.mark.parametrize(
    "headers",
    [
        [b"GET / HTTP/1.1\r\na: ", *[b"x" * 1000] * 10],
        [b"GET / HTTP/1.1\r\na: " + b"x" * 3000 + b"\r\n\r\n"],
        [b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n\r\n"],
        [b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 21 + b"\r\n"],
    ],
)
def test_headers_that_are_too_large_or_many_are_refused(headers):
    with serving(header_bytes=2000, max_headers=20) as place:
        assert told(ask(place, *headers)) == (431, "headers_too_large")
        assert ask(place, b"GET / HTTP/1.1\r\nConnection: close\r\n" + b"a: b\r\n" * 18 + b"\r\n").endswith(
            b"\r\n\r\nxx"
        )


def test_a_large_body_is_no_large_header():
    body = b"x" * 100_000
    with serving(header_bytes=1024) as place:
        head = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert ask(place, head + body).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_request_is_refused(request_):
    with serving() as place:
        assert told(ask(place, request_)) == (400, "bad_request")


def test_a_body_that_goes_on_after_its_answer_is_cut_off():
    with serving(linger_seconds=0.2) as place, socket.create_connection(place) as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        started = time.monotonic()
        while can_send(connection, b"1\r\nx\r\n") and time.monotonic() - started < 5:
            time.sleep(0.02)
        assert 0.1 < time.monotonic() - started < 5


def test_a_body_that_ends_soon_after_its_answer_keeps_the_connection():
    with serving(linger_seconds=0.3) as place, socket.create_connection(place) as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\nContent-Length: 2\r\n\r\n")
        assert receive(connection).startswith(b"HTTP/1.1 200")
        connection.sendall(b"ab")
        time.sleep(0.5)
        connection.sendall(GET)
        assert receive(connection).startswith(b"HTTP/1.1 200")


def test_an_answer_that_is_not_read_is_given_up():
    with serving(write_seconds=0.3) as place, socket.create_connection(place) as connection:
        connection.sendall(b"GET /?50000000 HTTP/1.1\r\n\r\n")
        time.sleep(1.0)
        assert 0 < len(read_all(connection)) < 50_000_000


def test_connections_of_one_address_are_limited_unless_it_is_a_proxy():
    def opened(**given):
        with serving(max_per_address=3, header_seconds=0.5, **given) as place:
            connections = [socket.create_connection(place) for _ in range(6)]
            time.sleep(0.1)
            for connection in connections:
                connection.settimeout(0.05)
            found = sum(is_open(connection) for connection in connections)
            for connection in connections:
                connection.close()
            time.sleep(0.1)
            assert ask(place, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")
            return found

    assert opened() == 3
    assert opened(trusted=(ip_network("127.0.0.0/8"),)) == 6
    assert opened(trusted=(ip_network("127.0.0.0/8"),), max_connections=4) == 4


def can_send(connection, data):
    try:
        connection.sendall(data)
    except OSError:
        return False
    return True


def is_open(connection):
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionResetError:
        return False
