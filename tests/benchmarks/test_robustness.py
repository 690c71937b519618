import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from kefu.evaluation.bootstrap import Resampling
from kefu.fusion.contract import FusionRows
from kefu.fusion.strategies import FusionParameters

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "robustness.py"
QUICK = FusionParameters.model_validate({name: {"training": {"max_epochs": 2}} for name in ("adaptive", "modular")})
FEW = Resampling(resamples=20, method="percentile")


@pytest.fixture(scope="module")
def robustness():
    spec = importlib.util.spec_from_file_location("benchmark_robustness", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_rows(noise, size=60):
    """Return tickets whose voices speak clearly and whose texts do not."""
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, size)
    present = {"audio": torch.arange(size) % 3 > 0, "text": torch.ones(size, dtype=torch.bool)}
    embeddings = {
        name: torch.from_numpy(4 * np.eye(3)[targets] + rng.normal(scale=noise * scale, size=(size, 3))).float()
        for name, scale in (("audio", 1), ("text", 9))
    }
    return FusionRows(embeddings, present, targets, np.arange(size))


@pytest.fixture
def held_out(robustness):
    heads = {}
    for name in ("audio", "text"):
        heads[name] = nn.Linear(3, 3)
        heads[name].weight.data = torch.eye(3)
        heads[name].bias.data.zero_()
    clean = make_rows(0.5)
    tickets = pd.DataFrame(
        {
            "ticket_id": [f"t{row}" for row in range(60)],
            "customer_id": [f"c{row}" for row in range(60)],
            "language": "en",
            "split": "validation",
            "has_audio": clean.present["audio"].numpy(),
            "has_text": True,
        }
    )
    labels = ("invoice", "login", "refund")
    return robustness.HeldOut(
        "shop", QUICK, "ensemble", 0, labels, [heads], torch.ones(3), [clean], [make_rows(6.0)], tickets
    )


@pytest.mark.parametrize("strategy", ["late", "ensemble"])
def test_noise_costs_and_what_is_hidden_is_hidden(robustness, held_out, strategy):
    fitted = held_out.fit(strategy, held_out.modalities)
    rows = {row["name"]: row for row in robustness.scenarios(held_out, fitted, FEW)}
    assert {name: row["n"] for name, row in rows.items()} == {
        "as they came": 60, "audio noisy": 40, "audio missing": 40, "text noisy": 60, "text missing": 40,
    }  # fmt: skip
    assert rows["text noisy"]["macro_f1"] < rows["as they came"]["macro_f1"]


@pytest.mark.parametrize("strategy", ["late", "ensemble"])
def test_a_subset_is_compared_with_a_model_made_for_it(robustness, held_out, strategy):
    fitted = held_out.fit(strategy, held_out.modalities)
    rows = {row["name"]: row for row in robustness.subsets(held_out, strategy, fitted, FEW)}
    assert {name: row["n"] for name, row in rows.items()} == {"audio": 40, "text": 60, "audio+text": 40}
    assert rows["audio+text"]["difference"] == 0
    assert rows["text"]["macro_f1"] < 0.75 < rows["audio+text"]["macro_f1"]
    assert all(abs(row["difference"]) < 0.1 for row in rows.values())
