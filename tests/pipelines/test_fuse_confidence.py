"""What the fusion pipeline learns from held-out tickets, on embeddings written out by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from kefu.confidence import Confidence, ConfidenceParameters
from kefu.engines.shards import FeatureShard
from kefu.fusion.contract import FusionRows
from kefu.fusion.rows import gather
from kefu.fusion.strategies import FusionParameters, build_fusion, fit_ensemble
from kefu.model import FusedModel, heads_of
from kefu.pipelines.fuse.candidates import Candidates, table_of
from kefu.pipelines.fuse.confidence import fit_confidence
from kefu.training.folds import BaggingParameters, make_folds
from kefu.training.hardware import Hardware, HardwareParameters, choose_hardware

LABELS = ("invoice", "login", "refund")
PRIOR = torch.ones(3) / 3
QUICK = FusionParameters.model_validate({name: {"training": {"max_epochs": 2}} for name in ("adaptive", "modular")})


@pytest.fixture(scope="module")
def hardware() -> Hardware:
    return choose_hardware(HardwareParameters(device="cpu", threads=1))


def make_tickets(validation: int) -> pd.DataFrame:
    """Return training tickets and others; every third of each has no image."""
    n = 60 + validation
    return pd.DataFrame(
        {
            "ticket_id": [f"t{row}" for row in range(n)],
            "customer_id": [f"c{row}" for row in range(n)],
            "label": [LABELS[row % 3] for row in range(n)],
            "split": ["train"] * 60 + ["validation"] * validation,
        }
    )


def make_outputs(model: FusedModel, tickets: pd.DataFrame) -> dict[str, dict[str, FeatureShard]]:
    """Return embeddings that each head takes for the true label, more or less."""
    rng = np.random.default_rng(0)
    targets = np.array([LABELS.index(label) for label in tickets["label"]])
    outputs = {}
    for name, head in heads_of(model.parts, 0).items():
        directions = torch.linalg.pinv(head.weight.detach()).T.numpy()
        embedding = 4 * directions[targets] + 0.3 * rng.normal(size=(len(tickets), head.in_features))
        chosen = np.arange(len(tickets)) if name == "text" else np.flatnonzero(np.arange(len(tickets)) % 3 > 0)
        ids = [str(tickets["ticket_id"][row]) for row in chosen]
        outputs[name] = {"0": FeatureShard(ids, {"embedding": embedding[chosen, None].astype(np.float32)})}
    return outputs


def make_model(tiny_model: FusedModel, strategy: str) -> FusedModel:
    heads, params, model = heads_of(tiny_model.parts, 0), QUICK, replace(tiny_model, parameters=QUICK)
    if strategy == "ensemble":
        fitted = {name: (build_fusion(name, heads, PRIOR, params),) for name in params.on_shared_parts}
        weights = dict.fromkeys(fitted, 1 / len(fitted))
        return replace(model, strategy=strategy, fusions=fit_ensemble(fitted, [heads], PRIOR, weights))
    return replace(model, strategy=strategy, fusions=(build_fusion(strategy, heads, PRIOR, params).eval(),))


def make_candidates(model: FusedModel, tickets: pd.DataFrame) -> Candidates:
    held_out = [gather(tickets[tickets["split"] == "validation"], make_outputs(model, tickets), LABELS).member(0)]
    return Candidates([heads_of(model.parts, 0)], PRIOR, held_out, held_out, {}, {}, QUICK, 0)


def fit(model: FusedModel, tickets: pd.DataFrame, hardware: Hardware, **params: Any) -> Confidence:
    folds = make_folds(tickets, BaggingParameters(), 0)
    judged = tickets[tickets["split"] == "validation"]
    said = None
    if len(judged):
        candidates = make_candidates(model, tickets)
        ensemble = model.strategy == "ensemble"
        said = candidates.predict_all()[0]["ensemble"] if ensemble else candidates.predict(model.strategy)
    shuffled = table_of(judged, LABELS, said).sample(frac=1, random_state=0)
    parameters = ConfidenceParameters.model_validate(params)
    return fit_confidence(model, folds, shuffled, make_outputs(model, tickets), {}, parameters, hardware)


@pytest.mark.parametrize("strategy", ["late", "adaptive", "only_text", "ensemble"])
def test_every_held_out_ticket_counts_once(tiny_model: FusedModel, hardware: Hardware, strategy: str) -> None:
    confidence = fit(make_model(tiny_model, strategy), make_tickets(45), hardware)
    for scores in (confidence.label_scores, confidence.scope_scores):
        assert {name: len(found) for name, found in scores.by_combination.items()} == {"image+text": 30, "text": 15}
        assert np.isfinite(scores.pooled).all()


def test_the_fusion_has_not_seen_the_ticket(
    tiny_model: FusedModel, hardware: Hardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []

    def fit_fusion(strategy: str, heads: Any, prior: Any, held_out: list[FusionRows], **_: Any) -> Any:
        seen.append(held_out[0].groups)
        return (build_fusion(strategy, heads[0], prior, QUICK).eval(),)

    monkeypatch.setattr("kefu.fusion.out_of_fold.fit_fusion", fit_fusion)
    fit(make_model(tiny_model, "late"), make_tickets(45), hardware)
    assert len(seen) == 5
    assert sum(len(groups) for groups in seen) == 4 * 45
    assert max(len(groups) for groups in seen) < 45


def test_a_label_set_is_as_large_as_the_predictions_of_held_out_tickets_ask_for(
    tiny_model: FusedModel, hardware: Hardware
) -> None:
    model, tickets = make_model(tiny_model, "late"), make_tickets(300)
    judged = tickets[tickets["split"] == "validation"]
    truth = np.eye(3)[[LABELS.index(label) for label in judged["label"]]]
    sizes = []
    for certainty in (0.99, 0.25):  # of the true label; the others share the rest
        table = table_of(judged, LABELS, truth * certainty + (1 - truth) * (1 - certainty) / 2)
        table = table.sample(frac=1, random_state=0)  # in another order than the tickets
        folds, outputs = make_folds(tickets, BaggingParameters(), 0), make_outputs(model, tickets)
        confidence = fit_confidence(model, folds, table, outputs, {}, ConfidenceParameters(), hardware)
        sizes.append(int(confidence.label_sets(np.array([[0.5, 0.3, 0.2]]), ["text"]).sum()))
    assert sizes == [1, 2]


@pytest.mark.parametrize("validation", [1, 2])
def test_a_few_held_out_tickets_promise_nothing(tiny_model: FusedModel, hardware: Hardware, validation: int) -> None:
    confidence = fit(make_model(tiny_model, "late"), make_tickets(validation), hardware)
    assert len(confidence.label_scores.pooled) == validation
    assert confidence.label_sets(np.eye(3), ["text"] * 3).all()
    assert not confidence.out_of_scope(np.array([99.0]), ["text"]).any()


def test_without_a_held_out_ticket_training_tickets_are_not_taken_instead(
    tiny_model: FusedModel, hardware: Hardware
) -> None:
    confidence = fit(make_model(tiny_model, "late"), make_tickets(0), hardware, coverage=0.8)
    assert confidence.tensors() == {}
    assert confidence.parameters.coverage == 0.8
    assert confidence.label_sets(np.eye(3), ["text"] * 3).all()
