"""Folders of classes, with and without folders of splits above them."""

import pytest

from kefu.importers.class_folders import read_class_folders
from kefu.tickets.errors import EmptyTableError


def put(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("你好", encoding="utf-8")


def test_the_folder_is_the_label_and_the_ending_the_modality(tmp_path):
    put(tmp_path, "shirt/1.JPG", "shirt/new/2.png", "dress/1.wav", "dress/note.txt")
    frame = read_class_folders(tmp_path).set_index("ticket_id")
    assert frame["label"].to_dict() == {
        "dress/1.wav": "dress",
        "dress/note.txt": "dress",
        "shirt/1.JPG": "shirt",
        "shirt/new/2.png": "shirt",
    }
    assert frame["image"].dropna().tolist() == ["shirt/1.JPG", "shirt/new/2.png"]
    assert frame["audio"].dropna().tolist() == ["dress/1.wav"]
    assert frame["text"].dropna().to_dict() == {"dress/note.txt": "你好"}
    assert frame["split"].isna().all()


def test_folders_of_splits(tmp_path):
    put(tmp_path, "train/shirt/1.jpg", "Val/dress/1.jpg", "test/shirt/1.jpg", ".cache/x/1.jpg")
    frame = read_class_folders(tmp_path)
    assert dict(zip(frame["ticket_id"], frame["split"], strict=True)) == {
        "Val/dress/1.jpg": "validation",
        "test/shirt/1.jpg": "test",
        "train/shirt/1.jpg": "train",
    }
    assert set(frame["label"]) == {"shirt", "dress"}


def test_a_class_called_like_a_split_is_a_class(tmp_path):
    put(tmp_path, "train/1.jpg", "bus/1.jpg")
    frame = read_class_folders(tmp_path)
    assert frame["label"].tolist() == ["bus", "train"]
    assert frame["split"].isna().all()


def test_other_files_are_left_out_and_told(tmp_path, caplog):
    put(tmp_path, "shirt/1.jpg", "shirt/.DS_Store", "shirt/1.pdf", "dress/2.pdf", "labels.csv")
    assert read_class_folders(tmp_path)["ticket_id"].tolist() == ["shirt/1.jpg"]
    assert "2 files of other kinds are left out (.pdf)" in caplog.text


def test_nothing_there(tmp_path):
    put(tmp_path, "1.jpg", "shirt/1.pdf")
    with pytest.raises(EmptyTableError, match="in folders of classes"):
        read_class_folders(tmp_path)
