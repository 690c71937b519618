"""The node that traces robustness, on a model of random weights and a handful of tickets."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from sklearn.metrics import f1_score

from kefu import modalities
from kefu.engines.shards import CLEANED_SCHEMA
from kefu.evaluation.analysis import Analysis
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.robustness_curves import CurveParameters
from kefu.modalities.contract import Corruption
from kefu.model import FusedModel
from kefu.pipelines.evaluate.robustness_curves import trace_robustness
from kefu.predictor import Predictor
from kefu.training.hardware import HardwareParameters
from kefu.training.modality_model import ModalityModel, build_classifier

PARAMS = EvaluationParameters(
    resampling=Resampling(resamples=20), robustness_curves=CurveParameters(tickets=40, draws=3)
)
HARDWARE = HardwareParameters(device="cpu", threads=1, workers=1)
N = 24


@pytest.fixture(scope="module")
def shop() -> dict[str, Any]:
    """Every third ticket has no picture; the last has nothing; one is of another split."""
    rng = np.random.default_rng(0)
    texts = [f"ticket {number}: where is my refund 我要退款 {'!' * number}" for number in range(N)]
    pictures = [rng.integers(0, 256, (20, 24, 3), dtype=np.uint8) for _ in range(N)]
    tickets = pd.DataFrame(
        {
            "ticket_id": [f"t{number}" for number in range(N)],
            "label": [("invoice", "login", "refund")[number % 3] for number in range(N)],
            "language": "en",
            "customer_id": [f"c{number // 2}" for number in range(N)],
            "split": ["train", *["test"] * (N - 1)],
            "has_text": [number < N - 1 for number in range(N)],
            "has_image": [number % 3 > 0 and number < N - 1 for number in range(N)],
            "has_audio": False,
        }
    )
    return {"tickets": tickets, "text": texts, "image": pictures}


def shards(shop: dict[str, Any], name: str, order: list[int], size: int) -> dict[str, pa.Table]:
    module, there = modalities.get(name), shop["tickets"][f"has_{name}"]
    rows = [(f"t{number}", module.pack(shop[name][number], None)) for number in order if there[number]]
    found = {}
    for start in range(0, max(1, len(rows)), size):
        some = rows[start : start + size]
        columns: dict[str, Any] = {column: [None] * len(some) for column in CLEANED_SCHEMA.names}
        columns |= {"ticket_id": [one for one, _ in some], "payload": [payload for _, payload in some]}
        found[f"{start}"] = pa.table(columns, schema=CLEANED_SCHEMA)
    return found


def trace(
    model: FusedModel, shop: dict[str, Any], order: list[int] | None = None, size: int = 10, **given: Any
) -> Analysis:
    order = order or list(range(N))
    cleaned = {f"{name}_cleaned": shards(shop, name, order, size) for name in ("text", "image")}
    arguments = {
        "model": model,
        "tickets": shop["tickets"],
        "params": PARAMS,
        "seed": 5,
        "hardware": HARDWARE,
        "audio_cleaned": {},
        **{f"{name}_model": part for name, part in model.parts.items()},
        **cleaned,
    }
    return trace_robustness(**(arguments | given))


def sharpened(model: FusedModel, shop: dict[str, Any]) -> ModalityModel:
    """Return the classifier of texts with a head that tells the texts of the shop apart."""
    part = model.parts["text"]
    assert part.preprocessor is not None
    features = {name: torch.from_numpy(array) for name, array in part.preprocessor.extract(shop["text"]).items()}
    mean = part.outputs(features).embedding[:, 0].mean(dim=0)
    sharp = build_classifier("text", part.encoder, part.preprocessor, 3, seed=1).eval()
    sharp.load_state_dict(part.classifiers[0].state_dict())
    sharp.head.bias.data = -sharp.head.weight.data @ mean
    return replace(part, classifiers=(sharp,))


@pytest.fixture(scope="module")
def found(tiny_model: FusedModel, shop: dict[str, Any]) -> Analysis:
    return trace(tiny_model, shop)


def test_every_corruption_of_a_trained_modality_and_every_absence_has_a_curve(found: Analysis) -> None:
    assert list(found.metrics["curves"]) == [
        *("image blur", "image noise", "image JPEG", "image occlusion", "text typos"),
        *("image missing", "text missing", "any missing"),
    ]
    assert found.metrics["tickets"] == found.metrics["of"] == N - 1
    counts = {name: curve["n"] for name, curve in found.metrics["curves"].items()}
    assert counts["text typos"] == counts["any missing"] == N - 2
    assert counts["image blur"] == counts["image missing"] == 15
    json.dumps(found.metrics, allow_nan=False)


def test_without_a_change_it_is_what_the_predictor_says(
    found: Analysis, tiny_model: FusedModel, shop: dict[str, Any]
) -> None:
    tickets = shop["tickets"].query("split == 'test' and has_text")
    said = Predictor(tiny_model).predict(
        pd.DataFrame({"ticket_id": tickets["ticket_id"], "text": [shop["text"][row] for row in tickets.index]})
    )
    no_pictures = shop["tickets"].assign(has_image=False)
    blind = trace(tiny_model, shop | {"tickets": no_pictures})
    first = blind.metrics["curves"]["text typos"]["fusion"]["points"][0]
    assert first["level"] == 0
    assert first["macro_f1"] == f1_score(tickets["label"], said["label"], average="macro", zero_division=0)
    assert "image blur" not in blind.metrics["curves"]
    assert "any missing" not in blind.metrics["curves"], "one modality is all there is"
    starts = {name: one["fusion"]["points"][0]["macro_f1"] for name, one in found.metrics["curves"].items()}
    assert starts["text typos"] == starts["text missing"]
    assert len({starts[name] for name in starts if name.startswith("image")}) == 1


def test_the_same_seed_gives_the_same_however_tickets_are_sharded(
    found: Analysis, tiny_model: FusedModel, shop: dict[str, Any]
) -> None:
    again = trace(tiny_model, shop, order=list(range(N))[::-1], size=3)
    assert again.metrics == found.metrics
    other = trace(tiny_model, shop, seed=6)
    assert other.metrics["curves"]["any missing"] != found.metrics["curves"]["any missing"]


def test_each_curve_is_that_of_its_own_corruption(
    tiny_model: FusedModel, shop: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    corruptions = (
        Corruption("same", "nothing", 0, (1, 2), lambda text, level, rng: text),
        Corruption("silenced", "all", 0, (1, 2, 3), lambda text, level, rng: text if level < 3 else "x"),
    )
    monkeypatch.setattr(modalities.get("text"), "CORRUPTIONS", corruptions)
    curves = trace(replace(tiny_model, strategy="early"), shop, text_model=sharpened(tiny_model, shop)).metrics[
        "curves"
    ]
    same, silenced = (
        [point["macro_f1"] for point in curves[name]["alone"]["points"]] for name in ("text same", "text silenced")
    )
    assert same == [same[0]] * 3
    assert silenced[:3] == same
    assert silenced[3] == pytest.approx(1 / 6, abs=0.02), "one answer to all three classes"
    assert same[0] > 0.2


def test_tickets_need_no_customers_and_few_are_enough(tiny_model: FusedModel, shop: dict[str, Any]) -> None:
    params = EvaluationParameters(
        resampling=Resampling(resamples=10), robustness_curves=CurveParameters(tickets=3, draws=1)
    )
    bare = shop["tickets"].drop(columns="customer_id")
    few = trace(tiny_model, shop | {"tickets": bare}, params=params)
    assert few.metrics["tickets"] == 3
    assert few.tables["areas"]["area_low"].isna().all()


@pytest.mark.parametrize("change", [{"has_text": False, "has_image": False}, {"split": "train"}])
def test_nothing_to_spoil_is_no_error(tiny_model: FusedModel, shop: dict[str, Any], change: dict[str, Any]) -> None:
    nothing = trace(tiny_model, shop | {"tickets": shop["tickets"].assign(**change)})
    assert nothing.metrics["curves"] == {}
    assert nothing.metrics["weakest"] is None
    assert nothing.tables["areas"].empty


def test_a_modality_alone_is_the_model_that_was_trained_alone(
    found: Analysis, tiny_model: FusedModel, shop: dict[str, Any]
) -> None:
    """A fusion trained end to end has encoders of its own."""
    part = tiny_model.parts["text"]
    stubborn = build_classifier("text", part.encoder, part.preprocessor, 3, seed=2).eval()
    stubborn.head.bias.data[:] = stubborn.head.bias.new_tensor([99.0, 0.0, 0.0])
    alone = {"text_model": replace(part, classifiers=(stubborn,))}
    joint = trace(replace(tiny_model, strategy="early"), shop, **alone)
    points = joint.metrics["curves"]["text typos"]["alone"]["points"]
    right = (shop["tickets"].query("split == 'test' and has_text")["label"] == "invoice").mean()
    assert [point["accuracy"] for point in points] == pytest.approx([right] * 6)
    assert joint.tables["areas"]["area"].equals(found.tables["areas"]["area"]), "fusion goes on with its own"
