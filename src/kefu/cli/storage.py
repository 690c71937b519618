"""``kefu storage``: the database and the media of the service."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kefu.cli.mistakes import tell_mistakes
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from kefu.service.settings import ServiceSettings
    from kefu.service.storage import Database

UNFIT = 1
_PACKAGES = frozenset({"alembic", "argon2", "fastapi", "pydantic_settings", "sqlalchemy", "sqlmodel", "structlog"})
_SHOWN = 10
"""Faults that are told one by one."""


@click.group(short_help="Check the database of the service, bring it up to date, delete what is too old.")
def storage() -> None:
    """Check the database of the service, bring it up to date, and delete what is older than it may be kept.

    \b
    kefu storage check
    kefu storage upgrade
    KEFU_RETENTION_DAYS=30 kefu storage sweep

    KEFU_STORAGE names the database, KEFU_MEDIA the folder of pictures and recordings; `kefu serve --settings` lists
    their defaults.
    """  # noqa: D301 - click wants the backspace itself


@storage.command("upgrade", short_help="Make the tables, or bring them up to date.")
@tell_mistakes
def upgrade_storage() -> None:
    """Make the tables of the database, or bring those of an older version up to date; nothing else is changed.

    `kefu serve` does it at its start, unless KEFU_MIGRATE_AT_START is false.
    """
    settings = read_service_settings()
    with _open_engine(settings) as engine:
        from kefu.service.storage import schema

        before = schema.revision_of(engine)
        schema.upgrade(engine)
        after = schema.revision_of(engine)
    shown = describe_database(settings)
    if before == after:
        click.echo(f"{shown} is up to date: revision {after}")
    else:
        click.echo(f"{shown}: brought from {f'revision {before}' if before else 'no tables'} to revision {after}")


@storage.command("check", short_help="Is the database up to date and whole?")
@tell_mistakes
def check_storage() -> None:
    """Check that the database is up to date, its tables are as they should be, and no picture or recording is missing.

    Changes nothing. Ends with status 1 where something is wrong.
    """
    settings = read_service_settings()
    require_existing(settings)
    with _open_engine(settings) as engine:
        from kefu.service.storage import MediaStore, schema

        schema.require_newest(engine)
        faults = schema.differences(engine)
        if not faults:
            conversations, messages, held = _count(engine)
            missing = held - set(MediaStore(settings.media).names())
            faults = [f"{settings.media}: there is no file {name}, which a message holds" for name in sorted(missing)]
            click.echo(
                f"{describe_database(settings)}: revision {schema.newest_revision()}, conversations {conversations:,}, "
                f"messages {messages:,}, pictures and recordings {len(held):,}"
            )
    for fault in faults[:_SHOWN]:
        click.echo(fault, err=True)
    if len(faults) > _SHOWN:
        click.echo(f"and {len(faults) - _SHOWN:,} more", err=True)
    if faults:
        sys.exit(UNFIT)


@storage.command("sweep", short_help="Delete what is older than it may be kept.")
@tell_mistakes
def sweep_storage() -> None:
    """Delete what is older than KEFU_RETENTION_DAYS and KEFU_MEDIA_RETENTION_DAYS, as `kefu serve` does every hour.

    Conversations are deleted whole, that many days after their last message; pictures and recordings that many days
    after they were sent. Files that no message holds, and logins that are over, are deleted, too.
    """
    settings = read_service_settings()
    require_existing(settings)
    with open_database(settings) as database:
        from kefu.service.storage import Erasure, MediaStore

        swept = Erasure(database, MediaStore(settings.media)).sweep(
            settings.retention_days, settings.media_retention_days
        )
    click.echo(
        f"deleted: conversations {swept.conversations:,}, pictures and recordings {swept.media:,}, "
        f"logins {swept.sessions:,}"
    )


def read_service_settings() -> "ServiceSettings":
    """Return the settings of the service.

    Raises:
        KefuError: one of them is wrong, or a package of the service is not installed.
    """
    try:
        import kefu.service.storage  # noqa: F401 - what it needs is needed
        from kefu.service.settings import read_settings
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _PACKAGES:
            raise
        raise KefuError(f"the package {error.name} is not installed; pip install 'kefu[service]'") from None
    return read_settings()


def require_existing(settings: "ServiceSettings") -> None:
    """Check that a file of SQLite is there: to open it would make a new one.

    Raises:
        KefuError: it is not.
    """
    path = settings.storage.removeprefix("sqlite:///")
    if path != settings.storage and not Path(path).exists():
        raise KefuError(
            f"KEFU_STORAGE {settings.storage}: there is no such file; `kefu storage upgrade` or `kefu serve` makes it, "
            "or name another"
        )


def describe_database(settings: "ServiceSettings") -> str:
    """Return the URL of the database without its password."""
    from sqlalchemy import make_url

    return make_url(settings.storage).render_as_string(hide_password=True)


@contextmanager
def open_database(settings: "ServiceSettings") -> Iterator["Database"]:
    """Yield the database of the settings, its tables brought up to date where that is allowed.

    Raises:
        KefuError: it cannot be opened, read or written.
    """
    from kefu.service.storage import Database

    with _telling_database_errors(settings):
        database = Database(settings.storage, migrate=settings.migrate_at_start)
        try:
            yield database
        finally:
            database.close()


@contextmanager
def _open_engine(settings: "ServiceSettings") -> Iterator["Engine"]:
    """Yield the database of the settings, whatever tables it has."""
    from kefu.service.storage.database import open_engine

    with _telling_database_errors(settings):
        engine = open_engine(settings.storage)
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def _telling_database_errors(settings: "ServiceSettings") -> Iterator[None]:
    """Tell in one line what the user can mend: a disk that is full, a file that may not be written or is damaged."""
    from sqlalchemy.exc import DatabaseError, OperationalError

    try:
        yield
    except DatabaseError as error:
        if type(error) not in (DatabaseError, OperationalError):
            raise
        reason = str(error.orig).strip().partition("\n")[0]
        raise KefuError(f"KEFU_STORAGE {describe_database(settings)}: {reason}") from None


def _count(engine: "Engine") -> tuple[int, int, set[str]]:
    """Return the number of conversations and messages, and the names of the media that messages hold."""
    from sqlmodel import Session, col, func, select

    from kefu.service.storage import ConversationRow, MessageRow

    with Session(engine) as session:
        conversations = session.exec(select(func.count()).select_from(ConversationRow)).one()
        messages = session.exec(select(func.count()).select_from(MessageRow)).one()
        held = set()
        for column in (col(MessageRow.image), col(MessageRow.audio)):
            held |= {name for name in session.exec(select(column).distinct()) if name is not None}
    return conversations, messages, held
