import json
from pathlib import Path

import pytest

from kefu.importers.layouts import recognise
from kefu.tickets.errors import KefuError

HEADER = "ticket_id,text,label\n"
ROWS = "1,hello there,a\n2,你好,b\n"


def put(root: Path, **files: str) -> Path:
    for name, content in files.items():
        path = root / name.replace("__", ".").replace("_in_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def only(layout):
    ((name, table),) = layout.tables.items()
    return name, table.frame


@pytest.mark.parametrize("name", ["tickets.csv", "Tickets.csv", "complaints.csv"])
def test_a_table_is_kept_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HEADER + ROWS, encoding="utf-8")
    for source in (tmp_path, tmp_path / name):
        layout = recognise(source)
        assert layout.files == {"tickets.csv": tmp_path / name}
        assert only(layout)[1]["text"].tolist() == ["hello there", "你好"]


def test_tickets_go_before_other_tables(tmp_path: Path) -> None:
    put(tmp_path, tickets__jsonl='{"ticket_id": 1, "text": "hello"}\n', train__csv=HEADER, test__csv=HEADER)
    assert only(recognise(tmp_path))[0] == "tickets.jsonl"


def test_tickets_out_of_scope_come_along(tmp_path: Path) -> None:
    put(tmp_path, tickets__csv=HEADER + ROWS, out_of_scope__jsonl='{"ticket_id": "x", "text": "sing"}\n')
    layout = recognise(tmp_path)
    assert list(layout.tables) == ["tickets.csv", "out_of_scope.csv"]
    assert list(layout.files) == ["tickets.csv"], "the other is looked for as CSV"


def test_columns_are_renamed(tmp_path: Path) -> None:
    put(tmp_path, t__csv="ticket_id,message,category\n1,hello,a\n")
    layout = recognise(tmp_path, {"label": "category", "text": "message"})
    assert layout.files == {}
    assert only(layout)[1][["text", "label"]].to_numpy().tolist() == [["hello", "a"]]


def test_a_table_for_each_split(tmp_path: Path) -> None:
    put(tmp_path, train__csv="text,category\nhello,a\n", test__csv="text,category\nbye,b\n", categories__json='["a"]')
    name, frame = only(recognise(tmp_path))
    assert name == "tickets.csv"
    assert frame[["ticket_id", "label", "split"]].to_numpy().tolist() == [
        ["test-2", "b", "test"],
        ["train-2", "a", "train"],
    ]


def test_clinc150(tmp_path: Path) -> None:
    parts = {part: [[f"{part} text", "a"]] for part in ("train", "val", "test", "oos_train", "oos_val", "oos_test")}
    put(tmp_path, data_full__json=json.dumps(parts))
    for source in (tmp_path, tmp_path / "data_full.json"):
        layout = recognise(source)
        assert [len(table.frame) for table in layout.tables.values()] == [3, 2]


def test_spoken_digits(tmp_path: Path) -> None:
    put(tmp_path, recordings_in_0_theo_0__wav="", recordings_in_1_anna_0__wav="")
    _, frame = only(recognise(tmp_path))
    assert dict(zip(frame["customer_id"], frame["split"], strict=True)) == {"anna": "train", "theo": "test"}
    (tmp_path / "recordings/0_theo_0.wav").rename(tmp_path / "recordings/0_zoe_0.wav")
    assert "the speaker zoe for testing" in recognise(tmp_path).what


def test_folders_of_classes(tmp_path: Path) -> None:
    put(tmp_path, shirt_in_1__jpg="", dress_in_2__txt="hello", readme__md="")
    _, frame = only(recognise(tmp_path))
    assert frame["label"].tolist() == ["dress", "shirt"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a__csv": HEADER, "b__csv": HEADER}, "which of a.csv, b.csv"),
        ({"tickets__csv": HEADER, "tickets__jsonl": "{}"}, "tickets.csv or tickets.jsonl"),
        ({"note__md": ""}, "in folders of classes"),
        ({"tickets__csv": "id,text\n1,hello\n"}, "no column 'ticket_id'; did you mean 'id'"),
    ],
)
def test_what_cannot_be_imported_is_told(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(KefuError, match=said):
        recognise(put(tmp_path, **files))


def test_a_table_that_is_a_link_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    put(tmp_path, secret__csv=HEADER + ROWS)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/tickets.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(KefuError, match="leads out of the folder"):
        recognise(tmp_path / "folder")


def test_texts_that_are_links_out_of_the_folder_are_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path, secret__txt="a password", folder_in_x_in_1__txt="hello", y_in_2__txt="another")
    (tmp_path / "folder/x/2.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "folder/y").symlink_to(tmp_path / "y")
    _, frame = only(recognise(tmp_path / "folder"))
    assert frame["text"].tolist() == ["hello"]
    assert "leads out of the folder" in caplog.text
