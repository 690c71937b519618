"""Tables are brought up to date, by one process at a time, and never down."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, text

from kefu.service.storage import (
    AgentStore,
    ConversationState,
    ConversationStore,
    Database,
    Erasure,
    Inbox,
    MediaStore,
    NewMessage,
    Role,
    Sender,
    Thumb,
    schema,
)
from kefu.service.storage.database import open_engine
from kefu.tickets.errors import KefuError

RELEASED = Path(__file__).parent / "released"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Open a database without tables."""
    engine = open_engine(url)
    yield engine
    engine.dispose()


def restore(revision: str, url: str, engine: Engine) -> str:
    """Give a database the tables and rows that a released version had made; return its URL."""
    script = (RELEASED / f"{revision}.sql").read_text(encoding="utf-8")
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.executescript(script)
        return url
    _, *inserts = script.split("INSERT INTO ")
    with engine.begin() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.execute(text("DELETE FROM alembic_version"))
    with engine.begin() as connection:  # a value that was added to an enum may be used from the next transaction on
        connection.execute(text("SET timezone = 'UTC'"))
        for insert in inserts:
            connection.exec_driver_sql(f"INSERT INTO {insert}".replace("%", "%%"))
    return url


@pytest.fixture
def released(url: str, engine: Engine) -> str:
    """Return the URL of a database of the version before there were steps."""
    restore("0001", url, engine)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE alembic_version"))
    return url


def test_a_new_database_has_the_tables_that_the_code_says(database: Database) -> None:
    assert schema.differences(database.engine) == []
    assert schema.revision_of(database.engine) == schema.newest_revision()


def test_conversations_of_the_version_before_are_kept(released: str) -> None:
    database = Database(released)
    store = ConversationStore(database)
    talk = store.conversation("handed-over")
    assert talk.handed_over_at == datetime(2026, 3, 1, 8, 2, 5, 250000, tzinfo=UTC)
    assert talk.last_message_at == talk.changed_at == talk.handed_over_at
    assert (talk.hand_over_reason, talk.language, talk.version, talk.owner) == ("asked", "zh", 0, None)
    asked, said = store.messages("helped")
    assert (asked.sender, asked.text, asked.image, asked.client_key) == (
        Sender.CUSTOMER,
        "how do I return it",
        "a" * 64,
        "k1",
    )
    assert asked.created_at == datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
    assert (said.sender, said.answers, said.thumb) == (Sender.ASSISTANT, "m3", Thumb.UP)
    assert said.reply is not None
    assert said.reply["sentences"][0]["citations"] == ["returns/how"]
    silent = store.conversation("silent")
    assert silent.last_message_at == silent.created_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert [entry.conversation_id for entry in Inbox(database).queue()] == ["handed-over"]
    database.close()


def test_after_the_upgrade_the_tables_are_those_of_a_new_database(released: str) -> None:
    database = Database(released)
    assert schema.differences(database.engine) == []
    found = inspect(database.engine)
    unique = {tuple(one["column_names"]) for one in found.get_unique_constraints("message")}
    assert unique == {
        ("conversation_id", "position"),
        ("conversation_id", "sender", "client_key"),
        ("answers",),
    }
    references = {
        (table, *one["constrained_columns"], one["referred_table"])
        for table in ("conversation", "message", "correction", "agent_session")
        for one in found.get_foreign_keys(table)
    }
    assert references == {
        ("conversation", "taken_by", "agent"),
        ("message", "conversation_id", "conversation"),
        ("message", "answers", "message"),
        ("message", "agent_id", "agent"),
        ("correction", "message_id", "message"),
        ("correction", "agent_id", "agent"),
        ("agent_session", "agent_id", "agent"),
    }
    database.close()


def test_of_the_version_before_all_is_kept(url: str, engine: Engine, tmp_path: Path) -> None:
    database = Database(restore("0002", url, engine))
    assert schema.differences(database.engine) == []
    store, agents = ConversationStore(database), AgentStore(database)
    assert [(agent.name, agent.role, agent.active) for agent in agents.list()] == [
        ("Ann", Role.ADMIN, True),
        ("王芳", Role.AGENT, False),
    ]
    login = agents.find_session("d" * 64)
    assert login is not None
    assert login[0].name == "Ann"
    talk = store.conversation("taken")
    assert (talk.who_answers(), talk.taken_by, talk.version) == (ConversationState.TAKEN, 1, 4)
    assert [(said.sender, said.text, said.agent_id) for said in store.messages("taken")] == [
        (Sender.CUSTOMER, "我要退款", None),
        (Sender.ASSISTANT, "好的。", None),
        (Sender.AGENT, "已经退了", 1),
    ]
    assert Inbox(database).corrections("taken")["m1"].label == "refund"
    assert Erasure(database, MediaStore(tmp_path / "media")).erase("taken") == ["a" * 64]
    database.close()


