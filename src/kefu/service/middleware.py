"""What surrounds every request: its id, its line in the log and its place in the metrics."""

import itertools
import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kefu.service.errors import error_answer
from kefu.service.logs import describe_error
from kefu.service.metrics import Metrics

REQUEST_ID = "X-Request-ID"
_FIT_FOR_AN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = structlog.get_logger("kefu.service")


class RequestContext:
    """Gives every request an id, and writes down how it ended.

    The id is that of the header ``X-Request-ID`` where it has up to 64 letters, digits, dots, dashes and underscores;
    it stands in ``request.state.request_id``, in the answer and in every line that is logged meanwhile. Neither
    paths, which hold ids of conversations, nor what customers say are logged.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        # drawn once: for random bytes a thread lets go of Python's lock, and a busy model is slow to give it back
        self._process, self._count = secrets.token_hex(6), itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _FIT_FOR_AN_ID.fullmatch(given) else f"{self._process}-{next(self._count):x}"
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception as error:
                _log.error("a request failed", route=_route(scope), why=describe_error(error))
                if not status:
                    answer = error_answer(
                        500, "internal_error", "something went wrong here; the log tells it by the id"
                    )
                    await answer(scope, receive, send_with_id)
            finally:
                self._write_down(scope, status, time.perf_counter() - started)

    def _write_down(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _route(scope)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        _log.info("request", method=method, route=route, status=status, ms=round(1000 * seconds, 1))


def _route(scope: Scope) -> str:
    """Return the template of the path, such as `/v1/conversations/{conversation_id}`."""
    return getattr(scope.get("route"), "path", "none")
