"""Connections that clients cannot keep for themselves: headers in time and of a size, answers that are read."""

import asyncio
import json
from collections import Counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from kefu.service.security.proxies import Network, asker, is_within
from kefu.service.settings import ConnectionSettings


def guarded_protocol(settings: ConnectionSettings, trusted: tuple[Network, ...] = ()) -> type[HttpToolsProtocol]:
    """Return uvicorn's protocol of HTTP/1.1 with limits.

    - too many connections, or too many from one address that is no trusted proxy: closed at once
    - headers that come too slowly: 408; that are too large or too many: 431
    - an answer that the client does not read: the connection is cut
    - a body that goes on after its answer: the connection is closed after a moment

    The body itself is held to its pace where it is read, since a service that is busy lets it wait.

    Args:
        settings: the limits.
        trusted: networks of proxies.
    """
    by_address: Counter[str] = Counter()

    class GuardedProtocol(HttpToolsProtocol):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._address = ""
            self._header_timer: asyncio.TimerHandle | None = None
            self._write_timer: asyncio.TimerHandle | None = None
            self._linger_timer: asyncio.TimerHandle | None = None
            self._in_headers = True
            self._in_message = False
            self._header_bytes = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            address = self.client[0] if self.client else ""
            if not is_within(address, trusted):
                self._address = asker({"client": self.client})
                by_address[self._address] += 1
            if len(self.connections) > settings.max_connections or by_address[self._address] > settings.max_per_address:
                transport.abort()
                return
            self._await_headers()

        def connection_lost(self, exc: Exception | None) -> None:
            for timer in (self._header_timer, self._write_timer, self._linger_timer):
                if timer is not None:
                    timer.cancel()
            if self._address:
                by_address[self._address] -= 1
                if by_address[self._address] <= 0:
                    del by_address[self._address]
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            if self._in_headers or not self._in_message:
                self._header_bytes += len(data)
            super().data_received(data)
            if self._in_headers and self._header_bytes > settings.header_bytes:
                self._refuse_headers()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._in_headers = self._in_message = True
            self._await_headers()

        def on_headers_complete(self) -> None:
            self._in_headers = False
            self._header_bytes = 0
            _cancel(self._header_timer)
            if self.transport.is_closing():
                return
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > settings.header_bytes or len(self.headers) > settings.max_headers:
                self._refuse_headers()
                return
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            if not self.transport.is_closing():
                super().on_body(body)

        def on_message_complete(self) -> None:
            self._in_message = False
            _cancel(self._linger_timer)
            if not self.transport.is_closing():
                super().on_message_complete()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._in_message and not self.transport.is_closing():
                self._linger_timer = self.loop.call_later(settings.linger_seconds, self.transport.close)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._write_timer = self.loop.call_later(settings.write_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            _cancel(self._write_timer)

        def send_400_response(self, msg: str) -> None:
            self._refuse(400, "bad_request", "this is no request of HTTP/1.1")

        def _await_headers(self) -> None:
            _cancel(self._header_timer)
            self._header_timer = self.loop.call_later(settings.header_seconds, self._give_up_headers)

        def _give_up_headers(self) -> None:
            if self._in_message:
                self._refuse(408, "too_slow", "the headers come too slowly; try again over a better connection")
            else:
                self.transport.close()

        def _refuse_headers(self) -> None:
            found = f"the headers may have {settings.header_bytes:,} bytes and be {settings.max_headers} at most"
            self._refuse(431, "headers_too_large", found)

        def _refuse(self, status: int, code: str, message: str) -> None:
            """Answer without the app, unless an answer has begun, and end the connection."""
            cycle = self.cycle
            if cycle is None or cycle.response_complete or not (cycle.response_started or self.pipeline):
                body = json.dumps({"error": {"code": code, "message": message}}).encode()
                self.transport.write(
                    STATUS_LINE[status]
                    + b"content-type: application/json\r\nconnection: close\r\ncache-control: no-store\r\n"
                    + b"x-content-type-options: nosniff\r\ncontent-length: %d\r\n\r\n" % len(body)
                    + body
                )
            self.transport.close()

    return GuardedProtocol


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
