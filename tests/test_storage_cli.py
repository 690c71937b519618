"""``kefu storage``."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from kefu.cli import kefu
from kefu.service.storage import ConversationStore, Database, MediaStore, NewMessage
from kefu.service.storage.tables import now

RELEASED = Path(__file__).parent / "service" / "storage" / "released" / "0001.sql"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kefu.sqlite"


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


@pytest.fixture
def call(file: Path, media: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEFU_STORAGE", f"sqlite:///{file}")
    monkeypatch.setenv("KEFU_MEDIA", str(media.folder))
    return lambda *arguments: CliRunner().invoke(kefu, ["storage", *arguments])


def write_released(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.executescript(RELEASED.read_text(encoding="utf-8"))
    connection.close()


def test_a_database_is_made(call: Callable[..., Result], file: Path) -> None:
    result = call("upgrade")
    assert result.exit_code == 0
    assert result.stdout == f"sqlite:///{file}: brought from no tables to revision 0003\n"
    again = call("upgrade")
    assert (again.exit_code, again.stdout) == (0, f"sqlite:///{file} is up to date: revision 0003\n")


def test_an_older_one_is_brought_up_to_date(call: Callable[..., Result], file: Path) -> None:
    write_released(file)
    before = call("check")
    assert before.exit_code == 2
    assert "the database is of revision 0001, and this version of kefu needs 0003; run `kefu storage" in before.stderr
    assert "brought from revision 0001 to revision 0003" in call("upgrade").stdout
    database = Database(f"sqlite:///{file}", migrate=False)
    assert ConversationStore(database).messages("helped")[0].text == "how do I return it"
    database.close()


def test_a_whole_database_is_told(call: Callable[..., Result], file: Path, media: MediaStore) -> None:
    database = Database(f"sqlite:///{file}")
    store = ConversationStore(database)
    talk, name = store.begin().id, media.keep(b"a picture")
    for _ in range(2):
        store.accept(talk, NewMessage(image=name))
    store.begin()
    result = call("check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"sqlite:///{file}: revision 0003, conversations 2, messages 2, pictures and recordings 1\n"
    )
    media.delete(name)
    store.accept(talk, NewMessage(audio="b" * 64))
    result = call("check")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == sorted(
        f"{media.folder}: there is no file {one}, which a message holds" for one in (name, "b" * 64)
    )
    database.close()


def test_many_faults_are_counted(call: Callable[..., Result], file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    store = ConversationStore(database)
    talk = store.begin().id
    for number in range(12):
        store.accept(talk, NewMessage(image=f"{number:064x}"))
    database.close()
    lines = call("check").stderr.splitlines()
    assert (len(lines), lines[-1]) == (11, "and 2 more")


def test_tables_that_were_changed_by_hand_are_told(call: Callable[..., Result], file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE correction"))
    database.close()
    result = call("check")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "correction" in result.stderr


def test_what_is_too_old_is_deleted(
    call: Callable[..., Result], file: Path, media: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{file}")
    store = ConversationStore(database)
    for days in (100, 20, 1):
        talk = store.begin().id
        store.accept(talk, NewMessage(image=media.keep(str(days).encode())))
        with database.engine.begin() as connection:
            at = (now() - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f")
            connection.execute(
                text("UPDATE conversation SET last_message_at = :at WHERE id = :talk"), {"at": at, "talk": talk}
            )
            connection.execute(
                text("UPDATE message SET created_at = :at WHERE conversation_id = :talk"), {"at": at, "talk": talk}
            )
    database.close()
    monkeypatch.setenv("KEFU_RETENTION_DAYS", "50")
    monkeypatch.setenv("KEFU_MEDIA_RETENTION_DAYS", "10")
    result = call("sweep")
    assert result.exit_code == 0
    assert result.stdout == "deleted: conversations 1, pictures and recordings 2, logins 0\n"
    assert len(list(media.names())) == 1
    monkeypatch.setenv("KEFU_RETENTION_DAYS", "null")
    assert call("sweep").stdout.startswith("deleted: conversations 0,")


@pytest.mark.parametrize("command", ["check", "sweep"])
def test_no_database_is_made_by_the_way(call: Callable[..., Result], tmp_path: Path, command: str) -> None:
    result = call(command)
    assert result.exit_code == 2
    assert "there is no such file; `kefu storage upgrade` or `kefu serve` makes it" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["check", "sweep", "upgrade"])
def test_what_is_no_database_is_told_in_one_line(call: Callable[..., Result], file: Path, command: str) -> None:
    file.write_text("not a database, but long enough to be taken for one" * 20)
    result = call(command)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "not a database" in result.stderr


def test_a_damaged_database_is_told_in_one_line(call: Callable[..., Result], file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    store = ConversationStore(database)
    for _ in range(50):
        store.accept(store.begin().id, NewMessage(text="long" * 200))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    content = bytearray(file.read_bytes())
    content[8192:] = b"\x07" * (len(content) - 8192)
    file.write_bytes(content)
    result = call("check")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert result.stderr.startswith(f"Error: KEFU_STORAGE sqlite:///{file}: ")


def test_a_password_is_not_shown(call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_STORAGE", "postgresql://kefu:secret@127.0.0.1:1/kefu?connect_timeout=2")
    for command in ("check", "upgrade", "sweep"):
        result = call(command)
        assert result.exit_code == 2
        assert "postgresql+psycopg://kefu:***@127.0.0.1:1/kefu" in result.stderr
        assert "secret" not in result.stderr


def test_a_database_that_may_not_be_changed_is_left_as_it_is(
    call: Callable[..., Result], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_released(file)
    monkeypatch.setenv("KEFU_MIGRATE_AT_START", "false")
    result = call("sweep")
    assert result.exit_code == 2
    assert "run `kefu storage upgrade`" in result.stderr
    assert call("upgrade").exit_code == 0
    assert call("sweep").exit_code == 0
