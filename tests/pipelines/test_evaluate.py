"""What is scored when a modality is noisy or hidden, on embeddings written out by hand."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from kefu.engines.shards import FeatureShard
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.model import FusedModel, heads_of
from kefu.pipelines.evaluate.nodes import collect_scenarios
from kefu.training.hardware import HardwareParameters

HARDWARE = HardwareParameters(device="cpu", threads=1)


def speak(model: FusedModel, modality: str, labels: dict[str, int], strength: float) -> dict[str, FeatureShard]:
    """Return embeddings that the modality's classifier takes for these labels."""
    head = heads_of(model.parts, 0)[modality]
    directions = torch.linalg.pinv(head.weight.detach()).T.numpy()
    embeddings = np.stack([strength * directions[label] for label in labels.values()])[:, None].astype(np.float32)
    return {"0": FeatureShard(list(labels), {"embedding": embeddings})}


def test_each_modality_is_hidden_and_made_noisy_where_a_ticket_has_it(tiny_model: FusedModel) -> None:
    tickets = pd.DataFrame(
        {
            "ticket_id": ["both", "text", "none"],
            "customer_id": ["k", "l", "m"],
            "language": "en",
            "label": [tiny_model.labels[0]] * 3,
            "split": "test",
            "has_text": [True, True, False],
            "has_image": [True, False, False],
            "has_audio": False,
        }
    )
    said: dict[str, Any] = {
        "text_outputs": speak(tiny_model, "text", {"both": 0, "text": 0}, 30),
        "image_outputs": speak(tiny_model, "image", {"both": 1}, 10),
        "text_noisy_outputs": speak(tiny_model, "text", {"both": 0, "text": 1}, 30),
        "image_noisy_outputs": speak(tiny_model, "image", {"both": 2}, 60),
    }
    nothing = {f"{name}_{kind}": {} for name in tiny_model.parts for kind in ("outputs", "noisy_outputs")}
    features = {f"{name}_{kind}": {} for name in tiny_model.parts for kind in ("features", "noisy_features")}
    scenarios = collect_scenarios(
        tiny_model, tickets, EvaluationParameters(), HARDWARE, **{**nothing, **features, **said}
    )
    found = {
        one.name: dict(zip(one.predictions.tickets["ticket_id"], one.predictions.predicted, strict=True))
        for one in scenarios
    }
    prior = 2  # the most frequent class of the training tickets
    assert found.keys() == {"unchanged", "text missing", "text noisy", "image missing", "image noisy"}
    assert found["unchanged"] == {"both": 0, "text": 0, "none": prior}
    assert found["text missing"] == {"both": 1}, "the picture's opinion; the other ticket has nothing left"
    assert found["image missing"] == {"both": 0}
    assert found["text noisy"] == {"both": 0, "text": 1}
    assert found["image noisy"] == {"both": 2}
