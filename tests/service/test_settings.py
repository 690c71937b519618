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


def test_what_other_parts_read_is_no_mistake(monkeypatch):
    monkeypatch.setenv("KEFU_SHARED", "somewhere")
    read_settings()


def test_every_setting_is_described():
    found = {variable: description for variable, _, description in describe_settings()}
    assert {"KEFU_PORT", "KEFU_LIMITS__IMAGE_BYTES", "KEFU_THREADS__TORCH"} <= found.keys()
    assert all(found.values())
