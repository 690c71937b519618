"""Labels to mend and tickets to label, with a model of random weights."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from kefu.engines.shards import FeatureShard
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.model import FusedModel, heads_of
from kefu.pipelines.evaluate.labels import look_at_labels
from kefu.training.hardware import HardwareParameters

HARDWARE = HardwareParameters(device="cpu", threads=1)


def outputs_of(model: FusedModel, ids: list[str], shard: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in model.parts:
        found |= {f"{name}_outputs": {}, f"{name}_features": {}, f"{name}_cleaned": {}}
        if model.parts[name].is_trained:
            dim = heads_of(model.parts, 0)[name].in_features
            embeddings = np.random.default_rng(0).normal(size=(len(ids), 1, dim)).astype(np.float32)
            found[f"{name}_outputs"] = {"0": FeatureShard(ids, {"embedding": embeddings})}
    return found | {"text_cleaned": {"0": shard({ticket_id: f"关于 {ticket_id}".encode() for ticket_id in ids})}}


def frame(ids: list[str], **columns: Any) -> pd.DataFrame:
    flags = {"has_text": True, "has_image": True, "has_audio": False}
    return pd.DataFrame({"ticket_id": ids, "customer_id": ids, "split": "train", **flags, **columns})


@pytest.mark.parametrize("unlabelled", [["u", "v", "w"], []])
def test_suspects_and_tickets_to_label(tiny_model: FusedModel, cleaned_shard: Any, unlabelled: list[str]) -> None:
    labels = tiny_model.labels
    known = ["a", "b", "c", "d"]
    held_out = pd.DataFrame(
        {
            "ticket_id": known,
            "label": [labels[0], labels[0], labels[0], labels[1]],
            f"probability_{labels[0]}": [0.9, 0.8, 0.05, 0.1],
            f"probability_{labels[1]}": [0.05, 0.1, 0.9, 0.8],
            f"probability_{labels[2]}": [0.05, 0.1, 0.05, 0.1],
        }
    )
    found = look_at_labels(
        tiny_model,
        frame(known, label=labels[0]),
        frame(unlabelled),
        held_out,
        EvaluationParameters(labels={"to_label": 2}),
        HARDWARE,
        **outputs_of(tiny_model, [*known, *unlabelled], cleaned_shard),
    )
    assert found.tables["suspects"][["ticket_id", "suggested_label", "excerpt"]].to_numpy().tolist() == [
        ["c", labels[1], "关于 c"]
    ]
    assert found.metrics["few"]
    assert found.metrics["unlabelled"] == len(unlabelled)
    assert len(found.tables["to_label"]) == min(2, len(unlabelled))
    assert set(found.tables["to_label"]["ticket_id"]) <= set(unlabelled)


def test_no_held_out_ticket(tiny_model: FusedModel, cleaned_shard: Any) -> None:
    columns = ["ticket_id", "label", *(f"probability_{label}" for label in tiny_model.labels)]
    found = look_at_labels(
        tiny_model,
        frame(["a"], label=tiny_model.labels[0]),
        frame([]),
        pd.DataFrame(columns=columns),
        EvaluationParameters(),
        HARDWARE,
        **outputs_of(tiny_model, ["a"], cleaned_shard),
    )
    assert found.metrics["judged"] == 0
