"""How much is worked on at once: what is too much is refused at once, before its body is read."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from kefu.service.errors import busy_answer
from kefu.service.security.proxies import asker
from kefu.service.security.routes import ALWAYS_ANSWERED, is_message, is_stream
from kefu.service.settings import AdmissionSettings


class Admission:
    """Lets so many requests in, keeps a few waiting, and answers the others 503.

    A connection that listens for events lasts, and costs little: these are counted apart. Whether the service is alive
    is answered in any case.

    Args:
        app: what works on requests.
        settings: how many.
        messages_at_work: how many messages are answered or wait for it, whether or not their requests still last.
    """

    def __init__(self, app: ASGIApp, settings: AdmissionSettings, messages_at_work: Callable[[], int]) -> None:
        self._app, self._settings, self._messages_at_work = app, settings, messages_at_work
        self._working = 0
        self._messages = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._by_address: Counter[str] = Counter()
        self._streams = 0
        self._streams_by_address: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_ANSWERED:
            await self._app(scope, receive, send)
        elif is_stream(scope):
            await self._listen(scope, receive, send)
        elif is_message(scope):
            await self._answer(scope, receive, send)
        else:
            await self._work(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a message in, which counts from now on: before it is kept, nobody else knows of it."""
        if max(self._messages, self._messages_at_work()) >= self._settings.max_messages:
            await busy_answer()(scope, receive, send)
            return
        self._messages += 1
        try:
            await self._work(scope, receive, send)
        finally:
            self._messages -= 1

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = asker(scope)
        if self._by_address[address] >= self._settings.max_per_address:
            await busy_answer()(scope, receive, send)
            return
        self._by_address[address] += 1
        try:
            if not await self._enter():
                await busy_answer()(scope, receive, send)
                return
            try:
                await self._app(scope, receive, send)
            finally:
                self._leave()
        finally:
            _subtract(self._by_address, address)

    async def _listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = asker(scope)
        if (
            self._streams >= self._settings.max_streams
            or self._streams_by_address[address] >= self._settings.max_streams_per_address
        ):
            await busy_answer()(scope, receive, send)
            return
        self._streams += 1
        self._streams_by_address[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._streams -= 1
            _subtract(self._streams_by_address, address)

    async def _enter(self) -> bool:
        """Take a place, waiting for one in turn; False where there is none in time."""
        if self._working < self._settings.max_requests:
            self._working += 1
            return True
        if len(self._waiting) >= self._settings.max_waiting:
            return False
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._settings.wait_seconds):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                self._leave()  # it was given in the very moment
            elif place in self._waiting:  # else whoever left has passed over it
                self._waiting.remove(place)
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def _leave(self) -> None:
        """Give a place to the first who waits."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._working -= 1


def _subtract(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
