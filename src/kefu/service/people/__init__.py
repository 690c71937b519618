"""Who asks: customers by their token, agents by their login; and what they are told while they look."""

from kefu.service.people.cookies import AGENT_COOKIE, CUSTOMER_COOKIE, forget_cookie, set_cookie
from kefu.service.people.live import Listener, Live
from kefu.service.people.logins import LoggedIn, Logins, TooManyLoginsError, WrongLoginError
from kefu.service.people.tokens import digest, draw_token, is_token

__all__ = [
    "AGENT_COOKIE",
    "CUSTOMER_COOKIE",
    "Listener",
    "Live",
    "LoggedIn",
    "Logins",
    "TooManyLoginsError",
    "WrongLoginError",
    "digest",
    "draw_token",
    "forget_cookie",
    "is_token",
    "set_cookie",
]
