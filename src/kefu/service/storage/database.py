"""The database: SQLite in a file, or PostgreSQL."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlmodel import Session, SQLModel


class Database:
    """A database of the service, made where there is none.

    Args:
        url: ``sqlite:///folder/file`` or ``postgresql://user:password@host/name``.
        migrate: whether tables of an older version are brought up to date; if not, they are refused.
    """

    def __init__(self, url: str, *, migrate: bool = True) -> None:
        self.engine = _open(url)
        SQLModel.metadata.create_all(self.engine)

    def close(self) -> None:
        """Give the database back."""
        self.engine.dispose()

    def reading(self) -> Session:
        """Return a session that reads."""
        return Session(self.engine, expire_on_commit=False)

    def writing(self) -> Session:
        """Return a session that writes; on SQLite it waits for the writer before it."""
        return Session(self.engine.execution_options(writes=True), expire_on_commit=False)


def _open(url: str) -> Engine:
    place = make_url(url)
    engine = create_engine(place)
    if place.get_backend_name() == "sqlite":
        if place.database:
            Path(place.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


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
