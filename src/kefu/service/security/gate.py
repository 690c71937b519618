"""Who may ask, and how often: keys of machines, and limits by key, customer, conversation and address."""

import hashlib
import math
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from kefu.service.errors import error_answer
from kefu.service.people.cookies import CUSTOMER_COOKIE
from kefu.service.security import routes
from kefu.service.security.proxies import asker
from kefu.service.security.rates import TokenBuckets
from kefu.service.security.secrets import ApiKeys
from kefu.service.settings import RateSettings


class Gate:
    """Refuses machines without a key (401), and whoever asks too often (429), before a body is read.

    Args:
        app: what works on requests.
        keys: of machines; where there are none, everybody may ask for labels, and as often as they like.
        rates: how often one may ask.
    """

    def __init__(self, app: ASGIApp, keys: ApiKeys, rates: RateSettings) -> None:
        self._app, self._keys, self._is_limited = app, keys, rates.enabled
        most = rates.max_tracked
        self._predict = TokenBuckets(rates.predict_per_minute, rates.predict_burst, most)
        self._messages = TokenBuckets(rates.messages_per_minute, rates.messages_burst, most)
        self._customer = TokenBuckets(rates.customer_per_minute, rates.customer_burst, most)
        self._conversation = TokenBuckets(rates.conversation_per_minute, rates.conversation_burst, most)
        self._begin = TokenBuckets(rates.begin_per_minute, rates.begin_burst, most)
        self._login = TokenBuckets(rates.login_per_minute, rates.login_burst, most)
        self._other = TokenBuckets(rates.other_per_minute, rates.other_burst, most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"] in routes.ALWAYS_ANSWERED:
            await self._app(scope, receive, send)
            return
        owner = None
        if self._keys and routes.is_of_machines(scope):
            owner = self._keys.owner(_given_key(scope))
            if owner is None:
                await error_answer(
                    401,
                    "no_key",
                    "this route needs a key: `Authorization: Bearer KEY` or `X-API-Key: KEY`",
                    {"WWW-Authenticate": "Bearer"},
                )(scope, receive, send)
                return
        wait = self._wait(scope, owner)
        if wait:
            seconds = math.ceil(wait)
            message = f"too many requests in a short time; try again in {seconds} s"
            await error_answer(429, "too_often", message, {"Retry-After": str(seconds)})(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _wait(self, scope: Scope, owner: str | None) -> float:
        """Return 0, or the seconds until the first bucket that is empty has a token."""
        counted = self._counted(scope, owner) if self._is_limited else ()
        return next((wait for buckets, key in counted if (wait := buckets.take(key))), 0.0)

    def _counted(self, scope: Scope, owner: str | None) -> Iterator[tuple[TokenBuckets, str]]:
        """Yield the buckets that a request takes from."""
        if routes.is_of_machines(scope):
            if owner is not None:
                yield self._predict, owner
        elif routes.is_message(scope):
            yield self._messages, asker(scope)
            token = _customer_token(scope)
            if token:
                yield self._customer, hashlib.sha256(token.encode("utf-8", errors="surrogateescape")).hexdigest()
            yield self._conversation, routes.conversation_of(scope) or ""
        elif routes.is_begin(scope):
            yield self._begin, asker(scope)
        elif routes.is_login(scope):
            yield self._login, asker(scope)
        elif not routes.is_of_the_page(scope):
            yield self._other, asker(scope)


def _given_key(scope: Scope) -> str:
    headers = Headers(scope=scope)
    return headers.get("x-api-key") or _bearer(headers)


def _customer_token(scope: Scope) -> str:
    headers = Headers(scope=scope)
    return _bearer(headers) or cookie_parser(headers.get("cookie", "")).get(CUSTOMER_COOKIE, "")


def _bearer(headers: Headers) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
