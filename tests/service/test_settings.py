from pathlib import Path

import pytest

from kefu.service.settings import ServiceSettings, describe_settings, read_settings
from kefu.tickets.errors import KefuError


def test_the_environment_is_read_and_what_is_given_goes_first(monkeypatch):
    monkeypatch.setenv("KEFU_PORT", "8080")
    monkeypatch.setenv("KEFU_HOST", "0.0.0.0")
    monkeypatch.setenv("KEFU_BATCHES__MAX_TICKETS", "7")
    monkeypatch.setenv("KEFU_MODELS__DEMO__FOLDER", "models/demo")
    settings = read_settings(port=9)
    assert (settings.host, settings.port) == ("0.0.0.0", 9)
    assert settings.batches.max_tickets == 7
    assert settings.batches.max_queued == ServiceSettings().batches.max_queued
    assert settings.models["demo"].folder == Path("models/demo")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("KEFU_PORTS", "1", "KEFU_PORTS: there is no such setting; did you mean 'KEFU_PORT'"),
        ("KEFU_BATCHES__MAX", "1", "KEFU_BATCHES__MAX: there is no such setting"),
        ("KEFU_PORT", "x", r"KEFU_PORT: .*valid integer.* \(got 'x'\)"),
        ("KEFU_LIMITS__BODY_BYTES", "3", "KEFU_LIMITS__BODY_BYTES: .*greater than or equal to 1024"),
        ("KEFU_MODELS", "{", "the environment: .*models"),
    ],
)
def test_a_mistake_is_named(monkeypatch, variable, value, said):
    monkeypatch.setenv(variable, value)
    with pytest.raises(KefuError, match=said):
        read_settings()


KEY = "q8Zk2vP0rT5mX7yB3nW9cL4d"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "KEFU_API_KEYS: in production a key is needed"),
        ({"KEFU_API_KEYS__SHOP": KEY[:-1]}, "KEFU_API_KEYS__SHOP: the key has 23 characters"),
        (
            {"KEFU_API_KEYS__SHOP": KEY, "KEFU_API_KEYS__MAIL": "ab" * 20},
            "KEFU_API_KEYS__MAIL: the key has 2 different",
        ),
        ({"KEFU_API_KEYS__SHOP": "0123456789abcdef0123456789abcdef"}, "is an example of the documents"),
        ({"KEFU_OPEN_PREDICT": "true", "KEFU_API_KEYS__SHOP": "short"}, "the key has 5 characters"),
    ],
)
def test_production_is_closed(monkeypatch, environment, said):
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    read_settings()  # where things are tried out, all of it goes
    monkeypatch.setenv("KEFU_ENVIRONMENT", "production")
    with pytest.raises(KefuError, match=said) as found:
        read_settings()
    assert not [key for key in environment.values() if len(key) > 5 and key in str(found.value)]


@pytest.mark.parametrize("environment", [{"KEFU_API_KEYS__SHOP": KEY}, {"KEFU_OPEN_PREDICT": "true"}])
def test_production_with_a_key_or_knowingly_without(monkeypatch, environment):
    for variable, value in {"KEFU_ENVIRONMENT": "production", **environment}.items():
        monkeypatch.setenv(variable, value)
    assert read_settings().in_production


def test_a_key_is_never_shown(monkeypatch):
    monkeypatch.setenv("KEFU_API_KEYS__SHOP", KEY)
    assert KEY not in repr(read_settings())
    monkeypatch.setenv("KEFU_API_KEYS", f'{{"shop": {{"key": "{KEY}"}}}}')
    monkeypatch.delenv("KEFU_API_KEYS__SHOP")
    with pytest.raises(KefuError) as found:
        read_settings()
    assert KEY not in str(found.value)


def test_proxies_are_addresses_and_networks(monkeypatch):
    monkeypatch.setenv("KEFU_TRUSTED_PROXIES", "127.0.0.1, 10.1.2.3/8,")
    assert [str(network) for network in read_settings().trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8"]
    monkeypatch.setenv("KEFU_TRUSTED_PROXIES", "nginx")
    with pytest.raises(KefuError, match="KEFU_TRUSTED_PROXIES: 'nginx' does not appear to be"):
        read_settings()


def test_what_other_parts_read_is_no_mistake(monkeypatch):
    monkeypatch.setenv("KEFU_SHARED", "somewhere")
    read_settings()


def test_every_setting_is_described():
    found = {variable: description for variable, _, description in describe_settings()}
    assert {"KEFU_PORT", "KEFU_LIMITS__IMAGE_BYTES", "KEFU_THREADS__TORCH"} <= found.keys()
    assert all(found.values())
