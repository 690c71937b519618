from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from kefu.feedback import JudgedMessage, add_to_table, write_folder
from kefu.tickets.errors import EmptyTableError, TicketTableError
from kefu.tickets.table import read_tickets

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
PICTURE, VOICE = "a" * 64, "b" * 64


@pytest.fixture
def media() -> dict[str, bytes]:
    png = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    return {PICTURE: png, VOICE: b"RIFF and so on"}


def judged(number: int, **given) -> JudgedMessage:
    given = {"text": f"text {number}", "correction": "refund"} | given
    return JudgedMessage(f"m{number}", NOON + timedelta(minutes=number), f"c{number}", **given)


def unmasked(text: str) -> str:
    return text


def test_a_folder_is_a_table_of_tickets_with_its_media(tmp_path: Path, media: dict[str, bytes]) -> None:
    messages = [
        judged(1, image=PICTURE, audio=VOICE, language="en"),
        judged(2, text="", image=PICTURE),
        judged(3, correction=None, thumb="down"),
        judged(4, correction=None, thumb="up", guesses={"login": 0.9}, language="zh", text="登录不了"),
    ]
    added = write_folder(messages, media.get, unmasked, tmp_path / "out")
    assert (added.new, added.relabelled, added.labels, added.media_gone) == (3, 0, {"refund": 2, "login": 1}, 0)
    frame = read_tickets(tmp_path / "out" / "tickets.csv").frame
    assert frame["ticket_id"].tolist() == ["feedback-m1", "feedback-m2", "feedback-m4"]
    assert frame["label_source"].tolist() == ["agent", "agent", "customer"]
    assert frame["customer_id"].tolist() == ["feedback-c1", "feedback-c2", "feedback-c4"]
    assert frame["created_at"][0] == "2026-03-14T12:01:00+00:00"
    assert (tmp_path / "out" / frame["image"][0]).read_bytes() == media[PICTURE]
    assert frame["image"][0].endswith(".png")
    assert (tmp_path / "out" / frame["audio"][0]).read_bytes() == media[VOICE]
    assert frame["text"].isna().tolist() == [False, True, False]


def test_messages_that_nobody_labelled_can_be_had_for_labelling(tmp_path: Path) -> None:
    messages = [judged(1), judged(2, correction=None, thumb="down"), judged(3, correction=None)]
    added = write_folder(messages, {}.get, unmasked, tmp_path / "out", with_unlabelled=True)
    assert added.labels == {"refund": 1, "": 2}
    assert read_tickets(tmp_path / "out" / "tickets.csv").frame["label"].isna().tolist() == [False, True, True]


def test_texts_are_masked_and_the_empty_are_left_out(tmp_path: Path, media: dict[str, bytes]) -> None:
    messages = [judged(1, text="I am Bob"), judged(2, text=""), judged(3, text="", image="c" * 64)]
    added = write_folder(messages, media.get, lambda text: text.replace("Bob", "[name]"), tmp_path / "out")
    assert added.new == 1
    assert read_tickets(tmp_path / "out" / "tickets.csv").frame["text"].tolist() == ["I am [name]"]


def test_media_that_are_kept_no_longer_are_told(tmp_path: Path) -> None:
    added = write_folder([judged(1, image=PICTURE, audio=VOICE)], {}.get, unmasked, tmp_path / "out")
    assert (added.new, added.media_gone) == (1, 2)


def test_without_feedback_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(EmptyTableError, match="nobody has judged"):
        write_folder([judged(1, correction=None)], {}.get, unmasked, tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.fixture(params=["tickets.csv", "tickets.jsonl", "tickets.parquet"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    from kefu.tickets.table import write_table

    path: Path = tmp_path / "shop" / request.param
    rows = {"ticket_id": ["t1", "t2"], "text": ["a", "b"], "label": ["refund", "login"], "channel": ["web", "app"]}
    write_table(pd.DataFrame(rows, dtype="str"), path)
    return path


def test_rows_are_appended_and_those_of_before_stay(table: Path, media: dict[str, bytes]) -> None:
    added = add_to_table([judged(1, image=PICTURE), judged(2)], media.get, unmasked, table)
    assert (added.new, added.labels) == (2, {"refund": 2})
    frame = read_tickets(table).frame
    assert frame["ticket_id"].tolist() == ["t1", "t2", "feedback-m1", "feedback-m2"]
    assert frame["channel"].tolist()[:2] == ["web", "app"]
    assert frame["channel"].isna().tolist() == [False, False, True, True]
    assert (table.parent / frame["image"][2]).read_bytes() == media[PICTURE]


def test_a_second_time_adds_what_is_new_and_mends_labels_in_their_place(table: Path) -> None:
    add_to_table([judged(1), judged(2, correction=None, thumb="up", guesses={"login": 0.9})], {}.get, unmasked, table)
    before = table.read_bytes()
    again = add_to_table(
        [judged(1), judged(2, correction=None, thumb="up", guesses={"login": 0.9})], {}.get, unmasked, table
    )
    assert (again.new, again.relabelled) == (0, 0)
    assert table.read_bytes() == before
    third = add_to_table([judged(2, correction="refund"), judged(3)], {}.get, unmasked, table)
    assert (third.new, third.relabelled, third.labels) == (1, 1, {"refund": 2})
    frame = read_tickets(table).frame.set_index("ticket_id")
    assert frame.index.tolist() == ["t1", "t2", "feedback-m1", "feedback-m2", "feedback-m3"]
    assert frame.loc["feedback-m2", ["label", "label_source"]].tolist() == ["refund", "agent"]


def test_nobody_without_a_label_is_appended(table: Path) -> None:
    before = table.read_bytes()
    assert add_to_table([judged(1, correction=None, thumb="down")], {}.get, unmasked, table).new == 0
    assert table.read_bytes() == before


def test_a_table_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(TicketTableError, match=r"tickets\.csv"):
        add_to_table([judged(1)], {}.get, unmasked, tmp_path / "tickets.csv")
