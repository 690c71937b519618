"""``kefu agents``: the people who answer customers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.storage import describe_database, open_database, read_service_settings, require_existing
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    from kefu.service.settings import ServiceSettings
    from kefu.service.storage import AgentStore

_ROLES = ("agent", "admin")
_MAX_NAME_CHARS = 64
_MIN_PASSWORD_CHARS = 12
_MAX_PASSWORD_CHARS = 1000
_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of the input instead of asking."
)


@click.group(short_help="Add, list and disable the people who answer customers.")
def agents() -> None:
    """Add, list and disable the people who answer customers.

    \b
    kefu agents add Ann --role admin
    echo "$PASSWORD" | kefu agents add 李雷 --role agent --password-stdin
    kefu agents list
    kefu agents password Ann
    kefu agents disable Ann

    They log in at /agent of the service. An agent takes conversations over and answers; an admin also takes them from
    others, sees the dashboard and erases. KEFU_STORAGE names the database.
    """  # noqa: D301 - click wants the backspace itself


@agents.command("add", short_help="Add an agent, and ask for a password.")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="What the agent may do.")
@_password_stdin
@tell_mistakes
def add_agent(name: str, role: str, password_stdin: bool) -> None:
    """Add an agent named NAME, and ask for a password of 12 characters or more.

    The database is made where there is none.
    """
    settings = read_service_settings()
    from kefu.service.people.passwords import hash_password
    from kefu.service.storage import AgentExistsError, AgentStore, Role

    name = _checked_name(name)
    with open_database(settings) as database:
        store = AgentStore(database)
        known = store.find(name)
        if known is not None:
            raise _exists(name, active=known.active)
        password = _read_password(password_stdin, name)
        try:
            store.add(name, Role(role), hash_password(password))
        except AgentExistsError:
            raise _exists(name, active=True) from None
    click.echo(f"{role} '{name}' added to {describe_database(settings)}")


@agents.command("list", short_help="List all agents.")
@tell_mistakes
def list_agents() -> None:
    """List all agents by name: role, since when, and whether disabled."""
    settings = read_service_settings()
    with _existing_agents(settings) as store:
        rows = store.list()
    if not rows:
        click.echo(f"no agents in {describe_database(settings)}; `kefu agents add NAME --role admin` adds one")
    for row in rows:
        since = f"{row.created_at:%Y-%m-%d}"
        click.echo("\t".join([row.name, row.role.value, since, *([] if row.active else ["disabled"])]))


@agents.command("disable", short_help="Let an agent log in no more.")
@click.argument("name")
@tell_mistakes
def disable_agent(name: str) -> None:
    """End the logins of the agent NAME at once, and take none any more.

    The conversations that the agent has taken wait for another.
    """
    with _existing_agents(read_service_settings()) as store, _telling_unknown(store):
        store.disable(name)
    click.echo(f"'{name}' is disabled; `kefu agents enable` takes it back")


@agents.command("enable", short_help="Let a disabled agent log in again.")
@click.argument("name")
@tell_mistakes
def enable_agent(name: str) -> None:
    """Let the agent NAME log in again, with the password of before."""
    with _existing_agents(read_service_settings()) as store, _telling_unknown(store):
        store.enable(name)
    click.echo(f"'{name}' may log in again")


@agents.command("password", short_help="Replace the password of an agent.")
@click.argument("name")
@_password_stdin
@tell_mistakes
def replace_password(name: str, password_stdin: bool) -> None:
    """Ask for a new password of the agent NAME, and end the logins made with the old one."""
    settings = read_service_settings()
    from kefu.service.people.passwords import hash_password
    from kefu.service.storage import UnknownAgentError

    with _existing_agents(settings) as store, _telling_unknown(store):
        if store.find(name) is None:
            raise UnknownAgentError(name)
        store.set_password(name, hash_password(_read_password(password_stdin, name)))
    click.echo(f"the password of '{name}' is replaced")


@contextmanager
def _existing_agents(settings: "ServiceSettings") -> Iterator["AgentStore"]:
    from kefu.service.storage import AgentStore

    require_existing(settings)
    with open_database(settings) as database:
        yield AgentStore(database)


@contextmanager
def _telling_unknown(store: "AgentStore") -> Iterator[None]:
    from kefu.service.storage import UnknownAgentError
    from kefu.tickets.errors import did_you_mean

    try:
        yield
    except UnknownAgentError as error:
        name = str(error)
        hint = did_you_mean(name.casefold(), [row.name for row in store.list()])
        raise KefuError(f"there is no agent '{name}'{hint}; `kefu agents list` lists all") from None


def _exists(name: str, *, active: bool) -> KefuError:
    mend = "`kefu agents password` replaces the password" if active else "`kefu agents enable` lets him or her in again"
    return KefuError(f"there is an agent '{name}' already; {mend}")


def _checked_name(name: str) -> str:
    from kefu.service.storage.agents import normal_name

    name = normal_name(name)
    if not name or not name.isprintable():
        raise KefuError(f"the name {name!r} is empty or has characters that cannot be seen; give another")
    if len(name) > _MAX_NAME_CHARS:
        raise KefuError(f"the name has {len(name)} characters; give one of at most {_MAX_NAME_CHARS}")
    return name


def _read_password(from_stdin: bool, name: str) -> str:
    """Return a password that is good enough.

    Raises:
        KefuError: it is not, or there is nobody to ask.
    """
    if from_stdin:
        try:
            line = sys.stdin.buffer.readline().decode()
        except UnicodeDecodeError:
            raise KefuError("the password is not UTF-8; give it in UTF-8") from None
        password = line.removesuffix("\n").removesuffix("\r")
    elif _has_terminal():
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        raise KefuError("there is no terminal to ask for the password; give it with --password-stdin")
    if len(password) < _MIN_PASSWORD_CHARS:
        raise KefuError(
            f"the password has {len(password)} characters; take one of {_MIN_PASSWORD_CHARS} or more, "
            "as three words that have nothing to do with one another"
        )
    if len(password) > _MAX_PASSWORD_CHARS:
        raise KefuError(f"the password has {len(password):,} characters; take one of at most {_MAX_PASSWORD_CHARS:,}")
    if password.casefold() == name.casefold() or len(set(password)) == 1:
        raise KefuError("the password is the name, or one character again and again; take another")
    return password


def _has_terminal() -> bool:
    return sys.stdin.isatty()
