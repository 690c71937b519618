"""Cookies that tell who asks: no script reads them, and no other site makes a browser send them."""

from fastapi import Request, Response

from kefu.service.settings import ServiceSettings

CUSTOMER_COOKIE = "kefu_customer"
AGENT_COOKIE = "kefu_agent"


def set_cookie(
    response: Response, request: Request, settings: ServiceSettings, name: str, secret: str, seconds: int
) -> None:
    """Let a browser send a secret with every request of our own pages for so many seconds."""
    is_secure = settings.in_production or request.url.scheme == "https"
    response.set_cookie(name, secret, max_age=seconds, path="/", secure=is_secure, httponly=True, samesite="strict")


def forget_cookie(response: Response, name: str) -> None:
    """Let a browser forget it."""
    response.delete_cookie(name, path="/", httponly=True, samesite="strict")
