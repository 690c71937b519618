"""Pretraining on the tiny demo: off by default, blind to labels, and a start for training when on."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import torch

from kefu.modalities import MODALITIES
from kefu.pipelines.pretrain import nodes
from kefu.pipelines.pretrain.nodes import pretrain
from kefu.tickets.errors import KefuError
from kefu.tickets.quarantine import check_books
from kefu.training.callbacks import history_columns
from kefu.training.contrastive import Pretrained, PretrainingParameters
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


def run(
    demo: Any,
    arguments: dict[str, Any],
    tickets: Any,
    tmp_path: Any,
    *,
    more: Any = None,
    folds: int = 1,
    **params: Any,
) -> Any:
    hardware = HardwareParameters(device="cpu", precision="32", threads=1)
    settings = PretrainingParameters(**{"max_epochs": 1} | params)
    unlabelled = demo.load("unlabelled_tickets") if more is None else more
    bagging = BaggingParameters(folds=folds)
    return pretrain(tickets, unlabelled, settings, bagging, 0, hardware, str(tmp_path), **arguments)


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


@pytest.mark.parametrize("folds", [1, 2])
def test_unlabelled_tickets_join_unless_their_customer_is_held_out(
    demo: Any, arguments: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, folds: int
) -> None:
    seen: list[tuple[set[str], set[str]]] = []

    def spy(name: str, encoders: Any, training: Any, validation: Any, *args: Any, **kwargs: Any) -> Pretrained:
        seen.append((set(training.ticket_ids), set(validation.ticket_ids)))
        return Pretrained(encoders, pd.DataFrame(columns=history_columns("retrieval_auc")), 1)

    monkeypatch.setattr(nodes, "pretrain_encoders", spy)
    tickets = demo.load("tickets")
    several = tickets[tickets[["has_text", "has_image", "has_audio"]].sum(axis=1) > 1]
    held = several[several["split"] != "test"]
    # every other ticket has lost its label; a test ticket among them stays out whatever its customer
    more = pd.concat([held[1::2], several[several["split"] == "test"]]).drop(columns="label")
    run(demo, arguments, tickets[~tickets["ticket_id"].isin(more["ticket_id"])], tmp_path, more=more, folds=folds)
    customers = tickets.set_index("ticket_id")["customer_id"]
    assert len(seen) == folds
    for training, validation in seen:
        assert training & set(more["ticket_id"])
        assert not training & set(tickets.loc[tickets["split"] == "test", "ticket_id"])
        assert not set(customers[list(training)]) & set(customers[list(validation)])
    if folds == 1:
        assert {i for i in more["ticket_id"] if i in seen[0][0]} == set(
            held[1::2].query("split == 'train'")["ticket_id"]
        )


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


def test_tickets_that_lost_their_label_are_kept_if_asked_for(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    before = project.load("tickets")
    assert project.load("unlabelled_tickets").empty
    table = project.root / "data/01_raw/demo/tickets.csv"
    raw = pd.read_csv(table, dtype=str, keep_default_na=False)
    lost = set(before.loc[before["split"] == "train", "ticket_id"][::3])
    raw.loc[raw["ticket_id"].isin(lost), "label"] = ""
    raw.to_csv(table, index=False)
    for pipeline in ("clean", "features", "pretrain"):
        project.run(pipeline, tickets={"labels": {"keep_unlabelled": True}}, pretraining={"max_epochs": 1})
    tickets, unlabelled = project.load("tickets"), project.load("unlabelled_tickets")
    assert set(unlabelled["ticket_id"]) >= lost
    assert not lost & set(tickets["ticket_id"])
    check_books(len(project.load("raw_tickets").frame), pd.concat([tickets, unlabelled]), project.load("quarantine"))
    for modality in MODALITIES:
        features = {i for shard in project.load(f"{modality}.features").values() for i in shard.ticket_ids}
        both = pd.concat([tickets, unlabelled])
        assert features == set(both.loc[both[f"has_{modality}"], "ticket_id"])
        assert project.load(f"{modality}.pretrained_encoder")
