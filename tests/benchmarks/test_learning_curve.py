import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kefu.engines.shards import FeatureShard
from kefu.evaluation.predictions import Predictions

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "learning_curve.py"


@pytest.fixture(scope="module")
def curve():
    spec = importlib.util.spec_from_file_location("benchmark_learning_curve", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_product_weighs_what_is_there_and_is_the_shares_where_nothing_is(curve):
    shares = pd.Series({"a": 0.8, "b": 0.2})
    text = pd.DataFrame({"a": [0.8, 0.5], "b": [0.2, 0.5]}, index=["t0", "t1"])
    image = pd.DataFrame({"a": [0.5], "b": [0.5]}, index=["t1"])
    fused = curve.fuse({"text": text, "image": image}, shares, pd.DataFrame({"ticket_id": ["t0", "t1", "t2"]}))
    both = np.array([0.25 / 0.8, 0.25 / 0.2])
    np.testing.assert_allclose(fused.to_numpy(), [[0.8, 0.2], both / both.sum(), [0.8, 0.2]])


def test_the_first_copies_of_each_ticket_stay(curve):
    shard = FeatureShard(["t0", "t0", "t1", "t0"], {"x": np.arange(4)})
    (kept,) = curve.first_copies({"00000-of-00001": shard}, 2).values()
    assert kept.ticket_ids == ["t0", "t0", "t1"]
    assert kept.features["x"].tolist() == [0, 1, 2]


def test_a_gain_is_that_of_all_seeds_together(curve):
    def said(right, seed):
        targets = np.arange(40) % 2
        predicted = np.where(np.arange(40) < right, targets, 1 - targets)
        ids = [f"t{i} {seed}" for i in range(40)]
        frame = pd.DataFrame({"ticket_id": ids, "customer_id": [f"c{i}" for i in range(40)]})
        frame = frame.assign(language="en", split="validation", has_text=True)
        return Predictions("text", "modality", ("a", "b"), np.eye(2)[predicted], targets, frame)

    def start(right, seed):
        return dict.fromkeys(("text", "image", "audio", "fused"), said(right, seed))

    found = {(100, seed): {"from scratch": start(20, seed), "pretrained": start(30, seed)} for seed in (0, 1)}
    row = curve.summarise(found)[0]
    assert (row["labels"], row["from scratch mean"], row["pretrained"]) == (100, 0.5, [0.75, 0.75])
    assert row["gain"] == pytest.approx(0.25)
    assert 0 < row["low"] < 0.25 < row["high"]
