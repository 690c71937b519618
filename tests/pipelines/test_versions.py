"""Two trainings of the demo: versions of models, metrics and reports, one brought back, one promoted."""

import json
import shutil
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from kefu.cli import kefu
from kefu.cli.dvc_sync import dvc_sync
from kefu.cli.run import run
from kefu.modalities import MODALITIES

VERSIONED = [
    *(f"06_models/demo/versions/{name}" for name in (*MODALITIES, "fused")),
    *(f"08_reporting/demo/versions/{name}" for name in ("metrics.json", "report.html", "scored_tickets.parquet")),
]
LEARNED = {"training": {"max_epochs": 25}}


def versions_of(project: Any, place: str) -> list[str]:
    return sorted(path.name for path in (project.root / "data" / place).iterdir())


@pytest.fixture(scope="module")
def twice(demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo, and the demo again with texts that were learned for longer."""
    root = tmp_path_factory.mktemp("twice") / "project"
    shutil.copytree(demo.root, root, symlinks=True)
    project = type(demo)(root)
    project.run("train_fusion", text=LEARNED, seed=1)
    return project


@pytest.fixture
def here(twice: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(twice.root)
    return twice


def models(*arguments: str) -> Any:
    return CliRunner().invoke(kefu, ["models", *arguments, "--env", "tiny"])


def test_every_run_is_a_version_of_models_metrics_and_reports(twice: Any) -> None:
    first, second = versions_of(twice, VERSIONED[0])
    for place in VERSIONED:
        assert versions_of(twice, place) == [first, second]


def test_an_older_model_predicts_again(
    here: Any, copy_of: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy_of(here)
    monkeypatch.chdir(project.root)
    old, new = versions_of(project, "06_models/demo/versions/fused")

    def predict(*more: str) -> pd.DataFrame:
        result = CliRunner().invoke(run, ["--pipelines", "predict", "--env", "tiny", *more])
        assert result.exit_code == 0, (result.output, result.exception)
        return pd.read_csv(project.root / "data/07_model_output/demo/predictions.csv")

    newest, oldest = predict(), predict("--load-versions", f"model:{old}")
    assert not newest["confidence"].equals(oldest["confidence"])
    pd.testing.assert_frame_equal(predict("--load-versions", f"model:{new}"), newest)
    folder = project.root / "data/06_models/demo/versions/fused" / old / "fused"
    table = str(project.root / "data/01_raw/demo/tickets.csv")
    said = CliRunner().invoke(kefu, ["predict", table, "--model", str(folder), "--out", "p.csv"])
    assert said.exit_code == 0
    pd.testing.assert_frame_equal(pd.read_csv(project.root / "p.csv"), oldest)


def test_stages_of_dvc_make_no_versions(here: Any) -> None:
    assert CliRunner().invoke(dvc_sync, []).exit_code == 0
    stages = yaml.safe_load((here.root / "dvc.yaml").read_text("utf-8"))["stages"]
    assert all("versioned=false" in stage["cmd"] for stage in stages.values())
    places = [
        place
        for stage in stages.values()
        for part in ("outs", "metrics", "deps")
        for entry in stage.get(part, [])
        for place in ([entry] if isinstance(entry, str) else entry)
    ]
    assert not [place for place in places if "/versions/" in place]
    assert {"data/06_models/demo/current/fused", "data/08_reporting/demo/current/metrics.json"} <= set(places)


def test_an_older_model_cannot_be_scored_by_the_newest_embeddings(here: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(here)
    old, _ = versions_of(project, "06_models/demo/versions/fused")
    with pytest.raises(Exception, match="not the one that was trained last"):
        project.run("evaluate", load_versions={"model": old})


def test_models_say_what_they_rest_on(twice: Any) -> None:
    said = [
        json.loads((path / "fused/config.json").read_text("utf-8"))["provenance"]
        for path in sorted((twice.root / "data/06_models/demo/versions/fused").iterdir())
    ]
    first, second = said
    assert first["data"] == second["data"]
    assert first["weights"] != second["weights"]
    assert first["environment"] == second["environment"]
    assert (first["parameters"]["seed"], second["parameters"]["seed"]) == (0, 1)
    assert second["parameters"]["text"]["training"]["max_epochs"] == 25
    assert second["parameters"]["image"]["training"]["weight_decay"] == 0.05, "defaults as well"


def test_equal_runs_make_equal_bundles(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    project.run("fuse")
    first, second = (
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in sorted((project.root / "data/06_models/demo/versions/fused").iterdir())
    )
    assert first == second


def test_the_newest_is_compared_and_promoted(here: Any) -> None:
    old, new = versions_of(here, "06_models/demo/versions/fused")
    listed = json.loads(models("list", "--json").output)
    assert [row["version"] for row in listed] == [new, old]
    assert all(row["comparable"] and row["tickets"] == 11 for row in listed)
    assert models("promote", old).exit_code == 0
    compared = models("compare", "promoted", "latest")
    assert compared.exit_code == 0, compared.output
    assert "trained on the same data" in compared.output
    assert "text.training.max_epochs  1 → 25" in compared.output
    found = json.loads(models("compare", "promoted", "latest", "--json").output)
    promoted = models("promote", "latest")
    assert promoted.exit_code == bool(found["reasons_against"])
    if found["reasons_against"]:
        assert models("promote", "latest", "--force", "only a test").exit_code == 0
    said = CliRunner().invoke(kefu, ["predict", "data/01_raw/demo/tickets.csv", "--out", "p.csv", "--env", "tiny"])
    assert f"with the promoted model {new}" in said.stderr
    (here.root / "data/06_models/demo/promoted.json").unlink()


def test_a_ticket_that_changed_makes_other_data(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    before = project.load("tickets")
    table = project.root / "data/01_raw/demo/tickets.csv"
    raw = pd.read_csv(table, dtype=str)
    kept = before.loc[before["has_text"], "ticket_id"].iloc[0]
    raw.loc[raw["ticket_id"] == kept, "text"] = "something else altogether, which nobody has written before"
    raw.to_csv(table, index=False)
    project.run("clean")
    after = project.load("tickets")
    differs = before.set_index("ticket_id")["content_hash"] != after.set_index("ticket_id")["content_hash"]
    assert list(differs.index[differs]) == [kept]
