"""From raw tickets to the report, on the tiny demo."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from kedro.io import DatasetError

from kefu.datasets import PayloadShardsDataset
from kefu.engines import ShardPlan
from kefu.modalities import MODALITIES
from kefu.tickets.quarantine import check_books

HEADLINE = {"macro_f1", "macro_f1_low", "macro_f1_high", "accuracy", "n", "chosen", "strategies", "modalities"}
METRICS = "data/08_reporting/demo/versions/metrics.json"


def test_metrics_have_their_headline(demo: Any) -> None:
    metrics = demo.load("metrics")
    assert metrics.keys() >= HEADLINE
    assert metrics["n"] == (demo.load("tickets")["split"] == "test").sum()


def test_noise_and_absence_are_scored(demo: Any) -> None:
    tickets, found = demo.load("tickets").query("split == 'test'"), demo.load("metrics")["robustness"]
    assert found["unchanged"]["n"] == len(tickets)
    for modality in MODALITIES:
        there = tickets[tickets[f"has_{modality}"]]
        others = there[[f"has_{name}" for name in MODALITIES if name != modality]].any(axis=1)
        assert found[f"{modality} noisy"]["n"] == len(there)
        assert found[f"{modality} missing"]["n"] == others.sum()


@pytest.mark.parametrize("modality", MODALITIES)
def test_noisy_copies_are_of_tickets_that_nothing_was_trained_on(demo: Any, modality: str) -> None:
    tickets = demo.load("tickets")
    judged = tickets.loc[(tickets["split"] != "train") & tickets[f"has_{modality}"], "ticket_id"]
    tables = demo.load(f"{modality}.noisy")
    assert sorted(i for table in tables.values() for i in table["ticket_id"].to_pylist()) == sorted(judged)


def test_label_sets_and_scope_are_scored(demo: Any) -> None:
    metrics = demo.load("metrics")
    tested = metrics["label_sets"]["anything"]
    assert tested["n"] == metrics["n"]
    assert 1 <= tested["set_size"] <= len(metrics["per_class"])
    assert metrics["method"]["coverage"] == 0.9
    assert metrics["out_of_scope"] is None
    confidence = demo.load("model").confidence
    held_out = (demo.load("tickets")["split"] == "validation").sum()
    assert len(confidence.label_scores.pooled) == len(confidence.scope_scores.pooled) == held_out


def test_tickets_out_of_scope_are_told_apart(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    project.run("predict_out_of_scope")
    assert project.load("out_of_scope_predictions").empty
    table = project.root / "data/01_raw/demo/out_of_scope.csv"
    table.write_text("ticket_id,text,split\n1,sing me a song,test\n2,nonsense,validation\n3,,test\n", encoding="utf-8")
    project.run("evaluate")
    assert project.load("metrics")["out_of_scope"]["n"] == 2
    assert "Of 2 tickets that belong to no label" in project.load("report")
    project.run("predict_out_of_scope", confidence={"coverage": 0.5})
    found = project.load("out_of_scope_predictions")
    assert {"label_set", "out_of_scope", "out_of_scope_score"} <= set(found.columns)


def test_books_balance(demo: Any) -> None:
    check_books(len(demo.load("raw_tickets").frame), demo.load("tickets"), demo.load("quarantine"))


def test_report_is_one_file(demo: Any) -> None:
    report = demo.load("report")
    assert report.lstrip().lower().startswith("<!doctype html")
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']?https?:""", report)


def test_model_is_a_bundle(demo: Any) -> None:
    (folder,) = (demo.root / "data/06_models/demo/versions/fused").glob("*/fused")
    assert {path.name for path in folder.iterdir()} >= {"model.safetensors", "config.json", "labels.json", "card.md"}


@pytest.mark.parametrize("modality", MODALITIES)
def test_only_training_tickets_are_augmented(demo: Any, modality: str) -> None:
    tickets = demo.load("tickets")
    training = set(tickets.loc[tickets["split"] == "train", "ticket_id"])
    copies = {i for table in demo.load(f"{modality}.augmented").values() for i in table["ticket_id"].to_pylist()}
    assert copies
    assert copies <= training


