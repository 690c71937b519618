import asyncio
from ipaddress import ip_network

import pytest

from kefu.service.security.proxies import TrustedProxies, asker, peer

NETWORKS = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def ask(client, *forwarded, proto=None, networks=NETWORKS):
    seen = []

    async def inner(scope, receive, send):
        seen.append((peer(scope), scope["scheme"]))

    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    headers += [(b"x-forwarded-proto", proto.encode())] if proto else []
    scope = {"type": "http", "client": (client, 1), "scheme": "http", "headers": headers}
    asyncio.run(TrustedProxies(inner, networks)(scope, None, None))
    return seen[0]


def test_a_trusted_proxy_names_the_client_and_the_scheme():
    assert ask("10.0.0.1", "203.0.113.9", proto="https") == ("203.0.113.9", "https")
    assert ask("10.0.0.1", "203.0.113.9", proto="https, http") == ("203.0.113.9", "http")
    assert ask("::ffff:10.0.0.1", "2001:db8::1") == ("2001:db8::1", "http")


def test_what_a_client_writes_itself_is_not_believed():
    assert ask("203.0.113.9", "198.51.100.1", proto="https") == ("203.0.113.9", "http")
    assert ask("10.0.0.1", "198.51.100.1, 203.0.113.9") == ("203.0.113.9", "http")
    assert ask("10.0.0.1", "198.51.100.1", "203.0.113.9, 10.2.3.4") == ("203.0.113.9", "http")
    assert ask("10.0.0.1", "203.0.113.9", networks=()) == ("10.0.0.1", "http")


@pytest.mark.parametrize("nonsense", ["", "unknown", "a.b.c.d, ,", "203.0.113.9:443x", "<script>"])
def test_what_is_no_address_leaves_the_proxy(nonsense):
    assert ask("10.0.0.1", nonsense, proto="gopher") == ("10.0.0.1", "http")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_one_household_counts_as_one(address, counted):
    assert asker({"client": (address, 1)}) == counted
    assert asker({"client": None}) == "unknown"
