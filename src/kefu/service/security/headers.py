"""Headers that tell browsers to be careful with answers."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""The policy of all that is no page: whatever it is, it loads nothing, runs nothing and is framed nowhere."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_OF_ONE_ALONE = ("/v1/conversations", "/v1/speech", "/v1/agent", "/v1/customer")
_UNLESS_SAID = {"Content-Security-Policy": NOTHING, "Cache-Control": "no-store"}
_A_YEAR = "max-age=31536000; includeSubDomains"


class SecureHeaders:
    """Gives every answer the headers that it has not set itself; what one person alone may see is stored nowhere.

    Args:
        app: what answers.
        strict_transport: whether browsers shall come by https alone for a year.
    """

    def __init__(self, app: ASGIApp, *, strict_transport: bool) -> None:
        always = {**_ALWAYS, "Strict-Transport-Security": _A_YEAR} if strict_transport else _ALWAYS
        self._app = app
        self._always = [(name.lower().encode(), value.encode()) for name, value in always.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        is_private = scope["path"].startswith(_OF_ONE_ALONE)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if is_private:
                    headers["Cache-Control"] = "no-store"
                for name, value in _UNLESS_SAID.items():
                    headers.setdefault(name, value)
                given = {name for name, _ in headers.raw}
                headers.raw.extend(pair for pair in self._always if pair[0] not in given)
            await send(message)

        await self._app(scope, receive, send_guarded)