def test_after_the_upgrade_a_conversation_goes_on(released: str) -> None:
    database = Database(released)
    store = ConversationStore(database)
    assert not store.accept("helped", NewMessage(client_key="k1"))[1]
    row, is_new = store.accept("helped", NewMessage(text="thanks", client_key="k2"))
    assert (is_new, row.position) == (True, 2)
    assert store.conversation("helped").who_answers() is ConversationState.ASSISTANT
    database.close()


def test_an_upgrade_is_done_once(released: str) -> None:
    for _ in range(2):
        database = Database(released)
        ConversationStore(database).accept("helped", NewMessage(text="hello"))
        assert len(ConversationStore(database).messages("helped")) > 2
        database.close()


def test_many_processes_start_at_once(released: str) -> None:
    start = threading.Barrier(4)

    def open_database(_: int) -> int:
        start.wait(10)
        database = Database(released)
        try:
            return len(ConversationStore(database).messages("helped"))
        finally:
            database.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(open_database, range(4))) == [2] * 4


def test_an_upgrade_that_fails_changes_nothing(released: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        upgrade(*arguments)
        raise RuntimeError("out of power")

    upgrade = command.upgrade
    monkeypatch.setattr("kefu.service.storage.schema.command.upgrade", fail)
    before = inspect(engine).get_table_names()
    with pytest.raises(RuntimeError, match="out of power"):
        schema.upgrade(engine)
    assert inspect(engine).get_table_names() == before
    monkeypatch.undo()
    schema.upgrade(engine)
    assert schema.differences(engine) == []


def test_references_are_held_to_after_an_upgrade(released: str, engine: Engine) -> None:
    schema.upgrade(engine)
    with pytest.raises(Exception, match=r"(?i)foreign key"), engine.begin() as connection:
        connection.execute(text("DELETE FROM conversation WHERE id = 'helped'"))


def test_a_newer_database_is_refused(url: str, engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    for migrate in (True, False):
        with pytest.raises(KefuError, match="revision 0999, made by a newer version of kefu"):
            Database(url, migrate=migrate)


def test_an_older_database_is_refused_where_it_may_not_be_changed(released: str, engine: Engine) -> None:
    with pytest.raises(KefuError, match=r"is of revision 0001.*run `kefu storage upgrade`"):
        Database(released, migrate=False)
    assert not inspect(engine).has_table("agent")
    schema.upgrade(engine)
    Database(released, migrate=False).close()


def test_an_empty_database_is_refused_where_it_may_not_be_changed(url: str) -> None:
    with pytest.raises(KefuError, match="has no tables yet"):
        Database(url, migrate=False)


def test_tables_of_others_are_left_alone(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE message (id INTEGER, subject VARCHAR(20))"))
    with pytest.raises(KefuError, match="a table 'message' that is not the service's"):
        Database(url)
    assert inspect(engine).get_table_names() == ["message"]


def test_a_difference_is_told(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_conversation_changed_at"))
    (difference,) = schema.differences(database.engine)
    assert "ix_conversation_changed_at" in difference


@pytest.fixture
def make_url(tmp_path: Path) -> Callable[[str], str]:
    (tmp_path / "file").write_text("no database")
    return lambda url: url.format(folder=tmp_path)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "got something that is no URL"),
        ("kefu.sqlite", "got something that is no URL"),
        ("mysql://kefu:secret@host/kefu", r"got mysql://"),
        ("sqlite://", "every thread would have a memory of its own"),
        ("sqlite:///:memory:", "every thread would have a memory of its own"),
        ("sqlite:///{folder}/file", "cannot be opened .*not a database"),
        ("sqlite:///{folder}", "cannot be opened .*unable to open"),
        ("sqlite:///{folder}/file/kefu.db", "its folder cannot be made"),
        ("postgresql://kefu:secret@127.0.0.1:1/kefu?connect_timeout=2", "cannot be opened"),
        ("postgresql://kefu:secret@127.0.0.1:port/kefu", "got something that is no URL"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_in_one_line(
    make_url: Callable[[str], str], url: str, said: str
) -> None:
    with pytest.raises(KefuError, match=f"^KEFU_STORAGE.*{said}") as caught:
        Database(make_url(url))
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
