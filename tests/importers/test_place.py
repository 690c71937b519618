import os
from pathlib import Path

import pandas as pd
import pytest

from kefu.importers import place
from kefu.importers.layouts import recognise
from kefu.importers.place import place_tickets
from kefu.tickets.faults import Reason


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop's folder, and beside it what is nobody's business."""
    folder = tmp_path / "shop"
    for name in ("photos/1.jpg", "photos/unnamed.jpg", "声音/1.wav", "a b.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret.jpg").write_text("secret")
    return folder


def place_names(shop: Path, *names: str) -> tuple[dict[str, str], place.Placed]:
    """Import a table that names these pictures; return what lies there then, and what was said."""
    frame = pd.DataFrame({"ticket_id": [f"t{i}" for i in range(len(names))], "image": names, "label": "a"})
    frame.to_csv(shop / "tickets.csv", index=False)
    target = shop.parent / "project/data/shop"
    placed = place_tickets(recognise(shop), target)
    found = {path.relative_to(target).as_posix(): path.read_text() for path in target.rglob("*") if path.is_file()}
    assert not any(path.is_symlink() for path in target.rglob("*"))
    assert found.pop("tickets.csv") == (shop / "tickets.csv").read_text()
    assert [path.name for path in target.parent.iterdir()] == ["shop"]
    return found, placed


def test_what_the_table_names_is_copied_and_nothing_else(shop: Path) -> None:
    found, placed = place_names(
        shop, "photos/1.jpg", "./a b.jpg", "声音/1.wav", "photos/1.jpg", "photos\\1.jpg", "gone.jpg"
    )
    assert found == {"photos/1.jpg": "photos/1.jpg", "a b.jpg": "a b.jpg", "声音/1.wav": "声音/1.wav"}
    assert (placed.tickets, placed.files, placed.num_bytes) == (6, 3, len("photos/1.jpga b.jpg声音/1.wav".encode()))
    assert placed.left_out == {Reason.MISSING_FILE: 1}


def test_no_path_is_followed_out_of_the_folder(shop: Path) -> None:
    (shop / "link.jpg").symlink_to(shop.parent / "secret.jpg")
    (shop / "up").symlink_to(shop.parent)
    (shop / "inside.jpg").symlink_to(shop / "photos/1.jpg")
    os.mkfifo(shop / "pipe.jpg")
    hostile = (
        *("../secret.jpg", "photos/../../secret.jpg", str(shop.parent / "secret.jpg"), "link.jpg", "up/secret.jpg"),
        *("C:\\secret.jpg", "..\\secret.jpg", "file:///etc/passwd", "https://example.org/a.jpg"),
    )
    found, placed = place_names(shop, *hostile, "photos", "pipe.jpg", "photos/../photos/1.jpg", "inside.jpg")
    assert found == {"inside.jpg": "photos/1.jpg"}
    assert placed.left_out == {Reason.PATH_OUTSIDE: len(hostile) + 1, Reason.UNREADABLE_FILE: 2}


def test_a_way_up_through_a_link_does_not_leave_the_target(shop: Path) -> None:
    (shop / "deep/er").mkdir(parents=True)
    (shop / "deep/x.jpg").write_text("x")
    (shop / "down").symlink_to(shop / "deep/er")
    found, placed = place_names(shop, "down/../x.jpg", "down/../../a b.jpg")
    assert found == {}
    assert placed.left_out == {Reason.PATH_OUTSIDE: 2}


def test_a_picture_called_as_the_table_does_not_replace_it(shop: Path) -> None:
    found, _ = place_names(shop, "tickets.csv")
    assert found == {}


def test_tables_with_other_columns_are_written_anew(shop: Path) -> None:
    (shop / "t.csv").write_text('ticket_id,photo,what\n007,photos/1.jpg,"a ""b"", c"\n', encoding="utf-8")
    target = shop.parent / "out"
    place_tickets(recognise(shop / "t.csv", {"image": "photo", "label": "what"}), target)
    table = pd.read_csv(target / "tickets.csv", dtype=str)
    assert table[["ticket_id", "image", "label"]].to_numpy().tolist() == [["007", "photos/1.jpg", 'a "b", c']]
    assert "row" not in table
    assert (target / "photos/1.jpg").is_file()


def test_folders_of_classes_become_a_table(tmp_path: Path) -> None:
    for name in ("x/1.jpg", "x/2.txt", "y/3.wav"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text('one,\n"two" 三\r', encoding="utf-8", newline="")
    layout = recognise(tmp_path / "in")
    place_tickets(layout, tmp_path / "out")
    read = recognise(tmp_path / "out").tables["tickets.csv"].frame
    pd.testing.assert_series_equal(read["text"], layout.tables["tickets.csv"].frame["text"])
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.*")) == ["1.jpg", "3.wav", "tickets.csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interruption_leaves_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    copied = []

    def copy(source: Path, target: Path) -> None:
        if copied:
            raise error
        copied.append(target)
        Path(target).write_bytes(Path(source).read_bytes())

    monkeypatch.setattr(place.shutil, "copyfile", copy)
    with pytest.raises(error):
        place_names(shop, "photos/1.jpg", "a b.jpg")
    assert copied
    assert list((shop.parent / "project/data").iterdir()) == []
