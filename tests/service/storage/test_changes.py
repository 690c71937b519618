"""What has changed, whichever process wrote it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from kefu.service.storage import (
    AgentStore,
    Change,
    ChangeFeed,
    ConversationRow,
    ConversationState,
    ConversationStore,
    Database,
    Erasure,
    Inbox,
    MediaStore,
    NewMessage,
    Role,
)
from kefu.service.storage.tables import now


def test_every_change_is_told_once(
    url: str, database: Database, store: ConversationStore, inbox: Inbox, agents: AgentStore
) -> None:
    old = store.begin().id
    store.accept(old, NewMessage(text="before"))
    other = Database(url)
    feed = ChangeFeed(other)
    assert feed.next() == []
    store.accept(old, NewMessage(text="after"))
    new = store.begin().id
    assert feed.next() == [
        Change(old, ConversationState.ASSISTANT, 2),
        Change(new, ConversationState.ASSISTANT, 0),
    ]
    assert feed.next() == []
    inbox.take(old, agents.add("Ann", Role.AGENT, "hash").id or 0)
    inbox.close(new)
    assert feed.next() == [Change(old, ConversationState.TAKEN, 3), Change(new, ConversationState.CLOSED, 1)]
    other.close()


def test_several_changes_between_two_looks_are_one(database: Database, store: ConversationStore) -> None:
    feed = ChangeFeed(database)
    talk = store.begin().id
    for _ in range(3):
        store.accept(talk, NewMessage(text="hello"))
    assert feed.next() == [Change(talk, ConversationState.ASSISTANT, 3)]


def test_that_a_conversation_was_erased_is_told_once(
    url: str, database: Database, store: ConversationStore, tmp_path: Path
) -> None:
    erasure = Erasure(database, MediaStore(tmp_path / "media"))
    before, seen, new = (store.begin().id for _ in range(3))
    erasure.erase(before)
    other = Database(url)
    feed = ChangeFeed(other)
    store.accept(seen, NewMessage(text="hello"))
    assert feed.next() == [Change(seen, ConversationState.ASSISTANT, 1)]
    store.accept(seen, NewMessage(text="hello again"))
    for talk in (seen, new):
        erasure.erase(talk)
    assert feed.next() == [Change(seen), Change(new)]
    assert feed.next() == []
    other.close()


def write(session: Session, name: str, ago_s: float) -> None:
    row = session.get(ConversationRow, name) or ConversationRow(id=name)
    row.version += 1
    row.changed_at = now() - timedelta(seconds=ago_s)
    session.add(row)
    session.commit()


def test_a_change_is_told_though_it_is_committed_late(database: Database, store: ConversationStore) -> None:
    """Another one that says it is later has been told already; clocks of two machines differ, too."""
    feed = ChangeFeed(database)
    store.begin()
    assert len(feed.next()) == 1
    with database.writing() as session:
        write(session, "late", ago_s=5)
    assert [change.conversation_id for change in feed.next()] == ["late"]
    assert feed.next() == []


def test_what_is_long_past_is_neither_read_nor_remembered(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.writing() as session:
        for number in range(3):
            write(session, f"old {number}", ago_s=60)
    feed = ChangeFeed(database)
    assert feed._seen == {}
    with database.writing() as session:
        write(session, "new", ago_s=0)
    assert len(feed.next()) == 1
    later = now() + timedelta(seconds=60)
    monkeypatch.setattr("kefu.service.storage.changes.now", lambda: later)
    assert feed.next() == []
    assert feed._seen == {}
