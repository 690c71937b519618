"""``kefu dvc-sync`` writes what DVC runs, and stages read what it wrote."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from kefu.cli.dvc_sync import dvc_sync
from kefu.config_loader import PresetConfigLoader
from kefu.tickets.errors import KefuError

ROOT = Path(__file__).parents[1]
DVC = [sys.executable, "-m", "dvc"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("local"))
    (tmp_path / "conf" / "local").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "kefu").symlink_to(ROOT / "src" / "kefu")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sync(*arguments: str) -> Any:
    return CliRunner().invoke(dvc_sync, list(arguments))


def parameters(project: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((project / "params.yaml").read_text("utf-8"))
    return values


def test_both_files_are_written_and_in_step_from_then_on(project: Path) -> None:
    assert sync("--check").exit_code == 2
    assert not (project / "dvc.yaml").exists()
    assert sync().exit_code == 0
    assert "in step" in sync("--check").output
    assert parameters(project)["text"]["training"]["max_epochs"] > 1


def test_a_parameter_that_changed_in_conf_is_told_from_anywhere_in_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync()
    (project / "conf" / "local" / "parameters_mine.yml").write_text("text: {training: {max_epochs: 3}}", "utf-8")
    monkeypatch.chdir(project / "conf")
    told = sync("--check")
    assert told.exit_code == 2
    assert "params.yaml" in told.output
    assert "dvc.yaml" not in told.output
    sync()
    assert parameters(project)["text"]["training"]["max_epochs"] == 3


def test_environment_and_preset_are_remembered(project: Path) -> None:
    assert sync("--env", "banking77", "--preset", "cnn_rnn").exit_code == 0
    written = parameters(project)
    assert (written["environment"], written["preset"], written["dataset"]) == ("banking77", "cnn_rnn", "banking77")
    assert "in step" in sync("--check").output
    stages = yaml.safe_load((project / "dvc.yaml").read_text("utf-8"))["stages"]
    assert "--env banking77" in stages["train_text"]["cmd"]


def test_defaults_stand_in_the_file_as_well(project: Path) -> None:
    sync()
    assert parameters(project)["image"]["training"]["weight_decay"] == 0.05


def test_a_stage_reads_the_file_and_nothing_else(project: Path) -> None:
    sync()
    path = project / "params.yaml"
    path.write_text(path.read_text("utf-8").replace("seed: 0", "seed: 7"), "utf-8")
    given = {"parameters_file": "params.yaml", "versioned": False}
    loader = PresetConfigLoader(str(project / "conf"), env="local", base_env="base", runtime_params=given)
    assert loader["parameters"]["seed"] == 7
    assert loader["parameters"]["given_params"] == "versioned=false"


def test_a_file_that_is_not_there_is_told(project: Path) -> None:
    loader = PresetConfigLoader(
        str(project / "conf"), env="local", base_env="base", runtime_params={"parameters_file": "params.yaml"}
    )
    with pytest.raises(KefuError, match="dvc-sync"):
        _ = loader["parameters"]


def test_dvc_reads_the_stages(project: Path) -> None:
    pytest.importorskip("dvc")
    sync()
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run([*DVC, "init", "-q"], check=True)
    listed = subprocess.run([*DVC, "stage", "list", "--name-only"], check=True, capture_output=True, text=True)
    assert {"demo_data", "clean_text", "train_image", "fuse", "score", "report"} <= set(listed.stdout.split())
