"""CLINC150: what is in scope, and what is not."""

import json

import pytest

from kefu.importers.clinc150 import read_in_scope, read_out_of_scope
from kefu.tickets.errors import TicketTableError

PARTS = {
    "train": [["translate hello", "translate"], ["my balance", "balance"]],
    "val": [["what do i own", "balance"]],
    "test": [["say hello in french", "translate"]],
    "oos_train": [["how tall is it", "oos"]],
    "oos_val": [["who won", "oos"]],
    "oos_test": [["is it far", "oos"], ["how old are you", "oos"]],
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "data_full.json"
    path.write_text(json.dumps(PARTS), encoding="utf-8")
    return path


def test_in_scope(path):
    frame = read_in_scope(path)
    assert frame.to_numpy().tolist() == [
        ["train-1", "translate hello", "translate", "train"],
        ["train-2", "my balance", "balance", "train"],
        ["val-1", "what do i own", "balance", "validation"],
        ["test-1", "say hello in french", "translate", "test"],
    ]
    assert frame.columns.tolist() == ["ticket_id", "text", "label", "split"]


def test_out_of_scope_has_no_label_and_nothing_to_train_on(path):
    frame = read_out_of_scope(path)
    assert frame.columns.tolist() == ["ticket_id", "text", "split"]
    assert frame["split"].tolist() == ["validation", "test", "test"]
    assert frame["text"].tolist() == ["who won", "is it far", "how old are you"]


@pytest.mark.parametrize("content", ["[]", "{", '{"train": []}', '{"train": [1], "val": [], "test": []}'])
def test_another_file(tmp_path, content):
    path = tmp_path / "data.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TicketTableError, match=r"data\.json: not a file of CLINC150"):
        read_in_scope(path)
