"""The learning curve: each modality trained on growing subsets, late fusion over them, and the report that shows it."""

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.data_size import analyse_data_size
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.fusion.strategies import FusionParameters
from kefu.modalities import MODALITIES
from kefu.pipelines.evaluate.nodes import collect_predictions
from kefu.pipelines.fuse.nodes import fit_fusions
from kefu.pipelines.learning_curve import training
from kefu.tickets.errors import KefuError
from kefu.training.folds import BaggingParameters
from kefu.training.hardware import HardwareParameters

SMALL = {"shares": [0.5, 1.0], "seeds": 1}
CHECKPOINTS = "data/06_models/demo/checkpoints"


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the trainings that are begun; the one that is named ``stop`` first is interrupted when it has ended."""
    train_members, begun = training.train_members, []

    def listed(tasks: Any, hardware: Any) -> Any:
        stop = begun[:1] == ["stop"] and len(begun) == 2
        begun.append(tasks[0].name)
        members = train_members(tasks, hardware)
        if stop:
            raise KeyboardInterrupt
        return members

    monkeypatch.setattr(training, "train_members", listed)
    return begun


def test_the_report_does_without_it_and_shows_it_once_made(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    assert "kedro run --pipelines learning_curve,report --env" not in project.load("report"), "the demo has no --env"
    assert "kedro run --pipelines learning_curve,report" in project.load("report")
    project.run("learning_curve", data_size=SMALL)
    found = project.load("data_size_analysis")
    sizes = found.metrics["sizes"]
    assert sizes[0] == round(sizes[1] / 2)
    assert set(found.tables["scores"]["speaker"]) >= {"late", "text"}
    assert not list((project.root / CHECKPOINTS).rglob("last.ckpt"))
    project.run("report")
    report = project.load("report")
    assert "kedro run --pipelines learning_curve,report" not in report
    assert "figure-data_size-curve" in report


def test_all_tickets_and_epochs_give_what_the_model_gives(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    project.run("learning_curve", data_size={"shares": [1.0], "seeds": 1, "epoch_factor": 1.0})
    tickets = project.load("tickets")
    given: dict[str, Any] = {}
    for modality in MODALITIES:
        for kind in ("model", "outputs", "features"):
            given[f"{modality}_{kind}"] = project.load(f"{modality}.{kind}")
        (curve,) = project.load(f"{modality}.subset_logits").values()
        everything = {
            ticket_id: logits
            for shard in given[f"{modality}_outputs"].values()
            for ticket_id, logits in zip(shard.ticket_ids, shard.features["logits"], strict=True)
        }
        judged = tickets[(tickets["split"] != "train") & tickets[f"has_{modality}"]]
        assert sorted(curve.ticket_ids) == sorted(judged["ticket_id"])
        expected = np.stack([everything[ticket_id] for ticket_id in curve.ticket_ids])
        np.testing.assert_allclose(curve.features["logits"], expected, atol=1e-5)
    late = FusionParameters(strategy="late", strategies=("late",), fit_noisy=False)
    hardware = HardwareParameters(device="cpu", precision="32", threads=1)
    fusions, *_ = fit_fusions(tickets, {}, late, BaggingParameters(), 0, hardware, **given)
    params = EvaluationParameters(resampling=Resampling(resamples=20, method="percentile"))
    said = collect_predictions(fusions, tickets, params, hardware, **given)
    found = project.load("data_size_analysis")
    expected_analysis = analyse_data_size(
        {found.metrics["sizes"][0]: [{one.name: one for one in said}]}, "late", params.resampling
    )
    pd.testing.assert_frame_equal(found.tables["scores"], expected_analysis.tables["scores"], check_dtype=False)


def test_only_what_is_new_is_trained(demo: Any, copy_of: Callable[[Any], Any], trainings: list[str]) -> None:
    project = copy_of(demo)
    project.run("learning_curve_text", data_size=SMALL)
    assert trainings == ["text on 50%", "text on 100%"]
    project.run("learning_curve_text", data_size=SMALL)
    assert len(trainings) == 2
    project.run("learning_curve_text", data_size=SMALL, text={"copies": {"copies": 2}}, audio={"encoder": {}})
    assert len(trainings) == 2, "features are what they were"
    project.run("learning_curve_text", data_size=SMALL | {"seeds": 2})
    assert trainings[2:] == ["text on 50%", "text on 100%"]
    project.run("learning_curve_text", data_size=SMALL, text={"training": {"learning_rate": 0.02}})
    assert len(trainings) == 6
    project.run("learning_curve_text", data_size=SMALL, seed=5, text={"training": {"learning_rate": 0.02}})
    assert len(trainings) == 8


def test_an_interrupted_run_goes_on_where_it_was(
    demo: Any, copy_of: Callable[[Any], Any], trainings: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    project = copy_of(demo)
    project.run("learning_curve_text", data_size=SMALL)
    folder = "data/07_model_output/demo/text/subset_logits"
    expected = project.files(folder)
    shutil.rmtree(project.root / folder)
    trainings[:] = ["stop"]
    with pytest.raises(KeyboardInterrupt):
        project.run("learning_curve_text", data_size=SMALL)
    assert trainings[1:] == ["text on 50%", "text on 100%"]
    assert list((project.root / CHECKPOINTS / "text.train_subsets").glob("*/last.ckpt"))
    trainings.clear()
    with caplog.at_level("INFO"):
        project.run("learning_curve_text", data_size=SMALL)
    assert trainings == ["text on 100%"]
    assert "resuming after epoch" in caplog.text
    assert project.files(folder) == expected
    assert not list((project.root / CHECKPOINTS).rglob("last.ckpt"))


def test_members_of_an_ensemble_have_a_curve_together(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    given: dict[str, Any] = {"bagging": {"folds": 2}, "data_size": {"shares": [1.0], "seeds": 1}}
    project.run("learning_curve", **given)
    (shard,) = project.load("text.subset_logits").values()
    tickets = project.load("tickets")
    assert sorted(shard.ticket_ids) == sorted(tickets.loc[tickets["has_text"], "ticket_id"])
    first, second = shard.features["logits"].swapaxes(0, 1)
    assert not np.allclose(first, second)
    assert "late" in set(project.load("data_size_analysis").tables["scores"]["speaker"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"shares": [0.25, 0.5, 1.0], "seeds": 1},
            "audio was trained on 2 subsets of the tickets, .* asks for 3",
        ),
        ({"shares": [0.6, 1.0], "seeds": 1}, "audio was trained on other tickets than 60% of those there are now"),
    ],
)
def test_modalities_that_were_trained_on_other_subsets_are_told(
    demo: Any, copy_of: Callable[[Any], Any], asked: dict[str, Any], said: str
) -> None:
    project = copy_of(demo)
    project.run("learning_curve", data_size=SMALL)
    with pytest.raises(KefuError, match=rf"{said}.*; run the pipeline learning_curve again"):
        project.run("data_size", data_size=asked)


def test_what_was_not_trained_is_told(demo: Any) -> None:
    with pytest.raises((KefuError, DatasetError), match="kedro run --pipelines learning_curve"):
        demo.run("data_size")


def test_a_modality_that_no_ticket_has_is_left_out(
    demo: Any, copy_of: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    project = copy_of(demo)
    table = project.root / "data/01_raw/demo/tickets.csv"
    pd.read_csv(table, dtype=str)[["ticket_id", "text", "label"]].to_csv(table, index=False)
    for step in ("clean", "augment", "features", "pretrain"):
        project.run(step)
    with caplog.at_level("WARNING"):
        project.run("learning_curve", data_size=SMALL)
    assert "image on 50% of the tickets: too little to learn from" in caplog.text
    assert all(shard.ticket_ids == [] for shard in project.load("image.subset_logits").values())
    assert set(project.load("data_size_analysis").tables["scores"]["speaker"]) == {"late", "text"}


def test_too_few_tickets_for_any_subset_are_told(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    with pytest.raises(KefuError, match="too few for a learning curve"):
        project.run("learning_curve", data_size={"shares": [0.02], "seeds": 1})
