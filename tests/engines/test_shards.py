import json

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kefu import modalities
from kefu.engines.local import Carried
from kefu.engines.shards import (
    AUGMENTED_SCHEMA,
    CLEANED_SCHEMA,
    AugmentTask,
    CleanTask,
    ExtractTask,
    augment_shard,
    clean_shard,
    extract_shard,
    payloads,
    shard_name,
    split_rows,
)

TEXTS = {
    "t1": "Where is my parcel, it should have been here on Monday?",
    "t2": "   ",
    "t3": "请问我的包裹到哪里了，谢谢你们的帮助",
}


@pytest.fixture
def cleaned(tmp_path):
    params = modalities.get("text").Cleaning()
    return clean_shard(CleanTask("text", list(TEXTS), list(TEXTS.values()), tmp_path, params))


def test_a_name_tells_place_and_number():
    assert shard_name(3, 12) == "00003-of-00012"
    assert sorted(shard_name(i, 11) for i in range(11)) == [shard_name(i, 11) for i in range(11)]


def frame_of(ids):
    return pd.DataFrame({"ticket_id": list(ids)}, dtype="str")


def slices_of(ids, size=20):
    return [tuple(part["ticket_id"]) for part in split_rows(frame_of(ids), size)]


@pytest.mark.parametrize("size", [1, 2, 7, 20, 5000])
def test_slices_keep_every_row_in_its_place(size):
    ids = [f"t{i}" for i in range(2000)]
    slices = slices_of(ids, size)
    assert [i for part in slices for i in part] == ids
    assert all(len(part) <= 2 * size for part in slices)
    assert all(len(part) >= size // 2 for part in slices[:-1])


def test_slices_are_as_large_as_asked_on_average():
    assert 2000 / len(slices_of(f"t{i}" for i in range(2000))) == pytest.approx(20, rel=0.15)


@pytest.mark.parametrize("ids", [[], ["a"]])
def test_a_table_of_next_to_nothing_is_one_slice(ids):
    assert slices_of(ids) == [tuple(ids)]


@pytest.mark.parametrize("place", [0, 500, 1234, 1999])
@pytest.mark.parametrize("change", ["insert", "remove"])
def test_a_ticket_that_comes_or_goes_changes_few_slices(place, change):
    ids = [f"t{i}" for i in range(2000)]
    changed = [*ids[:place], *(["new", ids[place]] if change == "insert" else []), *ids[place + 1 :]]
    assert len(set(slices_of(changed)) - set(slices_of(ids))) <= 5


def test_cleaning_keeps_a_row_for_every_value(cleaned):
    assert cleaned.schema == CLEANED_SCHEMA
    assert cleaned["ticket_id"].to_pylist() == ["t1", "t2", "t3"]
    rows = cleaned.to_pylist()
    assert rows[0]["payload"].decode() == TEXTS["t1"]
    assert rows[0]["reason"] is None
    assert json.loads(rows[2]["facts"])["language"] == "zh"
    assert rows[1]["payload"] is None
    assert rows[1]["facts"] is None
    assert rows[1]["reason"]


def test_cleaning_reads_pictures_and_names_what_is_wrong(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), noise)
    (tmp_path / "b.png").write_text("<html>")
    table = clean_shard(
        CleanTask("image", ["1", "2", "3"], ["a.png", "b.png", "c.png"], tmp_path, modalities.get("image").Cleaning())
    )
    assert [row["reason"] is None for row in table.to_pylist()] == [True, False, False]
    assert [(i, pixels.shape[2]) for i, pixels in payloads("image", table)] == [("1", 3)]


def test_no_ticket_gives_an_empty_table(tmp_path):
    text = modalities.get("text")
    table = clean_shard(CleanTask("text", [], [], tmp_path, text.Cleaning()))
    assert table.schema == CLEANED_SCHEMA
    assert len(table) == 0
    assert augment_shard(AugmentTask("text", table, {"t1": 2}, text.Augmentation(), 0)).schema == AUGMENTED_SCHEMA


def test_only_wanted_payloads_that_exist(cleaned):
    assert [i for i, _ in payloads("text", cleaned)] == ["t1", "t3"]
    assert [i for i, _ in payloads("text", cleaned, frozenset({"t2", "t3"}))] == ["t3"]


def test_copies_depend_on_ticket_and_number_not_on_the_shard(cleaned):
    params = modalities.get("text").Augmentation()
    copies = {"t1": 3, "t2": 1, "t3": 2}

    def augment(table, seed=1):
        return augment_shard(AugmentTask("text", table, copies, params, seed)).to_pylist()

    whole = augment(cleaned)
    assert [(row["ticket_id"], row["copy"]) for row in whole] == [("t1", 1), ("t1", 2), ("t1", 3), ("t3", 1), ("t3", 2)]
    apart = [row for index in (2, 0, 1) for row in augment(cleaned.slice(index, 1))]
    assert sorted(apart, key=lambda row: (row["ticket_id"], row["copy"])) == whole
    assert augment(cleaned, seed=2) != whole
    assert len({row["payload"] for row in whole if row["ticket_id"] == "t1"}) > 1


def test_features_of_the_tickets_to_keep(cleaned):
    text = modalities.get("text")
    features = text.Features.model_validate({"vocab_size": 32, "max_tokens": 6, "tfidf": {"num_buckets": 64}})
    preprocessor = text.fit([TEXTS["t1"], TEXTS["t3"]], features)
    shard = extract_shard(ExtractTask("text", cleaned, frozenset({"t3", "t2", "absent"}), Carried(preprocessor)))
    assert shard.ticket_ids == ["t3"]
    expected = preprocessor.extract([TEXTS["t3"]])
    assert all(np.array_equal(shard.features[name], array) for name, array in expected.items())
    nothing = extract_shard(ExtractTask("text", cleaned, frozenset(), Carried(preprocessor)))
    assert nothing.ticket_ids == []
    assert {len(array) for array in nothing.features.values()} == {0}


def test_copies_have_features_too(cleaned):
    text = modalities.get("text")
    copies = augment_shard(AugmentTask("text", cleaned, {"t1": 2}, text.Augmentation(), 0))
    assert isinstance(copies, pa.Table)
    features = text.Features.model_validate({"vocab_size": 32, "max_tokens": 6, "tfidf": {"num_buckets": 64}})
    shard = extract_shard(ExtractTask("text", copies, frozenset({"t1"}), Carried(text.fit([TEXTS["t1"]], features))))
    assert shard.ticket_ids == ["t1", "t1"]
