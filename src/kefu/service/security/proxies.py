"""Who the client is: the other end of the connection, or whom a trusted proxy names."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network


class TrustedProxies:
    """Puts the address and the scheme that trusted proxies report in the place of their own.

    ``X-Forwarded-For`` is read from its end, which the nearest proxy has written: the last address that is no trusted
    proxy is the client's. What clients write there themselves stands before it and is not looked at.

    Args:
        app: what reads ``scope["client"]`` and ``scope["scheme"]``.
        networks: of the proxies.
    """

    def __init__(self, app: ASGIApp, networks: Sequence[Network]) -> None:
        self._app, self._networks = app, tuple(networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and self._networks and is_within(peer(scope), self._networks):
            headers = Headers(scope=scope)
            hops = [hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
            foreign = next((hop for hop in reversed(hops) if not is_within(hop, self._networks)), None)
            if foreign is not None and _is_address(foreign):
                scope["client"] = (foreign, 0)
            # the nearest proxy's own word stands last
            scheme = headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower()
            if scheme in {"http", "https"}:
                scope["scheme"] = scheme
        await self._app(scope, receive, send)


def peer(scope: Scope) -> str:
    """Return the address that a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def asker(scope: Scope) -> str:
    """Return what limits count as one address: of IPv6 the network of 64 bits, which one household has whole."""
    address = peer(scope)
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((int(parsed) >> 64 << 64, 64)))
    return address


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address belongs to one of some networks."""
    if not _is_address(address):
        return False
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return any((mapped or parsed) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
