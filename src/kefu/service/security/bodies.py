"""Bodies held against the limits while they arrive: size, pace, encoding, parts of forms, items of JSON."""

import asyncio
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kefu.service.errors import ServiceError, error_answer
from kefu.service.security.forms import FormGuard
from kefu.service.security.routes import BATCH, path_of
from kefu.service.settings import ConnectionSettings, LimitSettings

MARKUP_BYTES = 4096
"""What a form may need beside the text itself, in UTF-8 up to four bytes a character."""
_FORM = "multipart/form-data"


class LimitedBody:
    """Refuses a body by what is announced of it, or as soon as it has grown too large or comes too slowly.

    Args:
        app: what reads the body.
        limits: of what is accepted.
        connections: of the time that it may take.
    """

    def __init__(self, app: ASGIApp, limits: LimitSettings, connections: ConnectionSettings) -> None:
        self._app, self._limits, self._connections = app, limits, connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            max_bytes = self._check_announced(scope, headers)
            look = self._guard(headers)
        except ServiceError as error:
            await error_answer(error.status_code, error.code, str(error.detail))(scope, receive, send)
            return
        await self._app(scope, self._limit(receive, max_bytes, look), send)

    def _check_announced(self, scope: Scope, headers: Headers) -> int:
        """Return how large the body may be, unless its headers already speak against it."""
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in {"", "identity"}:
            raise ServiceError(415, "encoded_body", "bodies that are compressed are not taken; send it as it is")
        is_large = _kind(headers) == _FORM or path_of(scope) == BATCH
        max_bytes = self._limits.body_bytes if is_large else min(self._limits.json_bytes, self._limits.body_bytes)
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > max_bytes:
            raise _too_large(max_bytes)
        return max_bytes

    def _guard(self, headers: Headers) -> Callable[[bytes], None]:
        """Return what looks at each piece of the body."""
        kind = _kind(headers)
        if kind == _FORM:
            limits = self._limits
            files = {"image": limits.image_bytes, "audio": limits.audio_bytes}
            return FormGuard(headers["content-type"], files, max_field_bytes(limits)).feed
        if kind.endswith(("/json", "+json")):
            return JsonGuard(self._limits.json_items).feed
        return lambda chunk: None

    def _limit(self, receive: Receive, max_bytes: int, look: Callable[[bytes], None]) -> Receive:
        arrived = 0
        waited = 0.0
        has_ended = False

        async def receive_limited() -> Message:
            nonlocal arrived, waited, has_ended
            if has_ended:  # what comes now is the end of the connection
                return await receive()
            allowed = self._connections.body_seconds + arrived / self._connections.body_bytes_per_second
            started = time.monotonic()
            try:
                async with asyncio.timeout(allowed - waited):
                    message = await receive()
            except TimeoutError:
                raise ServiceError(
                    408, "too_slow", "the body comes too slowly; try again over a better connection"
                ) from None
            waited += time.monotonic() - started
            body = message.get("body", b"")
            arrived += len(body)
            if arrived > max_bytes:
                raise _too_large(max_bytes)
            if body:
                look(body)
            has_ended = not message.get("more_body", False)
            return message

        return receive_limited


class JsonGuard:
    """Counts what takes memory in JSON however small it is written: lists, objects and their items.

    Brackets and commas in texts count, too, of which no customer writes as many.
    """

    def __init__(self, max_items: int) -> None:
        self._max_items = max_items
        self._items = 0

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes.

        Raises:
            ServiceError: 413, there are too many.
        """
        self._items += sum(map(chunk.count, (b"[", b"{", b",")))
        if self._items > self._max_items:
            raise ServiceError(413, "too_many_items", f"the JSON has more than {self._max_items:,} items; send less")


def max_field_bytes(limits: LimitSettings) -> int:
    """Return how large a part of a form may be that is no file: the longest text in UTF-8, and some room."""
    return 4 * limits.text_chars + MARKUP_BYTES


def _kind(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _too_large(max_bytes: int) -> ServiceError:
    return ServiceError(413, "body_too_large", f"the request is larger than {max_bytes:,} bytes; send less")
