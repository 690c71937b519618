"""Media by content."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kefu.service.storage import MediaStore


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    name = store.keep(b"a picture")
    assert name == hashlib.sha256(b"a picture").hexdigest()
    assert store.read(name) == b"a picture"


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    assert store.keep(b"twice") == store.keep(b"twice")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("name", ["", "../secret", "a" * 63, "A" * 64, "a" * 64 + "/..", "a" * 64])
def test_what_is_no_hash_or_not_there_is_none(tmp_path: Path, name: str) -> None:
    assert MediaStore(tmp_path / "media").read(name) is None


def test_no_other_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"no")
    assert MediaStore(tmp_path / "media").read(str(secret)) is None


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("kefu.tickets.folder.os.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        MediaStore(tmp_path).keep(b"much")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")
    name, other = store.keep(b"a picture"), store.keep(b"another")
    store.delete(name)
    store.delete(name)
    assert store.read(name) is None
    assert store.read(other) == b"another"
    assert store.keep(b"a picture") == name
    assert store.read(name) == b"a picture"


def test_no_other_file_is_deleted(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"no")
    for name in (str(secret), "../../secret", "../secret", ""):
        MediaStore(tmp_path / "media").delete(name)
    assert secret.read_bytes() == b"no"


def test_all_files_are_named(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")
    assert list(store.names()) == []
    old, new = store.keep(b"old"), store.keep(b"new")
    (tmp_path / "media" / old[:2] / ".new-half").write_bytes(b"ha")
    (tmp_path / "media" / "note.txt").write_text("not ours")
    os.utime(tmp_path / "media" / old[:2] / old, (0, 0))
    assert set(store.names()) == {old, new}
    assert list(store.names(before=datetime(2020, 1, 1, tzinfo=UTC))) == [old]