def test_an_ensemble_is_trained_on_folds_and_predicts(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    quick = {name: {"training": {"max_epochs": 2}} for name in ("adaptive", "early", "hierarchical", "modular")}
    project.run("train_fusion", bagging={"folds": 2}, fusion={"strategy": "auto", **quick})
    model = project.load("model")
    tickets = project.load("tickets").set_index("ticket_id")
    selection = project.load("selection")
    assert model.strategy == selection["chosen"] == project.load("metrics")["chosen"]
    assert [row["strategy"] for row in selection["evidence"]][-3:] == ["early", "hierarchical", "ensemble"]
    said = project.load("held_out_predictions").set_index("ticket_id")
    assert sorted(said.index) == sorted(tickets.index[tickets["split"] != "test"])
    assert (said["label"] == tickets.loc[said.index, "label"]).all()
    np.testing.assert_allclose(said[[f"probability_{label}" for label in model.labels]].sum(axis=1), 1, atol=1e-6)
    report = project.load("report")
    assert f"Why {selection['chosen']}" in report
    assert "kedro run --pipeline train_fusion --params bagging.folds=2,fusion.strategy=auto," in report
    trained = [part for part in model.parts.values() if part.is_trained]
    assert trained
    assert len(model.fusions) == 2
    for part in trained:
        first, second = (classifier.head.weight for classifier in part.classifiers)
        assert not first.equal(second)
        assert set(project.load(f"{part.name}.history")["member"]) == {0, 1}
        held_out = tickets.loc[tickets["split"] != "test", f"has_{part.name}"].sum()
        assert sum(project.load(f"{part.name}.model").metrics["training_tickets"]) == held_out
        copies = {i for t in project.load(f"{part.name}.augmented").values() for i in t["ticket_id"].to_pylist()}
        assert set(tickets.loc[list(copies), "split"]) == {"train", "validation"}
    project.run("predict")
    assert len(project.load("predictions")) == len(project.load("new_tickets").frame)


@pytest.mark.parametrize(
    ("preset", "strategy", "encoders"),
    [
        ("cnn_rnn", "early", ("RnnEncoder", "CnnEncoder", "CnnRnnEncoder")),
        ("transformer", "hierarchical", ("BertEncoder", "VitEncoder", "AstEncoder")),
    ],
)
def test_a_preset_trains_its_models(
    demo: Any, copy_of: Callable[[Any], Any], preset: str, strategy: str, encoders: tuple[str, ...]
) -> None:
    project = copy_of(demo)
    for stage in ("train_text", "train_image", "train_audio", "fuse", "evaluate"):
        project.run(stage, preset=preset)
    assert project.load("model").strategy == strategy
    assert project.load("metrics")["preset"] == preset
    assert f"--params preset={preset}" in project.load("report")
    names = zip(("text", "image", "audio"), encoders, strict=True)
    for modality, name in names:
        assert type(project.load(f"{modality}.model").classifiers[0].encoder).__name__ == name


def test_predict_answers_every_row(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    project.run("predict")
    assert len(project.load("predictions")) == len(project.load("new_tickets").frame)


def test_two_runs_are_two_versions_with_equal_metrics(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    project.run("train_fusion")
    before, after = sorted((project.root / METRICS).iterdir())
    assert [path.name for path in (demo.root / METRICS).iterdir()] == [before.name]
    assert json.loads((before / "metrics.json").read_text()) == json.loads((after / "metrics.json").read_text())


def test_an_older_version_comes_back(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    models = project.root / "data/06_models/demo/versions/fused"
    (version,) = (path.name for path in models.iterdir())
    project.run("predict")
    expected = project.load("predictions")
    newer = models / "2999-01-01T00.00.00.000Z/fused"
    newer.mkdir(parents=True)
    (newer / "config.json").write_text("{}")
    with pytest.raises(Exception, match="schema None"):
        project.run("predict")
    project.run("predict", load_versions={"model": version})
    pd.testing.assert_frame_equal(project.load("predictions"), expected)


def test_unversioned_outputs_have_a_root_of_their_own(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    for pipeline in ("train_fusion", "evaluate"):
        project.run(pipeline, versioned=False)
    assert (project.root / "data/08_reporting/demo/current/metrics.json").is_file()
    assert len(list((project.root / METRICS).iterdir())) == 1
    project.run("evaluate")
    assert len(list((project.root / METRICS).iterdir())) == 2


def test_preprocessors_learn_from_training_tickets_alone(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    tickets = project.load("tickets")
    others = set(tickets.loc[tickets["split"] != "train", "ticket_id"])
    for modality in MODALITIES:
        shards = project.load(f"{modality}.cleaned")
        tables = [_swap_payloads(table, others) for table in shards.values()]
        plan = ShardPlan("swap", [f"swapped {name}" for name in shards], tables.__getitem__, lambda table: table)
        PayloadShardsDataset(str(project.root / f"data/02_intermediate/demo/{modality}/cleaned"), modality).save(plan)
    project.run("features")
    for modality in MODALITIES:
        folder = f"data/04_features/demo/{modality}/preprocessor"
        assert project.files(folder) == demo.files(folder)
        assert project.files(f"data/04_features/demo/{modality}/features") != demo.files(
            f"data/04_features/demo/{modality}/features"
        )


def _swap_payloads(table: pa.Table, ticket_ids: set[str]) -> pa.Table:
    """Give each of these tickets the payload of another ticket of the shard."""
    frame = table.to_pandas()
    there = frame["payload"].notna()
    chosen = frame["ticket_id"].isin(ticket_ids) & there
    others = list(frame.loc[there & ~chosen, "payload"])
    assert chosen.any()
    frame.loc[chosen, "payload"] = [others[number % len(others)] for number in range(chosen.sum())]
    return pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False)


def test_an_interrupted_run_is_noticed_and_mended(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    folder = "data/02_intermediate/demo/text/cleaned"
    whole = project.files(folder)
    assert len(whole) == 2 + 1
    (project.root / folder / min(whole)).unlink()
    with pytest.raises(DatasetError, match="1 of 2 shards are there"):
        project.run("augment")
    project.run("clean")
    assert project.files(folder) == whole


def test_a_table_of_texts_alone_without_customers_trains(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    table = project.root / "data/01_raw/demo/tickets.csv"
    pd.read_csv(table, dtype=str)[["ticket_id", "text", "label"]].to_csv(table, index=False)
    project.run("train_fusion")
    assert set(project.load("metrics")["combinations"]) == {"text"}
    assert set(project.load("fusions")) == {"late"}
    sheets = {modality: project.load(f"{modality}.contact_sheet").data for modality in MODALITIES}
    assert [modality for modality, drawn in sheets.items() if drawn] == ["text"]


def test_a_table_without_validation_tickets_trains(
    demo: Any, copy_of: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    project = copy_of(demo)
    caplog.set_level("INFO", "kefu")
    project.run("train_fusion", tickets={"splits": {"validation_share": 0.0}}, fusion={"strategy": "auto"})
    assert set(project.load("tickets")["split"]) == {"train", "test"}
    assert project.load("text.model").metrics["best_epoch"] == [1]
    assert project.load("selection") == {"chosen": "late", "evidence": []}
    late = project.load("model").fusions[0]
    assert late.log_temperature.abs().max() == 0
    assert all(
        bool(value.isfinite().all()) for m in project.load("fusions").values() for value in m.fusions[0].parameters()
    )
    assert [line for line in caplog.messages if line.startswith("fusion: ")] == [
        "fusion: no validation tickets to fit on; opinions are multiplied as they are, uncalibrated",
        "fusion: no validation tickets to choose by; late, the simplest, is taken",
    ]
