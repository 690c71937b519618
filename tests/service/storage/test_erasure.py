"""What is forgotten is gone, and nothing else."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, update
from sqlmodel import col, select

from kefu.service.storage import (
    AgentStore,
    ConversationRow,
    ConversationStore,
    CorrectionRow,
    Database,
    ErasedConversationRow,
    Erasure,
    Inbox,
    MediaStore,
    MessageRow,
    NewMessage,
    Role,
    Swept,
    UnknownConversationError,
)
from kefu.service.storage.tables import now

REPLY: dict[str, Any] = {"language": "en", "sentences": [{"text": "Hello."}], "hand_over": None}


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


@pytest.fixture
def erasure(database: Database, media: MediaStore) -> Erasure:
    return Erasure(database, media)


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def age(database: Database, talk: str, *, last_message: float = 0, messages: float = 0) -> None:
    """Make a conversation, and its messages, older by days."""
    with database.writing() as session:
        session.exec(
            update(ConversationRow)
            .where(col(ConversationRow.id) == talk)
            .values(last_message_at=now() - timedelta(days=last_message))
        )
        session.exec(
            update(MessageRow)
            .where(col(MessageRow.conversation_id) == talk)
            .values(created_at=now() - timedelta(days=messages))
        )
        session.commit()


def test_a_conversation_is_erased_with_all_that_belongs_to_it(
    database: Database,
    store: ConversationStore,
    inbox: Inbox,
    agents: AgentStore,
    media: MediaStore,
    erasure: Erasure,
) -> None:
    ann = agents.add("Ann", Role.AGENT, "hash").id or 0
    talk, other = store.begin(owner="o" * 64).id, store.begin(owner="o" * 64).id
    own, shared, voice = media.keep(b"own"), media.keep(b"shared"), media.keep(b"voice")
    asked, _ = store.accept(talk, NewMessage(text="refund", image=own))
    store.answer(asked, {}, REPLY, {})
    store.accept(talk, NewMessage(image=shared, audio=voice))
    kept, _ = store.accept(other, NewMessage(image=shared))
    for conversation, message in ((talk, asked), (other, kept)):
        inbox.correct(conversation, message.id, ann, "refund")
    inbox.take(talk, ann)
    assert sorted(erasure.erase(talk)) == sorted([own, voice])
    with pytest.raises(UnknownConversationError):
        store.messages(talk)
    assert [media.read(name) for name in (own, shared, voice)] == [None, b"shared", None]
    assert [message.id for message in store.messages(other)] == [kept.id]
    assert list(inbox.corrections(other)) == [kept.id]
    assert [count(database, table) for table in (ConversationRow, MessageRow, CorrectionRow)] == [1, 1, 1]
    assert agents.agent(ann) is not None
    with pytest.raises(UnknownConversationError):
        erasure.erase(talk)
    assert erasure.erase(other) == [shared]


def test_all_of_a_customer_are_erased_and_no_other(
    store: ConversationStore, media: MediaStore, erasure: Erasure
) -> None:
    mine = [store.begin(owner="a" * 64).id for _ in range(2)]
    others = [store.begin(owner="b" * 64).id, store.begin().id]
    name = media.keep(b"mine")
    for talk in mine:
        store.accept(talk, NewMessage(image=name))
    conversations, deleted = erasure.erase_owner("a" * 64)
    assert (sorted(conversations), deleted) == (sorted(mine), [name])
    assert media.read(name) is None
    assert [store.conversation(talk).id for talk in others] == others
    assert erasure.erase_owner("a" * 64) == ([], [])


def test_what_is_too_old_is_swept(
    database: Database, store: ConversationStore, agents: AgentStore, media: MediaStore, erasure: Erasure
) -> None:
    ann = agents.add("Ann", Role.AGENT, "hash").id or 0
    agents.open_session(ann, "old", "csrf", now() - timedelta(seconds=1))
    old, new = store.begin().id, store.begin().id
    name = media.keep(b"old")
    store.accept(old, NewMessage(image=name))
    store.accept(new, NewMessage(text="hello"))
    age(database, old, last_message=30.1)
    age(database, new, last_message=29.9)
    assert erasure.sweep(30, None) == Swept(conversations=1, media=1, sessions=1)
    assert media.read(name) is None
    assert store.conversation(new).id == new
    with pytest.raises(UnknownConversationError):
        store.conversation(old)
    assert erasure.sweep(30, None) == Swept(0, 0, 0)


def test_that_a_conversation_was_erased_is_known_for_an_hour(
    database: Database, store: ConversationStore, erasure: Erasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure.erase(store.begin().id)
    for minutes, known in ((59, 1), (61, 0)):
        later = now() + timedelta(minutes=minutes)
        monkeypatch.setattr("kefu.service.storage.erasure.now", lambda later=later: later)
        erasure.sweep(None, None)
        assert count(database, ErasedConversationRow) == known


def test_media_are_swept_before_their_conversation(
    database: Database, store: ConversationStore, media: MediaStore, erasure: Erasure
) -> None:
    old, new = store.begin().id, store.begin().id
    picture, voice, shared = media.keep(b"picture"), media.keep(b"voice"), media.keep(b"shared")
    store.accept(old, NewMessage(text="look", image=picture))
    store.accept(old, NewMessage(audio=voice, image=shared))
    store.accept(old, NewMessage(text="words alone"))
    store.accept(new, NewMessage(image=shared))
    age(database, old, messages=90.1)
    age(database, new, messages=89.9)
    before = store.conversation(old).version, store.conversation(new).version
    assert erasure.sweep(None, 90) == Swept(conversations=0, media=2, sessions=0)
    assert [(message.text, message.image, message.audio) for message in store.messages(old)] == [
        ("look", None, None),
        ("", None, None),
        ("words alone", None, None),
    ]
    assert store.messages(new)[0].image == shared
    assert [media.read(name) for name in (picture, voice, shared)] == [None, None, b"shared"]
    assert (store.conversation(old).version, store.conversation(new).version) == (before[0] + 1, before[1])
    assert erasure.sweep(None, 90) == Swept(0, 0, 0)


def test_of_a_long_conversation_the_newer_media_stay(
    database: Database, store: ConversationStore, media: MediaStore, erasure: Erasure
) -> None:
    talk, old, new = store.begin().id, media.keep(b"old"), media.keep(b"new")
    store.accept(talk, NewMessage(image=old))
    age(database, talk, messages=91)
    store.accept(talk, NewMessage(image=new))
    assert erasure.sweep(None, 90) == Swept(conversations=0, media=1, sessions=0)
    assert [message.image for message in store.messages(talk)] == [None, new]
    assert [media.read(name) for name in (old, new)] == [None, b"new"]


def test_nothing_is_swept_where_nothing_is_limited(
    database: Database, store: ConversationStore, media: MediaStore, erasure: Erasure
) -> None:
    talk, name = store.begin().id, media.keep(b"old")
    store.accept(talk, NewMessage(image=name))
    age(database, talk, last_message=5000, messages=5000)
    assert erasure.sweep(None, None) == Swept(0, 0, 0)
    assert media.read(name) == b"old"


def test_two_processes_sweep_at_once(url: str, database: Database, store: ConversationStore, media: MediaStore) -> None:
    other = Database(url)
    for number in range(6):
        talk = store.begin().id
        store.accept(talk, NewMessage(image=media.keep(f"{number % 2}".encode())))
        age(database, talk, last_message=31)
    with ThreadPoolExecutor(2) as pool:
        swept = list(pool.map(lambda one: Erasure(one, media).sweep(30, 10), [database, other]))
    assert sum(one.conversations for one in swept) == 6
    assert count(database, ConversationRow) == 0
    assert [path for path in media.folder.rglob("*") if path.is_file()] == []
    other.close()


def test_media_that_are_sent_anew_while_they_are_deleted_are_there(
    url: str, store: ConversationStore, media: MediaStore
) -> None:
    """As the desk does it: kept before the message is accepted, and once more after."""
    other = Database(url)
    for _ in range(10):
        old, new = store.begin().id, store.begin().id
        name = media.keep(b"a picture")
        store.accept(old, NewMessage(image=name))
        start = threading.Barrier(2)

        def send(new: str = new, start: threading.Barrier = start) -> None:
            start.wait(10)
            name = media.keep(b"a picture")
            store.accept(new, NewMessage(image=name))
            media.keep(b"a picture")

        def erase(old: str = old, start: threading.Barrier = start) -> None:
            start.wait(10)
            Erasure(other, media).erase(old)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(send), pool.submit(erase)]:
                done.result(30)
        assert media.read(name) == b"a picture"
    other.close()


def test_files_of_no_message_are_swept(store: ConversationStore, media: MediaStore, erasure: Erasure) -> None:
    held, lost, young = media.keep(b"held"), media.keep(b"lost"), media.keep(b"young")
    store.accept(store.begin().id, NewMessage(audio=held))
    day_before_yesterday = (now() - timedelta(days=2)).timestamp()
    for name in (held, lost):
        os.utime(media.folder / name[:2] / name, (day_before_yesterday, day_before_yesterday))
    assert erasure.sweep(None, None) == Swept(conversations=0, media=1, sessions=0)
    assert [media.read(name) for name in (held, lost, young)] == [b"held", None, b"young"]


def test_who_sends_media_that_are_being_deleted_waits(
    url: str, store: ConversationStore, media: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Database(url)
    old, new, name = store.begin().id, store.begin().id, media.keep(b"a picture")
    store.accept(old, NewMessage(image=name))
    was_waiting = []

    def delete(name: str) -> None:
        sent = pool.submit(ConversationStore(other).accept, new, NewMessage(image=name))
        was_waiting.append(not wait([sent], timeout=1).done)

    monkeypatch.setattr(media, "delete", delete)
    with ThreadPoolExecutor(1) as pool:
        assert Erasure(other, media).erase(old) == [name]
    assert was_waiting == [True]
    assert store.messages(new)[0].image == name
    other.close()
