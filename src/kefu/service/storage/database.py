"""The database: SQLite in a file, or PostgreSQL."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session

from kefu.service.storage import schema
from kefu.tickets.errors import KefuError

_FORMS = "give sqlite:///folder/file or postgresql://user:password@host/name"


class Database:
    """A database of the service, made where there is none.

    Args:
        url: ``sqlite:///folder/file`` or ``postgresql://user:password@host/name``.
        migrate: whether tables of an older version are brought up to date; if not, they are refused.

    Raises:
        KefuError: the URL is wrong, the database cannot be reached, or its tables are of another version.
    """

    def __init__(self, url: str, *, migrate: bool = True) -> None:
        self.engine = open_engine(url)
        try:
            if migrate:
                schema.upgrade(self.engine)
            else:
                schema.require_newest(self.engine)
        except BaseException:
            self.engine.dispose()
            raise

    def close(self) -> None:
        """Give the database back."""
        self.engine.dispose()

    def reading(self) -> Session:
        """Return a session that reads."""
        return Session(self.engine, expire_on_commit=False)

    def writing(self) -> Session:
        """Return a session that writes; on SQLite it waits for the writer before it."""
        return Session(self.engine.execution_options(writes=True), expire_on_commit=False)


def open_engine(url: str) -> Engine:
    """Return a database that can be reached, whatever tables it has; a file of SQLite is made where there is none.

    Raises:
        KefuError: the URL is wrong, or the database cannot be reached.
    """
    place = _place(url)
    shown = place.render_as_string(hide_password=True)
    try:
        # a connection that PostgreSQL has ended, as by a restart, is noticed before it is used
        engine = create_engine(place, pool_pre_ping=place.get_backend_name() == "postgresql")
    except ModuleNotFoundError as error:
        raise KefuError(
            f"KEFU_STORAGE {shown}: the package {error.name} is not installed; pip install 'kefu[postgres]'"
        ) from None
    if place.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        if place.get_backend_name() == "sqlite":
            Path(str(place.database)).parent.mkdir(parents=True, exist_ok=True)
        engine.connect().close()
    except OSError as error:
        raise KefuError(f"KEFU_STORAGE {shown}: its folder cannot be made ({error.strerror})") from None
    except DBAPIError as error:
        engine.dispose()
        raise KefuError(f"KEFU_STORAGE {shown}: the database cannot be opened ({_first_line(error)})") from None
    return engine


def _place(url: str) -> URL:
    try:
        place = make_url(url)
    except (ArgumentError, ValueError):
        raise KefuError(f"KEFU_STORAGE: {_FORMS} (got something that is no URL)") from None
    if place.drivername in ("postgresql", "postgres"):
        place = place.set(drivername="postgresql+psycopg")
    if place.drivername not in ("sqlite", "postgresql+psycopg"):
        raise KefuError(f"KEFU_STORAGE: {_FORMS} (got {place.drivername}://)")
    if place.drivername == "sqlite" and place.database in (None, "", ":memory:"):
        raise KefuError("KEFU_STORAGE: every thread would have a memory of its own; name a file, sqlite:///folder/file")
    return place


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Let readers go on while one writes, wait for the writer before, and hold to foreign keys."""
    connection.isolation_level = None  # transactions begin as `_begin_sqlite` says
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; one that will write takes its turn at once, before it has read what another may change."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
