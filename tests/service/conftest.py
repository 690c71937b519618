"""A service with the tiny model, in this process."""

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from kefu.model import FusedModel
from kefu.service.app import create_app
from kefu.service.people import passwords
from kefu.service.settings import ServiceSettings

OLD, NEW = "2026-01-01T00.00.00.000Z", "2026-02-01T00.00.00.000Z"


@pytest.fixture(autouse=True)
def _logs_are_left_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def _passwords_are_hashed_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="session")
def bundle(tiny_model: FusedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "fused"
    tiny_model.to_bundle().save(folder)
    return folder


@pytest.fixture
def add_version(bundle: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Put a version of the model where a training would."""

    def add(version: str) -> Path:
        return Path(shutil.copytree(bundle, tmp_path / "demo" / "versions" / "fused" / version / "fused"))

    return add


@pytest.fixture
def models(add_version: Callable[[str], Path], tmp_path: Path) -> Path:
    add_version(OLD)
    return tmp_path / "demo"


@pytest.fixture
def make_settings(models: Path) -> Callable[..., ServiceSettings]:
    """Settings of a service that does not look for new models by itself, and may be asked as often as one likes."""

    def make(**changes: object) -> ServiceSettings:
        fixed = {
            "models": {"demo": {"folder": models}},
            "watch_seconds": 0,
            "shop": None,
            "find_by_meaning": False,
            "rates": {"enabled": False},
        }
        return ServiceSettings(**{**fixed, **changes})

    return make


@pytest.fixture
def make_client(make_settings: Callable[..., ServiceSettings]) -> Iterator[Callable[..., TestClient]]:
    opened = []

    def make(**changes: object) -> TestClient:
        client = TestClient(create_app(make_settings(**changes)), raise_server_exceptions=False)
        client.__enter__()
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()
