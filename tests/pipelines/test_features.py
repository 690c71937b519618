import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kefu.datasets import FeatureShardsDataset, PayloadShardsDataset
from kefu.engines import ShardPlan
from kefu.engines.shards import CLEANED_SCHEMA
from kefu.modalities import image
from kefu.pipelines.features.nodes import fit_preprocessor_of, measure_shards_of
from kefu.training.hardware import HardwareParameters


@pytest.fixture
def pictures(tmp_path):
    """Return forty tickets, the first thirty for training, each picture of a grey of its own."""
    ids = [f"t{i}" for i in range(40)]
    packed = [image.pack(np.full((32, 32, 3), 6 * i, dtype=np.uint8), image.Cleaning()) for i in range(40)]
    columns = {"ticket_id": ids, "payload": packed, "reason": [None] * 40, "detail": [None] * 40, "facts": ["{}"] * 40}
    tickets = pd.DataFrame({"ticket_id": ids, "split": ["train"] * 30 + ["test"] * 10, "has_image": True})
    cleaned = PayloadShardsDataset(str(tmp_path / "cleaned"), "image")
    cleaned.save(ShardPlan("test", ["all"], [columns].__getitem__, lambda rows: pa.table(rows, schema=CLEANED_SCHEMA)))
    return tickets, cleaned.load()


def mean_of(pictures, tmp_path, **params):
    measured = FeatureShardsDataset(str(tmp_path / "measured"))
    measured.save(measure_shards_of("image")(*pictures, image.Features(**params), HardwareParameters(workers=1)))
    preprocessor = fit_preprocessor_of("image")(measured.load(), image.Features(**params))
    return json.loads(preprocessor.to_files()["preprocessor.json"])["mean"][0] * 255


def test_all_training_tickets_are_learned_from_and_no_others(pictures, tmp_path):
    assert mean_of(pictures, tmp_path) == pytest.approx(np.mean(6 * np.arange(30)))


def test_of_many_training_tickets_an_even_draw_is_enough_and_always_the_same(pictures, tmp_path):
    drawn = mean_of(pictures, tmp_path, max_fit=20)
    assert drawn == mean_of(pictures, tmp_path, max_fit=20)
    assert drawn != mean_of(pictures, tmp_path)
    assert drawn == pytest.approx(mean_of(pictures, tmp_path), abs=20)
