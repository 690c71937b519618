import json

import pytest

from kefu.explanation import Explanation, WeighedPart, explanation_columns, write_explanations
from kefu.modalities.contract import Part
from kefu.tickets.errors import KefuError


def word(name: str, start: int, evidence: float) -> WeighedPart:
    return WeighedPart(Part(name, {"start": start, "end": start + len(name)}), evidence)


def cell(left: float, top: float, evidence: float) -> WeighedPart:
    place = {"left": left, "top": top, "right": left + 0.5, "bottom": top + 0.5}
    return WeighedPart(Part(f"{left},{top}", place), evidence)


EXPLAINED = Explanation(
    "t1", "退款", 0.9, 0.25, {"image": -1.0, "text": 3.0},
    {"text": [word("退款", 2, 3.0), word("款了", 3, 2.0), word("我要", 0, 0.5), word("了吗", 4, 0.2)],
     "image": [cell(0, 0, -0.5), cell(0.5, 0, -0.7)]},
    {"text": "我要退款了吗"},
)  # fmt: skip


def test_shares_are_of_sizes():
    assert EXPLAINED.shares == {"image": 0.25, "text": 0.75}


def test_most_important_are_apart_in_favour_and_not_small():
    assert [one.part.name for one in EXPLAINED.most_important("text")] == ["退款", "我要"]
    assert [one.part.name for one in EXPLAINED.most_important("text", at_most=1)] == ["退款"]
    assert EXPLAINED.most_important("image") == []
    assert EXPLAINED.most_important("audio") == []


@pytest.mark.parametrize(("other", "overlaps"), [((0.25, 0.25), True), ((0.5, 0.0), False), ((0.5, 0.5), False)])
def test_rectangles_overlap_in_both_axes(other, overlaps):
    assert cell(0, 0, 1).part.overlaps(cell(*other, 1).part) is overlaps


def test_columns_of_a_table():
    row = explanation_columns([EXPLAINED]).iloc[0].to_dict()
    assert row == {
        "share_image": 0.25, "share_text": 0.75, "evidence_image": -1.0, "evidence_text": 3.0,
        "parts_image": "", "parts_text": "退款|我要",
    }  # fmt: skip
    assert explanation_columns([]).empty


def test_json_lines_hold_everything(tmp_path):
    write_explanations([EXPLAINED, EXPLAINED], tmp_path / "e.jsonl")
    records = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text("utf-8").splitlines()]
    assert records[0] == records[1]
    assert records[0]["texts"]["text"][2:4] == "退款"
    assert records[0]["parts"]["text"][0] == {"name": "退款", "start": 2, "end": 4, "evidence": 3.0}
    assert records[0]["parts"]["image"][1]["right"] == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["e.jsonl"]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(KefuError, match=r"e\.jsonl: cannot be written"):
        write_explanations([EXPLAINED], tmp_path / "gone" / "e.jsonl")
