import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kefu.engines.shards import CLEANED_SCHEMA
from kefu.modalities import image
from kefu.pipelines.features.nodes import fit_preprocessor_of


@pytest.fixture
def pictures():
    """Return forty tickets, the first thirty for training, each picture of a grey of its own."""
    ids = [f"t{i}" for i in range(40)]
    packed = [image.pack(np.full((32, 32, 3), 6 * i, dtype=np.uint8), image.Cleaning()) for i in range(40)]
    columns = {"ticket_id": ids, "payload": packed, "reason": [None] * 40, "detail": [None] * 40, "facts": ["{}"] * 40}
    tickets = pd.DataFrame({"ticket_id": ids, "split": ["train"] * 30 + ["test"] * 10, "has_image": True})
    return tickets, {"00000-of-00001": pa.table(columns, schema=CLEANED_SCHEMA)}


def mean_of(pictures, **params):
    preprocessor = fit_preprocessor_of("image")(*pictures, image.Features(**params))
    return json.loads(preprocessor.to_files()["preprocessor.json"])["mean"][0] * 255


def test_all_training_tickets_are_learned_from_and_no_others(pictures):
    assert mean_of(pictures) == pytest.approx(np.mean(6 * np.arange(30)))


def test_of_many_training_tickets_an_even_draw_is_enough_and_always_the_same(pictures):
    drawn = mean_of(pictures, max_fit=20)
    assert drawn == mean_of(pictures, max_fit=20)
    assert drawn != mean_of(pictures)
    assert drawn == pytest.approx(mean_of(pictures), abs=20)
