"""Pretraining on the tiny demo: off by default, blind to labels, and a start for training when on."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from kefu.modalities import MODALITIES
from kefu.pipelines.pretrain.nodes import pretrain
from kefu.tickets.errors import KefuError
from kefu.training.contrastive import PretrainingParameters
from kefu.training.folds import BaggingParameters
from kefu.training.hardware import HardwareParameters
from kefu.training.modality_model import build_encoder

PRETRAINED = "data/06_models/demo/pretrained"


@pytest.fixture
def arguments(demo: Any) -> dict[str, Any]:
    """What the node is given."""
    given = {
        f"{modality}_{name}": demo.load(f"{modality}.{dataset}")
        for modality in MODALITIES
        for name, dataset in (
            ("features", "features"),
            ("augmented", "augmented_features"),
            ("preprocessor", "preprocessor"),
        )
    }
    encoders = {f"{modality}_encoder": demo.load(f"params:{modality}.encoder") for modality in MODALITIES}
    return given | encoders


def run(demo: Any, arguments: dict[str, Any], tickets: Any, tmp_path: Any, *, folds: int = 1, **params: Any) -> Any:
    hardware = HardwareParameters(device="cpu", precision="32", threads=1)
    settings = PretrainingParameters(**{"max_epochs": 1} | params)
    return pretrain(tickets, settings, BaggingParameters(folds=folds), 0, hardware, str(tmp_path), **arguments)


def test_it_is_off_unless_asked_for(demo: Any) -> None:
    assert [demo.load(f"{modality}.pretrained_encoder") for modality in MODALITIES] == [{}] * len(MODALITIES)
    assert demo.load("pretraining_history").empty
    assert not any(demo.load(f"{modality}.model").metrics["pretrained"] for modality in MODALITIES)


def test_labels_are_not_looked_at(demo: Any, arguments: dict[str, Any], tmp_path: Any) -> None:
    tickets = demo.load("tickets")
    first = run(demo, arguments, tickets, tmp_path)
    second = run(demo, arguments, tickets.assign(label=tickets["label"].iloc[::-1].to_numpy()), tmp_path)
    for modality in MODALITIES:
        assert first[modality]
        assert all(torch.equal(value, second[modality][name]) for name, value in first[modality].items())


def test_each_member_is_pretrained_without_its_own_fold(demo: Any, arguments: dict[str, Any], tmp_path: Any) -> None:
    found = run(demo, arguments, demo.load("tickets"), tmp_path, folds=2)
    assert found["history"]["member"].tolist() == [0, 1]
    weights = found["image"]
    assert {name.split(".")[0] for name in weights} == {"0", "1"}
    assert not any(torch.equal(weights[name], weights["1" + name[1:]]) for name in weights if name.endswith("0.weight"))


def test_with_one_modality_there_is_nothing_to_compare(
    demo: Any, arguments: dict[str, Any], tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tickets = demo.load("tickets").assign(has_image=False, has_audio=False)
    found = run(demo, arguments, tickets[tickets["has_text"]], tmp_path)
    assert [found[modality] for modality in MODALITIES] == [{}] * len(MODALITIES)
    assert found["history"].empty
    assert "encoders start from scratch" in caplog.text


def test_training_starts_from_what_was_pretrained(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    project.run("pretrain", pretraining={"max_epochs": 1})
    weights = project.load("image.pretrained_encoder")
    assert len(project.load("pretraining_history")) == 1
    # with next to no learning rate the trained encoder is where it started
    frozen = {"training": {"learning_rate": 1e-12, "weight_decay": 0.0}}
    project.run("train_image", image=frozen)
    model = project.load("image.model")
    assert model.metrics["pretrained"]
    trained = dict(model.classifiers[0].encoder.named_parameters())
    scratch = dict(build_encoder("image", model.encoder, model.preprocessor, seed=0).named_parameters())
    for name, value in trained.items():
        torch.testing.assert_close(value, weights[f"0.{name}"], atol=1e-6, rtol=0)
    assert max((value - scratch[name]).abs().max() for name, value in trained.items()) > 1e-4
    with pytest.raises(KefuError, match="image: the pretrained encoder was made with other parameters"):
        project.run("train_image", image={"encoder": {"resnet": {"stem_dim": 8}}})
