import json

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kefu.tickets.errors import EmptyTableError, KefuError, TicketTableError
from kefu.tickets.table import read_tickets, write_table

CSV = 'ticket_id,text,label\n007,"Where is\nmy order?",delivery\n008,,退款\n'


def refusal(path):
    with pytest.raises(TicketTableError) as error:
        read_tickets(path)
    message = str(error.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def table(tmp_path, content, name="tickets.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_csv_keeps_zeros_line_breaks_and_file_lines(tmp_path):
    found = read_tickets(table(tmp_path, CSV))
    assert found.root == tmp_path
    assert found.frame["ticket_id"].tolist() == ["007", "008"]
    assert found.frame["text"][0] == "Where is\nmy order?"
    assert found.frame["text"].isna().tolist() == [False, True]
    assert found.frame["row"].tolist() == [2, 4]
    assert [str(kind) for kind in found.frame.dtypes] == ["str", "str", "str", "int64"]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_csv_takes_any_line_end_blank_lines_a_mark_and_an_unnamed_index(tmp_path, end):
    content = "\ufeff,ticket_id,text\n0,a,n/a\n\n1,b,NaN\n".replace("\n", end)
    frame = read_tickets(table(tmp_path, content)).frame
    assert frame.columns.tolist() == ["ticket_id", "text", "row"]
    assert frame["text"].tolist() == ["n/a", "NaN"]
    assert frame["row"].tolist() == [2, 4]


def test_csv_takes_a_text_longer_than_the_csv_module_would(tmp_path):
    frame = read_tickets(table(tmp_path, f"ticket_id,text\na,{'x' * 200_000}\n")).frame
    assert frame["text"].str.len().tolist() == [200_000]


def test_json_lines_keep_the_spelling_of_numbers(tmp_path):
    lines = ['{"ticket_id": 7, "text": "a\u2028b", "score": 1.50, "urgent": true}', "", '{"ticket_id": "008"}']
    lines.append('{"ticket_id": "9", "text": "\\ud800", "tags": ["退", 1], "score": null}')
    frame = read_tickets(table(tmp_path, "\r\n".join(lines), "t.jsonl")).frame
    assert frame["ticket_id"].tolist() == ["7", "008", "9"]
    assert frame["text"].tolist()[::2] == ["a\u2028b", "\ufffd"]
    assert frame["score"].tolist()[0] == "1.50"
    assert frame["urgent"][0] == "true"
    assert json.loads(frame["tags"][2]) == ["退", "1"]
    assert frame["row"].tolist() == [1, 3, 4]
    assert frame["score"].isna().tolist() == [False, True, True]


def test_parquet_turns_every_type_into_strings(tmp_path):
    pd.DataFrame({"ticket_id": [1.0, None], "text": ["a", None], "n": [[1], [2]]}).to_parquet(tmp_path / "t.parquet")
    frame = read_tickets(tmp_path / "t.parquet").frame
    assert frame["ticket_id"][0] == "1"
    assert frame["ticket_id"].isna()[1]
    assert frame["n"].tolist() == ["[1]", "[2]"]
    assert frame["row"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ["the file is empty"]),
        (" \n\n", ["the file is empty"]),
        ("\ufeff", ["the file is empty"]),
        ("\ufeff\n", ["the file is empty"]),
        ("ticket_id,text\n", ["no tickets"]),
        ("ticket_id,text,label\na,b,c\nd,e\nf\n", ["row 3", "2 fields where the header has 3", "1 more"]),
        ('ticket_id,text\na,"b\nc,d\n', ["row 2", "quote"]),
        ("ticket_id;text\na;b\n", ["';'", "commas"]),
        ("ticket_id,text,text\na,b,c\n", ["column 'text'", "2 times"]),
        ("id,text\na,b\n", ["no column 'ticket_id'; did you mean 'id'?", "id, text"]),
        ("编号,text\na,b\n", ["did you mean '编号'?"]),
        ("Ticket_ID,text\na,b\n", ["did you mean 'Ticket_ID'?"]),
        ("ticket_id,message\na,b\n", ["none of the columns text, image, audio is there; did you mean 'message'?"]),
    ],
)
def test_csv_refusals_say_what_where_and_how(tmp_path, content, parts):
    message = refusal(table(tmp_path, content))
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ('{"ticket_id": "a", "text": "b"}\n{"ticket_id": \n', ["row 2", "malformed JSON"]),
        ('{"ticket_id": "a", "ticket_id": "b"}', ["row 1", "'ticket_id'", "twice"]),
        ('\n"a"\n', ["row 2", "not a JSON object"]),
        ('[{"ticket_id": "a"}]', ["array", "jq -c"]),
        ("[" * 100_000, ["array"]),
        ('{"a":' * 100_000, ["row 1", "nested too deeply"]),
    ],
)
def test_json_refusals(tmp_path, content, parts):
    message = refusal(table(tmp_path, content, "t.jsonl"))
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("encoding", "text", "parts"),
    [
        ("gb18030", "我的订单在哪里，请退款", ["line 3", "GB18030", "iconv -f GB18030 -t UTF-8"]),
        ("big5", "我的訂單在哪裡，請退款給我，謝謝", ["line 3", "iconv -f BIG5"]),
        ("cp1252", "Où est ma commande – déjà payée", ["line 3", "iconv -f WINDOWS-1252"]),
        ("utf-16", "我的订单", ["UTF-16"]),
        ("utf-16-le", "order", ["iconv -f UTF-16LE"]),
        ("utf-16-be", "order", ["iconv -f UTF-16BE"]),
    ],
)
def test_other_encodings_are_named_with_the_mend(tmp_path, encoding, text, parts):
    message = refusal(table(tmp_path, f"ticket_id,text\na,plain\nb,{text}\n".encode(encoding)))
    assert all(part in message for part in parts), message


