"""Logins of agents: who is let in, for how long, and how often somebody may try."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from kefu.service.people.attempts import Attempts
from kefu.service.people.passwords import hash_password, is_outdated, is_right
from kefu.service.people.tokens import digest, draw_token, is_token
from kefu.service.settings import LoginSettings
from kefu.service.storage import AgentRow, AgentSessionRow, AgentStore, Role
from kefu.service.storage.agents import normal_name
from kefu.service.storage.tables import now

_THREADS = 2
_MAX_WAITING = 16


class WrongLoginError(Exception):
    """Name or password are wrong, or the agent is disabled; nobody is told which."""


class TooManyLoginsError(Exception):
    """Too many failed, or too many are tried at once.

    Args:
        wait_seconds: until it may be tried again.
    """

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(wait_seconds)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True)
class LoggedIn:
    """An agent who is logged in."""

    agent: AgentRow
    session: AgentSessionRow

    @property
    def id(self) -> int:
        """Of the agent."""
        return self.session.agent_id

    @property
    def name(self) -> str:
        """Of the agent."""
        return self.agent.name

    @property
    def is_admin(self) -> bool:
        """Whether the agent may also see the dashboard and erase."""
        return self.agent.role is Role.ADMIN


class Logins:
    """Lets agents in.

    Passwords are hashed in two threads of their own, since each takes 64 MiB; the limits of failed logins are those of
    this process.

    Args:
        store: of agents and their sessions.
        settings: how long a login lasts, and how often somebody may try.
    """

    def __init__(self, store: AgentStore, settings: LoginSettings) -> None:
        self._store = store
        self._lasts = timedelta(hours=settings.hours)
        window_seconds = 60 * settings.failures_minutes
        self._of_name = Attempts(settings.max_failures_of_name, window_seconds)
        self._of_address = Attempts(settings.max_failures_of_address, window_seconds)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="login")
        self._waiting = 0

    async def log_in(self, name: str, password: str, address: str) -> tuple[str, LoggedIn]:
        """Check a password, and return the secret of the cookie and who it lets in.

        Raises:
            WrongLoginError: name or password are wrong, or the agent is disabled; after the same time in each case.
            TooManyLoginsError: too many logins of the name or from the address failed, or too many are being checked.
        """
        key = normal_name(name).casefold()
        wait_seconds = max(self._of_name.wait_seconds(key), self._of_address.wait_seconds(address))
        if wait_seconds > 0:
            raise TooManyLoginsError(wait_seconds)
        if self._waiting >= _MAX_WAITING:
            raise TooManyLoginsError(1)
        # counted before it is checked, so that many at once are no way around the limit
        self._of_name.add(key)
        self._of_address.add(address)
        self._waiting += 1
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, self._log_in, name, password)
        finally:
            self._waiting -= 1
        self._of_name.forget(key)
        self._of_address.forget_last(address)
        return found

    def find(self, secret: str) -> LoggedIn | None:
        """Return who a cookie lets in; None where the login has ended or the agent is disabled."""
        if not is_token(secret):
            return None
        found = self._store.find_session(digest(secret))
        return LoggedIn(*found) if found is not None else None

    def log_out(self, session: AgentSessionRow) -> None:
        """End a login."""
        self._store.delete_session(session.id)

    def close(self) -> None:
        """Give back threads."""
        self._pool.shutdown(cancel_futures=True)

    def _log_in(self, name: str, password: str) -> tuple[str, LoggedIn]:
        agent = self._store.find(name)
        password_is_right = is_right(password, agent.password_hash if agent is not None else None)
        if agent is None or agent.id is None or not password_is_right or not agent.active:
            raise WrongLoginError
        if is_outdated(agent.password_hash):
            self._store.rehash(agent.id, agent.password_hash, hash_password(password))
        secret = draw_token()
        if not self._store.open_session(agent.id, digest(secret), draw_token(), now() + self._lasts):
            raise WrongLoginError
        found = self.find(secret)
        if found is None:
            raise WrongLoginError
        return secret, found
