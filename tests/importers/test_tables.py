"""Tables with other names of columns, and with a file for each split."""

import pytest

from kefu.importers.tables import read_tables
from kefu.tickets.errors import KefuError, TicketTableError

COLUMNS = {"label": "category"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.csv").write_text("text,category\nmy card,card\nmy account,account\n", encoding="utf-8")
    (tmp_path / "dev.jsonl").write_text('{"text": "卡在哪里", "category": "card"}\n', encoding="utf-8")
    return tmp_path


def test_a_file_for_each_split(folder):
    frame = read_tables(folder, columns=COLUMNS, files={"train": "train.csv", "validation": "dev.jsonl"})
    assert frame["ticket_id"].tolist() == ["train-2", "train-3", "dev-1"]
    assert frame["text"].tolist() == ["my card", "my account", "卡在哪里"]
    assert frame["label"].tolist() == ["card", "account", "card"]
    assert frame["split"].tolist() == ["train", "train", "validation"]
    assert "category" not in frame


def test_one_table_keeps_its_ids(tmp_path):
    path = tmp_path / "photos.csv"
    path.write_text("file,label,kind\n1.jpg,L-7,shirt\n2.jpg,L-8,dress\n", encoding="utf-8")
    frame = read_tables(path, columns={"ticket_id": "file", "image": "file", "label": "kind"})
    assert frame["ticket_id"].tolist() == frame["image"].tolist() == ["1.jpg", "2.jpg"]
    assert frame["label"].tolist() == ["shirt", "dress"]
    assert "split" not in frame


def test_mistakes_name_the_file_or_the_option(folder):
    with pytest.raises(KefuError, match="'dev' is no split; use train, validation, test"):
        read_tables(folder, files={"dev": "dev.jsonl"})
    with pytest.raises(TicketTableError, match=r"trian\.csv: no such file; did you mean 'train\.csv'"):
        read_tables(folder, files={"train": "trian.csv"})
    with pytest.raises(TicketTableError, match=r"train\.csv: no column 'categori'.*did you mean 'category'"):
        read_tables(folder, columns={"label": "categori"}, files={"train": "train.csv"})
