"""Which limits a request falls under, told by its method and path before it is routed.

Routes are found by patterns that overlook a line break at the end of a path, so it is overlooked here, too.
"""

import re

from starlette.types import Scope

ALWAYS_ANSWERED = frozenset({"/healthz", "/readyz", "/metrics"})
BATCH = "/v1/predict/batch"
_MESSAGE = re.compile(r"/v1/conversations/([^/]+)/messages")
_OF_MACHINES = ("/v1/predict", "/v1/models")


def is_message(scope: Scope) -> bool:
    """Whether a customer sends a message."""
    return conversation_of(scope) is not None


def conversation_of(scope: Scope) -> str | None:
    """Return the conversation to which a customer sends a message."""
    found = _MESSAGE.fullmatch(path_of(scope)) if scope["method"] == "POST" else None
    return found[1] if found else None


def is_begin(scope: Scope) -> bool:
    """Whether a customer begins a conversation."""
    return scope["method"] == "POST" and path_of(scope) == "/v1/conversations"


def is_login(scope: Scope) -> bool:
    """Whether somebody tries to log in."""
    return scope["method"] == "POST" and path_of(scope) == "/v1/agent/login"


def is_of_machines(scope: Scope) -> bool:
    """Whether labels or models are asked for."""
    return path_of(scope).startswith(_OF_MACHINES)


def is_of_the_page(scope: Scope) -> bool:
    """Whether a file of the pages is asked for, all of which lie in memory."""
    return scope["method"] in {"GET", "HEAD"} and not path_of(scope).startswith("/v1/")


def is_stream(scope: Scope) -> bool:
    """Whether somebody listens for events, for as long as the connection lasts."""
    path = path_of(scope)
    return scope["method"] == "GET" and path.startswith("/v1/") and path.endswith("/events")


def path_of(scope: Scope) -> str:
    """Return the path as routes see it."""
    return str(scope["path"]).rstrip("/\r\n")