def test_bytes_of_no_encoding_are_refused_with_their_line(tmp_path):
    message = refusal(table(tmp_path, b"ticket_id,text\na,\x81\x8d \xff\n"))
    assert "line 2: byte 0x81 is not UTF-8" in message


def test_paths_that_are_no_table_are_refused(tmp_path):
    table(tmp_path, CSV)
    assert "did you mean" in refusal(tmp_path / "ticket.csv")
    assert "no such file" in refusal(tmp_path / "no" / "such.csv")
    assert "folder" in refusal(tmp_path)
    assert "'.xlsx'" in refusal(table(tmp_path, CSV, "t.xlsx"))
    assert "Parquet" in refusal(table(tmp_path, "PAR1 not really", "t.parquet"))
    pd.DataFrame({"ticket_id": ["a"], "image": [b"\xff\xd8"]}).to_parquet(tmp_path / "b.parquet")
    assert "column 'image' holds bytes" in refusal(tmp_path / "b.parquet")


def test_header_only_is_an_empty_table(tmp_path):
    with pytest.raises(EmptyTableError):
        read_tickets(table(tmp_path, "ticket_id,text\n"))


def test_ids_come_from_the_rows_where_they_are_not_required(tmp_path):
    frame = read_tickets(table(tmp_path, "text\na\nb\n"), require_ids=False).frame
    assert frame["ticket_id"].tolist() == ["row-2", "row-3"]


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.one_of(st.none(), texts), min_size=1, max_size=4), ending=st.sampled_from(["csv", "jsonl"]))
@example(values=["a\rb", "\r\n", '"', " , "], ending="csv")
def test_what_is_written_is_read_back(tmp_path_factory, values, ending):
    path = tmp_path_factory.mktemp("out") / f"deep/t.{ending}"
    ids = [f"{i:03d}" for i in range(len(values))]
    frame = pd.DataFrame({"ticket_id": ids, "text": pd.Series(values, dtype="str")})
    write_table(frame, path)
    pd.testing.assert_frame_equal(read_tickets(path).frame[["ticket_id", "text"]], frame)


def test_writing_replaces_at_once_and_leaves_nothing_behind(tmp_path):
    frame = read_tickets(table(tmp_path, CSV)).frame
    write_table(frame, tmp_path / "t.parquet")
    write_table(frame, tmp_path / "t.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.parquet", "tickets.csv"]
    pd.testing.assert_frame_equal(
        read_tickets(tmp_path / "t.parquet").frame.drop(columns="row"), frame.drop(columns="row")
    )
    with pytest.raises(TicketTableError, match=r"unknown ending '\.txt'"):
        write_table(frame, tmp_path / "t.txt")
    with pytest.raises(KefuError, match="cannot be written"):
        write_table(frame, tmp_path / "tickets.csv" / "t.csv")
