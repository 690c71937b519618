"""Who is let in, for how long, and how often somebody may try."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from kefu.service.people import LoggedIn, Logins, TooManyLoginsError, WrongLoginError, digest, passwords
from kefu.service.people.passwords import hash_password, is_outdated, is_right
from kefu.service.settings import LoginSettings
from kefu.service.storage import AgentStore, Database, Role

PASSWORD = "correct horse battery staple"


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[AgentStore]:
    database = Database(f"sqlite:///{tmp_path}/kefu.db")
    store = AgentStore(database)
    store.add("wang", Role.AGENT, hash_password(PASSWORD))
    yield store
    database.close()


@pytest.fixture
def make_logins(agents: AgentStore) -> Iterator[Callable[..., Logins]]:
    made = []

    def make(**settings: float) -> Logins:
        made.append(Logins(agents, LoginSettings(**settings)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for logins in made:
        logins.close()


def log_in(logins: Logins, name: str = "wang", password: str = PASSWORD, address: str = "::1") -> tuple[str, LoggedIn]:
    return asyncio.run(logins.log_in(name, password, address))


def fail(logins: Logins, name: str = "wang", address: str = "::1") -> None:
    with pytest.raises(WrongLoginError):
        log_in(logins, name, "wrong", address)


def test_who_knows_the_password_is_let_in(make_logins: Callable[..., Logins]) -> None:
    logins = make_logins()
    secret, login = log_in(logins)
    assert (login.name, login.is_admin) == ("wang", False)
    assert login.session.id == digest(secret) != secret
    found = logins.find(secret)
    assert found is not None
    assert found.session.csrf_token == login.session.csrf_token
    other, again = log_in(logins)
    assert (other, again.session.csrf_token) != (secret, login.session.csrf_token)
    logins.log_out(login.session)
    assert logins.find(secret) is None
    assert logins.find(other) is not None


@pytest.mark.parametrize("secret", ["", "x" * 43, "'; --", "x" * 1000])
def test_other_secrets_let_nobody_in(make_logins: Callable[..., Logins], secret: str) -> None:
    assert make_logins().find(secret) is None


@pytest.mark.parametrize(
    ("name", "password"), [("wang", "wrong"), ("wang", ""), ("nobody", PASSWORD), ("", ""), ("wang", f"{PASSWORD} ")]
)
def test_nobody_else_is_let_in(make_logins: Callable[..., Logins], name: str, password: str) -> None:
    with pytest.raises(WrongLoginError):
        log_in(make_logins(), name, password)


def test_a_login_ends_by_itself(make_logins: Callable[..., Logins]) -> None:
    logins = make_logins(hours=0.0001)
    secret, _ = log_in(logins)
    assert logins.find(secret) is not None
    time.sleep(0.4)
    assert logins.find(secret) is None


def test_a_login_lasts_twelve_hours(make_logins: Callable[..., Logins]) -> None:
    _, login = log_in(make_logins())
    assert (login.session.expires_at - login.session.created_at).total_seconds() == pytest.approx(12 * 3600, abs=5)


def test_a_disabled_agent_loses_the_login_at_once(make_logins: Callable[..., Logins], agents: AgentStore) -> None:
    logins = make_logins()
    secret, _ = log_in(logins)
    agents.disable("wang")
    assert logins.find(secret) is None
    with pytest.raises(WrongLoginError):
        log_in(logins)
    agents.enable("wang")
    assert logins.find(secret) is None, "only a new login counts"
    log_in(logins)


def test_an_agent_who_is_disabled_while_the_password_is_checked_is_not_let_in(
    make_logins: Callable[..., Logins], agents: AgentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = agents.find("wang")
    monkeypatch.setattr(agents, "find", lambda name: found)
    agents.disable("wang")
    with pytest.raises(WrongLoginError):
        log_in(make_logins())


def test_after_too_many_failures_a_name_waits(make_logins: Callable[..., Logins]) -> None:
    logins = make_logins(max_failures_of_name=3)
    for number, written in enumerate(("wang", "WANG", " wang ")):
        fail(logins, written, address=f"10.0.0.{number}")
    with pytest.raises(TooManyLoginsError) as error:
        log_in(logins, address="10.0.0.9")
    assert 0 < error.value.wait_seconds <= 15 * 60
    fail(logins, "li")


def test_after_too_many_failures_an_address_waits(make_logins: Callable[..., Logins]) -> None:
    logins = make_logins(max_failures_of_address=3)
    for number in range(3):
        fail(logins, f"name{number}")
    with pytest.raises(TooManyLoginsError):
        log_in(logins)
    log_in(logins, address="10.0.0.1")


def test_a_success_clears_the_name_but_not_the_address(make_logins: Callable[..., Logins]) -> None:
    logins = make_logins(max_failures_of_name=2, max_failures_of_address=3)
    for _ in range(2):
        fail(logins)
        log_in(logins)
    fail(logins)
    with pytest.raises(TooManyLoginsError):
        log_in(logins)


def test_many_at_once_are_no_way_around_the_limit(make_logins: Callable[..., Logins]) -> None:
    logins = make_logins(max_failures_of_name=3)

    async def storm() -> list[BaseException | tuple[str, LoggedIn]]:
        tries = [logins.log_in("wang", f"guess {number}", f"10.0.0.{number}") for number in range(20)]
        return await asyncio.gather(*tries, return_exceptions=True)

    errors = [type(error) for error in asyncio.run(storm())]
    assert errors.count(WrongLoginError) == 3
    assert errors.count(TooManyLoginsError) == 17


def test_no_more_passwords_are_checked_at_once_than_fit(make_logins: Callable[..., Logins]) -> None:
    logins = make_logins()

    async def storm() -> list[BaseException | tuple[str, LoggedIn]]:
        tries = [logins.log_in(f"name{number}", "guess", f"10.0.0.{number}") for number in range(40)]
        return await asyncio.gather(*tries, return_exceptions=True)

    errors = [type(error) for error in asyncio.run(storm())]
    assert errors.count(TooManyLoginsError) == 24
    log_in(logins)


def test_the_event_loop_goes_on_while_a_password_is_checked(
    make_logins: Callable[..., Logins], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr("kefu.service.people.logins.is_right", lambda *given: goes_on.wait(5))
    logins = make_logins()

    async def log_in_meanwhile() -> str:
        login = asyncio.create_task(logins.log_in("wang", "any", "::1"))
        await asyncio.sleep(0.02)
        assert not login.done()
        goes_on.set()
        return (await login)[1].name

    assert asyncio.run(log_in_meanwhile()) == "wang"


def test_unknown_names_take_as_long_as_wrong_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []

    class Hasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            checked.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Hasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._of_nobody.cache_clear()
    kept = hash_password(PASSWORD)
    assert is_right(PASSWORD, kept)
    assert not is_right("wrong", kept)
    assert not is_right("wrong", None)
    assert not is_right("", None), "not even the password of nobody"
    assert len(set(checked)) == 1
    assert len(checked) == 4
    passwords._of_nobody.cache_clear()


def test_what_is_no_hash_lets_nobody_in() -> None:
    assert not is_right("x", "x")


def test_a_password_is_hashed_anew_when_the_parameters_have_changed(
    make_logins: Callable[..., Logins], agents: AgentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins = make_logins()
    secret, _ = log_in(logins)
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    before = agents.find("wang")
    assert before is not None
    assert is_outdated(before.password_hash)
    log_in(logins)
    after = agents.find("wang")
    assert after is not None
    assert not is_outdated(after.password_hash)
    assert logins.find(secret) is not None, "other logins stay"
    log_in(logins)


def test_passwords_are_kept_as_argon2id() -> None:
    assert PasswordHasher().hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hash_password("x").startswith("$argon2id$")
