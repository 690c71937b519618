import io
import pickle
import wave

import cv2
import numpy as np
import pytest

from kefu.demo import DemoParameters, DemoShard, Intent, generate_tickets, shard_ranges
from kefu.demo.defects import REASONS, retype_text
from kefu.demo.plans import Defect, plan_ticket
from kefu.tickets.faults import Reason

PARAMS = DemoParameters(defect_share=0.5, picture_side_px=128)
NUM_TICKETS = 120


@pytest.fixture(scope="module")
def shard() -> DemoShard:
    return generate_tickets(PARAMS, 0, NUM_TICKETS)


def rows_with(shard: DemoShard, defect: Defect) -> list[dict]:
    indices = [i for i in range(NUM_TICKETS) if plan_ticket(PARAMS, i).defect is defect]
    assert indices, f"no ticket has the defect {defect}"
    return [shard.rows[i] for i in indices]


def test_shards_and_table_sizes_do_not_change_a_ticket(shard: DemoShard) -> None:
    larger = PARAMS.model_copy(update={"num_tickets": 100_000})
    part = generate_tickets(larger, 40, 60)
    assert part.rows == shard.rows[40:60]
    assert part.files.items() <= shard.files.items()
    ids = {row["ticket_id"] for row in part.rows}
    assert part.defects == [entry for entry in shard.defects if entry["ticket_id"] in ids]


def test_another_seed_is_another_shop(shard: DemoShard) -> None:
    other = generate_tickets(PARAMS.model_copy(update={"seed": 1}), 0, 10)
    assert [row["text"] for row in other.rows] != [row["text"] for row in shard.rows[:10]]


def test_shards_cover_the_table() -> None:
    params = DemoParameters(num_tickets=450, tickets_per_shard=200)
    assert list(shard_ranges(params)) == [(0, 200), (200, 400), (400, 450)]


def test_the_task_can_be_sent_to_another_process() -> None:
    task = pickle.loads(pickle.dumps((generate_tickets, PARAMS)))
    assert task[0] is generate_tickets


def test_rows_have_the_columns_of_a_ticket(shard: DemoShard) -> None:
    columns = ["ticket_id", "text", "image", "audio", "label", "language", "customer_id", "created_at", "synthetic"]
    assert all(list(row) == columns for row in shard.rows)
    assert len({row["ticket_id"] for row in shard.rows}) == NUM_TICKETS
    assert all(row["synthetic"] is True for row in shard.rows)
    assert all(row["text"] or row["image"] or row["audio"] for row in shard.rows)


def test_paths_say_nothing_but_the_number(shard: DemoShard) -> None:
    for row in shard.rows:
        for modality, folder, suffix in (("image", "images", "jpg"), ("audio", "audio", "wav")):
            if row[modality]:
                assert row[modality][: len(folder) + 2] == f"{folder}/t"
                assert row[modality].removeprefix(f"{folder}/t").removesuffix(f".{suffix}").isdigit()


def test_all_files_are_there_and_sound_unless_the_ledger_says_otherwise(shard: DemoShard) -> None:
    spoilt = {(entry["ticket_id"], entry["modality"]) for entry in shard.defects}
    for row in shard.rows:
        if row["image"] and (row["ticket_id"], "image") not in spoilt:
            pixels = cv2.imdecode(np.frombuffer(shard.files[row["image"]], np.uint8), cv2.IMREAD_COLOR)
            assert pixels.std() > 10
        if row["audio"] and (row["ticket_id"], "audio") not in spoilt:
            with wave.open(io.BytesIO(shard.files[row["audio"]])) as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            assert np.abs(samples).max() > 6000


def test_the_ledger_names_every_defect_with_its_reason(shard: DemoShard) -> None:
    plans = [plan_ticket(PARAMS, i) for i in range(NUM_TICKETS)]
    expected = [
        {
            "ticket_id": plan.ticket_id,
            "modality": plan.defect.modality or "ticket",
            "reason": REASONS[plan.defect].value,
        }
        for plan in plans
        if plan.defect
    ]
    assert shard.defects == expected
    assert set(REASONS) == set(Defect)
    assert {entry["reason"] for entry in shard.defects} <= set(Reason)


def test_broken_pictures_are_what_they_are_called(shard: DemoShard) -> None:
    assert all(row["image"] not in shard.files for row in rows_with(shard, Defect.MISSING_IMAGE))
    for row in rows_with(shard, Defect.PAGE_FOR_IMAGE):
        assert shard.files[row["image"]].startswith(b"<!DOCTYPE html>")
    for row in rows_with(shard, Defect.TRUNCATED_IMAGE):
        assert shard.files[row["image"]].startswith(b"\xff\xd8")
        assert not shard.files[row["image"]].endswith(b"\xff\xd9")
    for row in rows_with(shard, Defect.BLANK_IMAGE):
        assert cv2.imdecode(np.frombuffer(shard.files[row["image"]], np.uint8), cv2.IMREAD_COLOR).std() < 1


def test_broken_recordings_are_what_they_are_called(shard: DemoShard) -> None:
    assert all(row["audio"] not in shard.files for row in rows_with(shard, Defect.MISSING_AUDIO))
    for row in rows_with(shard, Defect.SILENT_AUDIO):
        with wave.open(io.BytesIO(shard.files[row["audio"]])) as file:
            assert file.getnframes() > 8000
            assert not any(file.readframes(file.getnframes()))
    for row in rows_with(shard, Defect.BROKEN_AUDIO):
        with pytest.raises(wave.Error), wave.open(io.BytesIO(shard.files[row["audio"]])):
            pass


def test_broken_fields_are_what_they_are_called(shard: DemoShard) -> None:
    for row in rows_with(shard, Defect.BAD_LABEL):
        assert row["label"]
        assert row["label"] not in set(Intent)
    assert all(row["label"] == "" for row in rows_with(shard, Defect.MISSING_LABEL))
    for row in rows_with(shard, Defect.EMPTY_TEXT):
        assert len(row["text"]) < 12


def test_duplicates_repeat_an_earlier_ticket(shard: DemoShard) -> None:
    rows = {row["ticket_id"]: row for row in shard.rows}
    for defect in (Defect.DUPLICATE, Defect.NEAR_DUPLICATE):
        for row in rows_with(shard, defect):
            number = plan_ticket(PARAMS, int(row["ticket_id"][1:])).original
            original = rows[f"t{number:06d}"]
            same = {name for name in row if row[name] == original[name]}
            assert same == set(row) - {"ticket_id"} - ({"text"} if defect is Defect.NEAR_DUPLICATE else set())


def test_a_shard_has_the_files_of_the_tickets_it_repeats() -> None:
    index = next(i for i in range(40, NUM_TICKETS) if plan_ticket(PARAMS, i).defect is Defect.DUPLICATE)
    alone = generate_tickets(PARAMS, index, index + 1)
    row = alone.rows[0]
    assert set(alone.files) == {row[modality] for modality in ("image", "audio") if row[modality]}


@pytest.mark.parametrize("text", ["The mug broke.", "退款还没到，怎么回事？", "在吗"])
def test_retyped_texts_keep_their_words(text: str) -> None:
    retyped = [retype_text(text, np.random.default_rng(seed)) for seed in range(6)]

    def words(typed: str) -> str:
        return "".join(character for character in typed.lower() if character.isalnum())

    assert all(typed != text and words(typed) == words(text) for typed in retyped)


def test_a_range_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="start <= stop"):
        generate_tickets(PARAMS, 5, 2)
