"""The modalities of a tiny model weighed on tickets whose embeddings are written out by hand."""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from kefu.datasets.analyses import AnalysisDataset
from kefu.engines.shards import CleanTask, FeatureShard, clean_shard
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.predictions import NOTHING
from kefu.evaluation.report import read_words
from kefu.model import FusedModel, heads_of
from kefu.pipelines.evaluate.contribution import weigh_modalities
from kefu.training.hardware import HardwareParameters

HARDWARE = HardwareParameters(device="cpu", threads=1)
PARAMS = EvaluationParameters(resampling=Resampling(resamples=20), explained=3)
TEXTS = ["my refund", "我要退款", "cannot log in", "登录不了", "my invoice", "发票错了"]


def outputs_of(model: FusedModel, name: str, ids: list[str], classes: list[int]) -> dict[str, FeatureShard]:
    """Return embeddings that the modality's classifier takes for these classes."""
    directions = torch.linalg.pinv(heads_of(model.parts, 0)[name].weight.detach()).T.numpy()
    embeddings = np.stack([20 * directions[number] for number in classes])[:, None].astype(np.float32)
    return {"0": FeatureShard(ids, {"embedding": embeddings})}


@pytest.fixture
def inputs(tiny_model: FusedModel, tmp_path: Path) -> dict[str, Any]:
    """Six tickets: the text is always right, the picture of the first three never, the others have none."""
    ids = [f"t{number}" for number in range(6)]
    right = [2, 2, 1, 1, 0, 0]
    tickets = pd.DataFrame(
        {
            "ticket_id": ids,
            "language": ["en", "zh"] * 3,
            "label": [tiny_model.labels[number] for number in right],
            "split": "test",
            "has_text": True,
            "has_image": [True] * 3 + [False] * 3,
            "has_audio": False,
        }
    )
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 48, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), pixels)
    cleaned = {
        name: {"0": clean_shard(CleanTask(name, ids[: len(values)], values, tmp_path, tiny_model.parts[name].cleaning))}
        for name, values in {"text": TEXTS, "image": [f"{number}.png" for number in range(3)], "audio": []}.items()
    }
    said = {
        "text": outputs_of(tiny_model, "text", ids, right),
        "image": outputs_of(tiny_model, "image", ids[:3], [0, 1, 2]),
        "audio": {},
    }
    return {
        "tickets": tickets,
        **{f"{name}_cleaned": shards for name, shards in cleaned.items()},
        **{f"{name}_outputs": shards for name, shards in said.items()},
        **{f"{name}_features": {} for name in said},
    }


def test_the_text_that_is_right_gets_the_credit(tiny_model: FusedModel, inputs: dict[str, Any]) -> None:
    found = weigh_modalities(tiny_model, params=PARAMS, hardware=HARDWARE, **inputs)
    overall = found.metrics["modalities"]
    assert set(overall) == {"image", "text"}, "nothing was trained for audio"
    assert overall["text"]["to_macro_f1"] > 0.4
    assert overall["image"]["to_macro_f1"] < overall["text"]["to_macro_f1"] / 2
    gain = found.metrics["all"]["macro_f1"] - found.metrics["none"]["macro_f1"]
    assert sum(row["to_macro_f1"] for row in overall.values()) == pytest.approx(gain, abs=1e-9)
    assert overall["text"]["evidence"] > 0
    assert found.metrics["subsets"]["text"]["accuracy"] == 1.0
    assert set(found.metrics["subsets"]) == {NOTHING, "image", "text", "image+text"}
    assert set(found.metrics["languages"]) == {"en", "zh"}
    assert set(found.metrics["combinations"]) == {"text", "image+text"}
    assert found.metrics["combinations"]["text"]["image"] == 0.0


def test_examples_are_tickets_of_the_split_explained(tiny_model: FusedModel, inputs: dict[str, Any]) -> None:
    found = weigh_modalities(tiny_model, params=PARAMS, hardware=HARDWARE, **inputs)
    examples = found.metrics["examples"]
    assert len(examples) == 3
    for example in examples:
        text = "".join(piece for piece, _ in example["texts"]["text"])
        assert text == TEXTS[int(example["ticket_id"][1])]
    pictures = {name for name in found.figures if name.startswith("example_")}
    assert pictures == {f"example_{number}_image" for number, one in enumerate(examples) if "image" in one["drawn"]}
    assert pictures
    nothing = weigh_modalities(
        tiny_model, params=PARAMS.model_copy(update={"explained": 0}), hardware=HARDWARE, **inputs
    )
    assert nothing.metrics["examples"] == []


def test_a_modality_alone_and_a_class_alone(tiny_model: FusedModel, inputs: dict[str, Any]) -> None:
    tickets = inputs["tickets"]
    alone = tickets.iloc[3:].assign(has_image=False, label=tiny_model.labels[0])
    found = weigh_modalities(tiny_model, params=PARAMS, hardware=HARDWARE, **{**inputs, "tickets": alone})
    assert found.metrics["modalities"]["image"]["to_accuracy"] == pytest.approx(0.0, abs=1e-12)
    assert list(found.metrics["classes"]) == [tiny_model.labels[0]]


def test_it_is_kept_and_every_word_is_there_in_chinese(
    tiny_model: FusedModel, inputs: dict[str, Any], tmp_path: Path
) -> None:
    found = weigh_modalities(tiny_model, params=PARAMS, hardware=HARDWARE, **inputs)
    dataset = AnalysisDataset(str(tmp_path / "contribution.json"))
    dataset.save(found)
    again = dataset.load()
    assert again.metrics["modalities"] == found.metrics["modalities"]
    words = read_words()
    for table in again.tables.values():
        columns = {name for name in table if not re.search("_(low|high)$", name)}
        assert columns <= words["columns"].keys()
    for figure in again.figures.values():
        layout = figure.to_dict()["layout"]
        axes = [layout[name]["title"]["text"] for name in ("xaxis", "yaxis") if "title" in layout.get(name, {})]
        assert {layout["title"]["text"], *axes} <= words["charts"].keys()
