"""The tables of a database, brought up to date step by step; the steps are in ``migrations``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlmodel import SQLModel

from kefu.service.storage import migrations
from kefu.tickets.errors import KefuError

FIRST = "0001"
_FIRST_COLUMNS = {
    "conversation": {"id", "created_at", "language", "state", "handed_over_at", "hand_over_reason"},
    "message": {
        *("id", "conversation_id", "position", "sender", "created_at", "text", "language", "image", "audio"),
        *("client_key", "answers", "understanding", "reply", "thumb"),
    },
}
_LOCK = 0x6B656675
"""Of PostgreSQL: whoever holds it changes the tables."""


def newest_revision() -> str:
    """Return the revision that this code works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def revision_of(engine: Engine) -> str | None:
    """Return the revision of a database; None where it has no tables of the service.

    Raises:
        KefuError: it has tables of these names that are not the service's.
    """
    with engine.connect() as connection:
        return _revision_of(connection)


def upgrade(engine: Engine) -> None:
    """Make the tables, or bring them up to date; one process at a time does it, and all of it or nothing.

    Raises:
        KefuError: the database is of a newer version, or has tables of these names that are not the service's.
    """
    with _changing_tables(engine) as connection:
        revision = _revision_of(connection)
        _require_known(revision)
        config = _config()
        config.attributes["connection"] = connection
        if revision == FIRST and not inspect(connection).has_table("alembic_version"):
            command.stamp(config, FIRST)
        command.upgrade(config, "head")


def require_newest(engine: Engine) -> None:
    """Check that a database is of the revision that this code works with.

    Raises:
        KefuError: it is older or newer.
    """
    revision = revision_of(engine)
    _require_known(revision)
    if revision != newest_revision():
        found = "has no tables yet" if revision is None else f"is of revision {revision}"
        raise KefuError(
            f"KEFU_STORAGE: the database {found}, and this version of kefu needs {newest_revision()}; "
            "run `kefu storage upgrade`"
        )


def differences(engine: Engine) -> list[str]:
    """Return where the tables are otherwise than this code says, one line each."""
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    return [str(difference) for difference in found]


@contextmanager
def _changing_tables(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction in which no other process changes tables."""
    with engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        driver = connection.connection.cursor()
        if is_sqlite:
            # a table is changed by replacing it, which nothing that refers to it may hinder
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.execution_options(writes=True).begin():
                if not is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                yield connection
        finally:
            if is_sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


def _revision_of(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None:
        return revision
    found = inspect(connection)
    there = {
        table: {column["name"] for column in found.get_columns(table)}
        for table in _FIRST_COLUMNS
        if found.has_table(table)
    }
    if not there:
        return None
    if there != _FIRST_COLUMNS:
        raise KefuError(
            f"KEFU_STORAGE: the database has a table '{next(iter(there))}' that is not the service's; "
            "name another database"
        )
    return FIRST


def _require_known(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise KefuError(
            f"KEFU_STORAGE: the database is of revision {revision}, made by a newer version of kefu; "
            f"this one knows no later than {newest_revision()}. Install the newer version, or name another database"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    return config
