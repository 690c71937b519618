"""Importers are found by name, held to their options, and what they return is held to a ticket table."""

import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from kefu.importers import import_tickets
from kefu.tickets.errors import KefuError

ROWS = {
    "ticket_id": ["a", "b", "c", "d", "e"],
    "text": ["one", "two", "three", "four", None],
    "label": ["x", "y", "x", "y", "x"],
    "split": ["train", "test", "validation", "test", None],
}


@pytest.fixture
def importer(monkeypatch):
    """Return a function that makes a module `shop` of its source, and gives the dotted name of its importer."""

    def make(source):
        module = ModuleType("shop")
        exec(source, module.__dict__)
        monkeypatch.setitem(sys.modules, "shop", module)
        return "shop.read_shop"

    return make


def returning(value):
    return f"import pandas as pd\ndef read_shop(path, *, country='all'):\n    return {value}\n"


def refusal(*arguments):
    with pytest.raises(KefuError) as error:
        import_tickets(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_tests_come_first_and_the_rest_keeps_its_order(importer, tmp_path):
    table = import_tickets(importer(returning(f"pd.DataFrame({ROWS})")), tmp_path)
    assert table.frame["ticket_id"].tolist() == ["b", "d", "c", "a", "e"]
    assert table.frame["row"].tolist() == [2, 4, 3, 1, 5]
    assert table.frame["text"].isna().tolist() == [False, False, False, False, True]
    assert str(table.frame["text"].dtype) == "str"


def test_media_lie_relative_to_the_folder_or_beside_the_file(importer, tmp_path):
    name = importer(returning(f"pd.DataFrame({ROWS})"))
    file = tmp_path / "all.json"
    file.write_text("{}")
    assert import_tickets(name, tmp_path).root == import_tickets(name, file).root == tmp_path


def test_options_reach_the_importer(importer, tmp_path):
    name = importer(returning("pd.DataFrame({'ticket_id': ['a'], 'text': [country]})"))
    assert import_tickets(name, tmp_path, {"country": "cn"}).frame["text"].tolist() == ["cn"]


@pytest.mark.parametrize(
    ("body", "options", "said"),
    [
        (returning("pd.DataFrame()"), {"county": "cn"}, "'county' (options there are: country)"),
        (returning("[1, 2]"), {}, "returned list; return a pandas DataFrame"),
        (returning("pd.DataFrame({'id': ['a']})"), {}, "importer shop.read_shop: no column 'ticket_id'"),
        (returning(f"pd.DataFrame({ROWS}).iloc[:0]"), {}, "found no ticket there"),
        ("def read_shops(path):\n    pass\n", {}, "no function 'read_shop'; did you mean 'read_shops'?"),
    ],
)
def test_a_mistake_in_an_importer_is_told_in_one_line(importer, tmp_path, body, options, said):
    assert said in refusal(importer(body), tmp_path, options)


@pytest.mark.parametrize("name", ["shop_that_is_not_there.read", "read", "", "kefu.importers.fsdd.read_digits"])
def test_an_importer_that_is_not_there(name, tmp_path):
    assert refusal(name, tmp_path).startswith(f"importer {name}: ")


def test_an_importer_that_needs_what_is_not_installed(tmp_path, monkeypatch):
    (tmp_path / "needy_shop.py").write_text("import not_installed_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "No module named 'not_installed_anywhere'" in refusal("needy_shop.read", tmp_path)


def test_a_place_that_is_not_there(importer, tmp_path):
    assert "no such file or folder" in refusal(importer(returning("pd.DataFrame()")), tmp_path / "gone")


def test_a_defect_of_the_importer_is_not_hidden(importer, tmp_path):
    with pytest.raises(KeyError):
        import_tickets(importer(returning("pd.DataFrame({'a': [1]})['b']")), Path(tmp_path))


def test_rows_that_the_importer_gives_stay(importer, tmp_path):
    frame = pd.DataFrame({"ticket_id": ["a", "b"], "text": ["one", "two"], "row": [7, 9]})
    name = importer(returning(f"pd.DataFrame({frame.to_dict('list')})"))
    assert import_tickets(name, tmp_path).frame["row"].tolist() == [7, 9]
