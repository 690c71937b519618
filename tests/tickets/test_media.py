import os
import unicodedata
from hashlib import blake2b

import pytest

from kefu.tickets.faults import Fault, Reason
from kefu.tickets.media import MediaDigests, read_media


@pytest.fixture
def root(tmp_path):
    (tmp_path / "outside.jpg").write_bytes(b"secret")
    folder = tmp_path / "tickets"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.jpg").write_bytes(b"12345")
    (folder / "images" / "empty.jpg").touch()
    (folder / "images" / "out.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "images" / "in.jpg").symlink_to("a.jpg")
    (folder / "images" / "loop.jpg").symlink_to("loop.jpg")
    (folder / "images" / "caf\u0065\u0301 图片.jpg").write_bytes(b"nfd")
    return folder


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("images/a.jpg", b"12345"),
        (" images\\a.jpg ", b"12345"),
        ("./images/../images/a.jpg", b"12345"),
        ("images/in.jpg", b"12345"),
        ("images/caf\u00e9 图片.jpg", b"nfd"),
    ],
)
def test_files_within_the_folder_are_read(root, path, data):
    assert read_media(root, path, 5) == data


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("images/none.jpg", Reason.MISSING_FILE),
        ("images/a.jpg/b.jpg", Reason.MISSING_FILE),
        ("  ", Reason.MISSING_FILE),
        ("images", Reason.UNREADABLE_FILE),
        ("images/loop.jpg", Reason.UNREADABLE_FILE),
        ("images/a\0.jpg", Reason.UNREADABLE_FILE),
        ("x" * 5000, Reason.UNREADABLE_FILE),
        ("images/empty.jpg", Reason.EMPTY),
        ("../outside.jpg", Reason.PATH_OUTSIDE),
        ("..\\outside.jpg", Reason.PATH_OUTSIDE),
        ("images/../../outside.jpg", Reason.PATH_OUTSIDE),
        ("../none.jpg", Reason.PATH_OUTSIDE),
        ("images/out.jpg", Reason.PATH_OUTSIDE),
        ("/etc/hostname", Reason.PATH_OUTSIDE),
        ("C:\\photos\\a.jpg", Reason.PATH_OUTSIDE),
        ("C:/photos/a.jpg", Reason.PATH_OUTSIDE),
        ("C:a.jpg", Reason.PATH_OUTSIDE),
        ("\\\\server\\a.jpg", Reason.PATH_OUTSIDE),
        ("https://example.com/a.jpg", Reason.PATH_OUTSIDE),
        ("s3://bucket/a.jpg", Reason.PATH_OUTSIDE),
        ("file:///etc/hostname", Reason.PATH_OUTSIDE),
        ("data:image/png;base64,AAAA", Reason.PATH_OUTSIDE),
    ],
)
def test_everything_else_is_a_fault_of_one_line(root, path, reason):
    fault = read_media(root, path, 100)
    assert isinstance(fault, Fault)
    assert fault.reason == reason, fault
    assert "\n" not in fault.detail
    assert len(fault.detail) < 200


def test_a_link_outside_is_refused_even_if_the_root_itself_is_a_link(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    assert read_media(tmp_path / "link", "images/a.jpg", 5) == b"12345"
    assert read_media(tmp_path / "link", "../outside.jpg", 5).reason == Reason.PATH_OUTSIDE


def test_a_file_over_the_limit_is_not_read(root):
    fault = read_media(root, "images/a.jpg", 4)
    assert fault.reason == Reason.FILE_TOO_LARGE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(root):
    (root / "images" / "a.jpg").chmod(0)
    assert read_media(root, "images/a.jpg", 5).reason == Reason.UNREADABLE_FILE


def test_a_pipe_is_not_waited_for(root):
    os.mkfifo(root / "pipe.wav")
    assert read_media(root, "pipe.wav", 5).reason == Reason.UNREADABLE_FILE


@pytest.fixture
def shop(tmp_path):
    root, outside = tmp_path / "shop", tmp_path / "outside"
    for folder in (root / "photos", outside):
        folder.mkdir(parents=True)
    for name in ("a.png", "photos/b.png", "photos/é.png", "../outside/c.png"):
        (root / name).write_bytes(name.encode())
    (root / "empty.png").touch()
    (root / "large.png").write_bytes(b"0" * 200)
    (root / "link.png").symlink_to(root / "a.png")
    (root / "away.png").symlink_to(outside / "c.png")
    (root / "elsewhere").symlink_to(outside)
    (root / "within").symlink_to(root / "photos")
    return root


NAMES = [
    "a.png", " a.png ", "photos/b.png", "photos\\b.png", "photos/e\u0301.png", "photos/../a.png", "../outside/c.png",
    "missing.png", "empty.png", "large.png", "link.png", "away.png", "elsewhere/c.png", "within/b.png", "photos",
    "photos/", "/etc/hostname", "https://shop.example/a.png", "", ".", "..", "a\0b.png", "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_digest_is_that_of_what_is_read(shop, name):
    content = read_media(shop, name, 100)
    expected = blake2b(content, digest_size=16).hexdigest() if isinstance(content, bytes) else repr(content)
    assert MediaDigests(shop, 100).digest(name) == expected


def test_only_ordinary_files_are_read_without_a_second_look(shop, monkeypatch):
    looked_at = []
    monkeypatch.setattr("kefu.tickets.media.read_media", lambda root, name, limit: looked_at.append(name) or b"")
    digests = MediaDigests(shop, 100)
    for name in NAMES:
        digests.digest(name)
    assert set(NAMES) - set(looked_at) == {"a.png", " a.png ", "photos/b.png", "within/b.png", "photos/../a.png"}


@pytest.mark.parametrize("name", NAMES)
def test_a_state_stays_until_a_file_is_written_or_replaced(shop, name):
    before = MediaDigests(shop, 100).state(name)
    assert MediaDigests(shop, 100).state(name) == before
    content = read_media(shop, name, 100)
    if isinstance(content, bytes):
        path = shop / unicodedata.normalize("NFC", name.strip().replace("\\", "/"))
        path.write_bytes(content + b"0")
        assert MediaDigests(shop, 100).state(name) != before
