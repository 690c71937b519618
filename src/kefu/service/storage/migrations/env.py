"""What Alembic runs: on the connection that it is given, else on the database that the settings name."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

from kefu.service.settings import read_settings
from kefu.service.storage import tables  # noqa: F401 - declares the tables
from kefu.service.storage.database import open_engine


def _run(connection: Connection) -> None:
    # SQLite begins where it is told to, so there, too, a step that fails is taken back as a whole
    context.configure(connection=connection, target_metadata=SQLModel.metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


_given = context.config.attributes.get("connection")
if _given is not None:
    _run(_given)
else:
    with open_engine(read_settings().storage).connect() as _own:
        _run(_own)
