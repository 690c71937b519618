"""What the stages of this very project are."""

import subprocess
from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.inspection import get_project_snapshot

from kefu.experiments.stages import Stage, derive_stages
from kefu.modalities import MODALITIES
from kefu.pipeline_registry import register_pipelines

ROOT = Path(__file__).parents[2]
GIVEN = {"versioned": False}


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    bootstrap_project(ROOT)
    modules = {node.name: node.func.__module__ for pipeline in register_pipelines().values() for node in pipeline.nodes}
    snapshot = get_project_snapshot(ROOT, runtime_params=GIVEN)
    with KedroSession.create(ROOT, runtime_params=GIVEN) as session:
        catalog = session.load_context().catalog
        found = derive_stages(snapshot.pipelines, modules, catalog, ROOT, options="--params versioned=false")
    return {stage.name: stage for stage in found}


def outs(stage: Stage) -> set[str]:
    return {*stage.outs, *stage.metrics}


def test_every_pipeline_is_a_stage_or_made_of_stages(stages: dict[str, Stage]) -> None:
    pipelines = register_pipelines()
    for name, pipeline in pipelines.items():
        parts = [pipelines[stage] for stage in stages if set(pipelines[stage].nodes) <= set(pipeline.nodes)]
        assert {node for part in parts for node in part.nodes} == set(pipeline.nodes), name


def test_no_two_stages_write_the_same(stages: dict[str, Stage]) -> None:
    written = [path for stage in stages.values() for path in outs(stage)]
    assert len(written) == len(set(written))


def test_what_a_stage_reads_is_written_by_another_one_or_given(stages: dict[str, Stage]) -> None:
    written = {path for stage in stages.values() for path in outs(stage)}
    for stage in stages.values():
        for path in stage.deps:
            if path.startswith("data/"):
                assert any(path == other or path.startswith(f"{other}/") for other in written), path


@pytest.mark.parametrize("modality", MODALITIES)
def test_code_and_parameters_of_a_modality_are_its_own(stages: dict[str, Stage], modality: str) -> None:
    for step in ("clean", "augment", "features", "train", "learning_curve"):
        for other in MODALITIES:
            stage = stages[f"{step}_{modality}"]
            concerned = any(dep.startswith(f"src/kefu/modalities/{other}") for dep in stage.deps)
            assert concerned == (other == modality), (stage.name, other)
            assert other == modality or not any(name.startswith(f"{other}.") for name in stage.params)


def concerned(stages: dict[str, Stage], parameter: str) -> set[str]:
    """Return the stages that take a parameter, and all that rest on what they write."""
    found = {name for name, stage in stages.items() if parameter in stage.params}
    while True:
        written = {path for name in found for path in outs(stages[name])}
        more = {name for name, stage in stages.items() if written & set(stage.deps)}
        if more <= found:
            return found
        found |= more


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_parameter_of_a_modality_concerns_its_training_fusion_and_evaluation(
    stages: dict[str, Stage], modality: str
) -> None:
    assert concerned(stages, f"{modality}.training") - {"predict", "predict_out_of_scope"} == {
        f"train_{modality}", f"learning_curve_{modality}", "data_size", "fuse", "score", "analyse", "report",
    }  # fmt: skip


def test_how_results_are_judged_trains_nothing(stages: dict[str, Stage]) -> None:
    assert concerned(stages, "evaluation") == {"data_size", "score", "analyse", "report"}


def test_the_report_waits_for_what_it_may_do_without(stages: dict[str, Stage]) -> None:
    curve = "data/08_reporting/demo/current/data_size.json"
    assert stages["data_size"].outs == [curve]
    assert curve in stages["report"].deps
    assert not any("out_of_scope.csv" in dep for dep in stages["score"].deps), "no stage makes it, and it is not there"


def test_every_dependency_in_the_code_is_there(stages: dict[str, Stage]) -> None:
    for stage in stages.values():
        code = [dep for dep in stage.deps if dep.startswith("src/")]
        assert all((ROOT / dep).exists() for dep in code)
        assert any("pipelines" in dep for dep in code), stage.name


def test_metrics_are_told_from_other_outputs(stages: dict[str, Stage]) -> None:
    assert stages["clean_text"].outs == ["data/02_intermediate/demo/text/cleaned"]
    assert stages["score"].metrics == ["data/08_reporting/demo/current/headline.json"]
    assert "data/08_reporting/demo/current/metrics.json" in stages["score"].outs


def test_git_keeps_the_headline_and_dvc_what_differs_from_run_to_run(stages: dict[str, Stage]) -> None:
    headline = "data/08_reporting/demo/current/headline.json"
    assert stages["score"].to_yaml()["metrics"] == [{headline: {"cache": False}}]
    assert stages["train_text"].to_yaml()["metrics"] == ["data/08_reporting/demo/text_run_facts.json"]
    ignored = subprocess.run(["git", "check-ignore", headline], cwd=ROOT, capture_output=True, check=False)
    assert ignored.returncode != 0, "git would not see it"
    # a timing that something depends on would make it run again every time
    facts = {path for stage in stages.values() for path in stage.metrics if "run_facts" in path}
    assert len(facts) == len(MODALITIES) + 3  # pretraining, fusion, speech
    assert not facts & {path for stage in stages.values() for path in stage.deps}


def test_plots_draw_outputs_of_their_stage(stages: dict[str, Stage]) -> None:
    ids = [name for stage in stages.values() for name in stage.plots]
    assert len(ids) == len(set(ids))
    assert {"confusion", "calibration", "robustness"} == set(stages["score"].plots)
    for stage in stages.values():
        for name, plot in stage.plots.items():
            assert set(plot.get("y", [name])) <= set(stage.outs), name


def test_every_training_has_live_curves(stages: dict[str, Stage]) -> None:
    for step in ("pretrain", "fuse", *(f"train_{modality}" for modality in MODALITIES)):
        assert any(name.endswith("_live") for name in stages[step].plots), step


def test_shards_are_kept_for_the_next_run_and_nothing_else_is(stages: dict[str, Stage]) -> None:
    folder = "data/02_intermediate/demo/text/cleaned"
    assert stages["clean_text"].to_yaml()["outs"] == [{folder: {"persist": True}}]
    kept = {path for stage in stages.values() for path in stage.kept}
    names = {path.rpartition("/")[2] for path in kept}
    assert names == {
        "cleaned", "augmented", "noisy", "measured", "features", "outputs", "noisy_outputs", "subset_logits",
    }  # fmt: skip
    assert "data/04_features/demo/text/preprocessor" in stages["features_text"].to_yaml()["outs"]


def test_how_a_run_was_started_makes_no_stage_run_again(stages: dict[str, Stage]) -> None:
    assert "seed" in stages["train_text"].params
    assert not any("given_params" in stage.params for stage in stages.values())
