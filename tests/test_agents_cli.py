"""``kefu agents``."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kefu.cli import kefu
from kefu.service.people.passwords import is_right
from kefu.service.storage import AgentStore, Database, Role

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time: that they are strong is tested where they are made."""
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("kefu.service.people.passwords._hasher", cheap)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/kefu.sqlite"


@pytest.fixture
def call(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEFU_STORAGE", url)
    return lambda *arguments, say=PASSWORD + "\n": CliRunner().invoke(kefu, ["agents", *arguments], input=say)


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kefu.cli.agents._has_terminal", lambda: True)


def read(url: str, name: str) -> tuple[Role, bool, str]:
    database = Database(url)
    row = AgentStore(database).find(name)
    database.close()
    assert row is not None
    return row.role, row.active, row.password_hash


def test_an_agent_is_added(call: Callable[..., Result], url: str) -> None:
    result = call("add", " 李雷 ", "--role", "admin", "--password-stdin")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"admin '李雷' added to {url}\n"
    role, active, password_hash = read(url, "李雷")
    assert (role, active) == (Role.ADMIN, True)
    assert is_right(PASSWORD, password_hash)
    assert password_hash.startswith("$argon2id$")


@pytest.mark.usefixtures("at_terminal")
def test_the_password_is_asked_for_twice(call: Callable[..., Result], url: str) -> None:
    result = call("add", "Ann", "--role", "agent", say=f"{PASSWORD}\nanother one\n{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert is_right(PASSWORD, read(url, "Ann")[2])


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("short one\n", "the password has 9 characters; take one of 12 or more"),
        ("", "the password has 0 characters"),
        ("\n", "the password has 0 characters"),
        ("a" * 12, "one character again and again"),
        ("a1" * 501, "the password has 1,002 characters; take one of at most 1,000"),
        (b"\xff" * 12, "the password is not UTF-8"),
        ("ANN OF THE SHOP\n", "the password is the name"),
    ],
)
def test_a_poor_password_is_refused(call: Callable[..., Result], url: str, said: str | bytes, error: str) -> None:
    result = call("add", "Ann of the shop", "--role", "agent", "--password-stdin", say=said)
    assert result.exit_code == 2
    assert error in result.stderr
    assert len(result.stderr.splitlines()) == 1
    database = Database(url)
    assert AgentStore(database).list() == []
    database.close()


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nmore\n"])
def test_the_password_is_the_first_line(call: Callable[..., Result], url: str, end: str) -> None:
    assert call("add", "Ann", "--role", "agent", "--password-stdin", say=f" {PASSWORD} {end}").exit_code == 0
    assert is_right(f" {PASSWORD} ", read(url, "Ann")[2])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["add", "  ", "--role", "agent", "--password-stdin"], "the name '' is empty"),
        (["add", "A\x1bnn", "--role", "agent", "--password-stdin"], "characters that cannot be seen"),
        (["add", "n" * 65, "--role", "agent", "--password-stdin"], "the name has 65 characters"),
        (["add", "Bob", "--role", "agent"], "there is no terminal to ask for the password; give it with"),
        (["add", "Ann", "--role", "agent", "--password-stdin"], "there is an agent 'Ann' already; `kefu agents pass"),
        (["disable", "Anne"], "there is no agent 'Anne'; did you mean 'Ann'?; `kefu agents list` lists all"),
        (["enable", "Zoe"], "there is no agent 'Zoe'; `kefu agents list` lists all"),
        (["password", "Zoe", "--password-stdin"], "there is no agent 'Zoe'"),
    ],
)
def test_a_mistake_is_one_line(call: Callable[..., Result], arguments: list[str], error: str) -> None:
    call("add", "Ann", "--role", "agent", "--password-stdin")
    result = call(*arguments)
    assert result.exit_code == 2
    assert error in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_all_are_listed(call: Callable[..., Result], url: str) -> None:
    for name, role in (("Zoe", "agent"), ("Ann", "admin")):
        call("add", name, "--role", role, "--password-stdin")
    call("disable", "Zoe")
    result = call("list")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [[row[0], row[1], *row[3:]] for row in rows] == [["Ann", "admin"], ["Zoe", "agent", "disabled"]]


def test_where_nobody_is_it_says_how_to_add_one(call: Callable[..., Result], url: str) -> None:
    Database(url).close()
    assert call("list").stdout == f"no agents in {url}; `kefu agents add NAME --role admin` adds one\n"


def test_an_agent_is_disabled_and_enabled(call: Callable[..., Result], url: str) -> None:
    call("add", "Ann", "--role", "agent", "--password-stdin")
    assert call("disable", "Ann").exit_code == 0
    assert not read(url, "Ann")[1]
    again = call("add", "Ann", "--role", "agent", "--password-stdin")
    assert "already; `kefu agents enable`" in again.stderr
    assert call("enable", "Ann").exit_code == 0
    assert read(url, "Ann")[1]


def test_a_password_is_replaced(call: Callable[..., Result], url: str) -> None:
    call("add", "Ann", "--role", "agent", "--password-stdin")
    assert call("password", "Ann", "--password-stdin", say="nothing to do with it").exit_code == 0
    password_hash = read(url, "Ann")[2]
    assert is_right("nothing to do with it", password_hash)
    assert not is_right(PASSWORD, password_hash)
    assert call("password", "Ann", "--password-stdin", say="short").exit_code == 2
    assert read(url, "Ann")[2] == password_hash


@pytest.mark.parametrize("arguments", [["list"], ["disable", "Ann"], ["enable", "Ann"], ["password", "Ann"]])
def test_no_database_is_made_by_the_way(call: Callable[..., Result], tmp_path: Path, arguments: list[str]) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert "there is no such file; `kefu storage upgrade` or `kefu serve` makes it" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_told(call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kefu.service.storage", None)
    monkeypatch.setattr("kefu.cli.storage._PACKAGES", frozenset({"kefu"}))
    result = call("list")
    assert result.exit_code == 2
    assert "pip install 'kefu[service]'" in result.stderr
