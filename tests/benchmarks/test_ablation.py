import importlib.util
from pathlib import Path

import numpy as np
import pytest

from kefu.modalities import audio, image, text
from kefu.tickets.errors import KefuError
from kefu.training.hardware import HardwareParameters
from kefu.training.trainer import TrainingParameters

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "ablation.py"


@pytest.fixture(scope="module")
def ablation():
    spec = importlib.util.spec_from_file_location("benchmark_ablation", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def groups():
    return {
        "training": TrainingParameters(weight_decay=0.0, ema_decay=0.99),
        "encoder": audio.EncoderParameters(),
        "hardware": HardwareParameters(),
    }


def test_ingredients_are_the_parameters_that_are_on(ablation, groups):
    found = dict(ablation.ingredients(groups))
    assert found["training.ema_decay"] == 0
    assert found["training.class_weights"] == "none"
    assert found["encoder.cnn_rnn.dropout"] == 0
    assert "training.weight_decay" not in found
    assert "training.mixup_alpha" not in found
    changed = ablation.change(groups, found)
    assert dict(ablation.ingredients(changed)) == {}


def test_only_the_chosen_encoder_has_ingredients(ablation, groups):
    groups["encoder"] = text.EncoderParameters(architecture="tfidf")
    encoders = {name.split(".")[1] for name, _ in ablation.ingredients(groups) if name.startswith("encoder.")}
    assert encoders == {"tfidf"}


def test_a_change_leaves_the_rest_as_it_was(ablation, groups):
    changed = ablation.change(groups, {"training.max_epochs": 3, "encoder.cnn_rnn.hidden_dim": 8})
    assert changed["training"] == groups["training"].model_copy(update={"max_epochs": 3})
    assert changed["encoder"].cnn_rnn.hidden_dim == 8
    assert groups["training"].max_epochs == TrainingParameters().max_epochs


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("training.max_epoch", 3, "training.max_epoch: there is no such parameter.*max_epochs"),
        ("training.max_epochs", 0, "training.max_epochs.*greater than or equal to 1"),
        ("training.max_epochs.more", 1, "training.max_epochs.more: there is no such parameter"),
        ("training", 1, "training: give a parameter of training, encoder, hardware"),
        ("cleaning.x", 1, "cleaning.x: give a parameter of training, encoder, hardware"),
    ],
)
def test_a_change_that_cannot_be_is_told(ablation, groups, name, value, message):
    with pytest.raises(KefuError, match=message):
        ablation.change(groups, {name: value})


def test_the_switches_of_the_encoder_itself_are_ingredients(ablation, groups):
    groups["encoder"] = image.EncoderParameters(architecture="se_resnet", average_mirrored=True)
    found = dict(ablation.ingredients(groups))
    assert found["encoder.average_mirrored"] is False
    assert found["encoder.se_resnet.stochastic_depth"] == 0
    assert "encoder.resnet.dropout" not in found


def test_an_encoder_made_of_two_has_the_ingredients_of_both(ablation, groups):
    groups["encoder"] = text.EncoderParameters(architecture="rnn_tfidf")
    encoders = {name.split(".")[1] for name, _ in ablation.ingredients(groups) if name.startswith("encoder.")}
    assert encoders == {"rnn", "tfidf"}
    groups["encoder"] = image.EncoderParameters(architecture="se_resnet")
    assert "encoder.average_mirrored" not in dict(ablation.ingredients(groups))


def of_score(ablation, score):
    return ablation.Judged(score, np.array([[0.2, 0.8]]), np.array([1]))


def test_differences_are_to_the_same_seed(ablation):
    scores = {"unchanged": {0: 0.5, 1: 0.7}, "without it": {0: 0.4, 1: 0.5}, "unfinished": {0: 0.6}}
    rows = ablation.summarise(
        {name: {seed: of_score(ablation, score) for seed, score in by_seed.items()} for name, by_seed in scores.items()}
    )
    assert [row["difference_mean"] for row in rows] == pytest.approx([0.0, -0.15, 0.1])
    assert (rows[1]["difference_min"], rows[1]["difference_max"]) == pytest.approx((-0.2, -0.1))
    assert rows[1]["mean"] == pytest.approx(0.45)
    assert rows[2]["scores"] == {"0": 0.6}


def test_seeds_are_scored_together_by_their_mean_probabilities(ablation):
    targets = np.array([0, 1])
    sure = ablation.Judged(0.0, np.array([[0.9, 0.1], [0.1, 0.9]]), targets)
    unsure_and_wrong = ablation.Judged(0.0, np.array([[0.4, 0.6], [0.6, 0.4]]), targets)
    (row,) = ablation.summarise({"unchanged": {0: sure, 1: unsure_and_wrong}})
    assert row["of_mean_probabilities"] == 1.0
