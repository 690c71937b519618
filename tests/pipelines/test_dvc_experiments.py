"""Experiments as a user of DVC makes them: run, queue, compare."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from kefu.cli.dvc_sync import dvc_sync
from kefu.modalities import MODALITIES

from .conftest import TINY, Project, make_project

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FEW = {"fusion": {"strategies": ["late", "adaptive", "modular"]}}  # which need no training of their own


class Shell:
    """What a user types, in a clone of the project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # what a stage calls by name lies beside this Python, and its code is that of the folder it runs in
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
            "PATH": path,
            "DVC_NO_ANALYTICS": "1",
            "DO_NOT_TRACK": "1",
            "OMP_NUM_THREADS": "1",
        }

    def __call__(self, *words: str) -> str:
        result = subprocess.run(
            words, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, timeout=500
        )
        assert result.returncode == 0, f"{' '.join(words)}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
        return result.stdout

    def git(self, *words: str) -> str:
        return self("git", "-c", "user.name=me", "-c", "user.email=me@example.org", *words)

    def dvc(self, *words: str) -> str:
        return self(sys.executable, "-m", "dvc", *words)

    def json(self, *words: str) -> Any:
        return json.loads(self.dvc(*words, "--json"))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A tiny shop in git, trained as the stages of DVC would train it, and committed."""
    pytest.importorskip("dvc")
    project = make_project(tmp_path_factory.mktemp("experiments"))
    root = project.root
    (root / "src" / "kefu").unlink()
    shutil.copytree(ROOT / "src" / "kefu", root / "src" / "kefu", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, root)
    tiny = TINY | {"fusion": TINY["fusion"] | FEW["fusion"]}
    (root / "conf" / "tiny" / "parameters.yml").write_text(yaml.safe_dump(tiny), "utf-8")
    shell = Shell(root)
    shell.git("init", "-q", "-b", "main")
    shell.git("config", "user.name", "me")
    shell.git("config", "user.email", "me@example.org")
    shell.dvc("init", "-q")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert CliRunner().invoke(dvc_sync, ["--env", "tiny"]).exit_code == 0
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "the project")
    run_stages(project)
    shell.dvc("commit", "--force", "--with-deps", "score")
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "late")
    return shell


def run_stages(project: Project) -> None:
    """Run what the stages up to the scores run, with a single start of Python."""
    for pipeline in ("demo_data", "train_fusion"):
        project.run(pipeline, versioned=False, parameters_file="params.yaml")


def keys(found: dict[str, Any]) -> set[str]:
    """Return the names of all metrics or parameters that differ, whatever file they are in."""
    return {name for file in found.values() for name in file}


def test_experiments_are_run_compared_and_drawn(shell: Shell) -> None:
    committed = shell.git("ls-files").split()
    assert "data/08_reporting/demo/current/headline.json" in committed
    assert not any(name.endswith((".csv", ".tsv", "metrics.json", ".safetensors")) for name in committed)

    shell.dvc("exp", "run", "--name", "sure", "-S", "fusion.strategy=adaptive", "score")

    metrics = shell.json("metrics", "diff")
    changed = metrics["data/08_reporting/demo/current/headline.json"]
    assert (changed["chosen"]["old"], changed["chosen"]["new"]) == ("late", "adaptive")
    assert not any(name.startswith("run.text") for name in keys(metrics)), "text was trained again"
    assert keys(shell.json("params", "diff")) == {"fusion.strategy"}
    facts = shell.json("metrics", "show", "data/08_reporting/demo/text_run_facts.json")
    text = next(file["data"]["run"]["text"] for found in facts.values() for file in found["data"].values())
    assert text["seconds"] > 0
    assert text["samples_per_second"] > 0
    assert (text["precision"], bool(text["device"])) == ("32-true", True)

    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "adaptive")
    between = shell.json("metrics", "diff", "HEAD~1", "HEAD")
    assert between["data/08_reporting/demo/current/headline.json"]["chosen"]["new"] == "adaptive"

    shown = shell.json("plots", "diff", "HEAD~1", "HEAD")
    assert not shown.get("errors")
    drawn = shown["data"]
    assert {"confusion", "calibration", "robustness"} <= drawn.keys()
    for modality in MODALITIES:
        for name in ("train_loss", "validation_macro_f1"):
            curve = f"data/08_reporting/demo/{modality}_live/plots/metrics/{modality}/{name}.tsv"
            assert drawn[curve][0]["revisions"] == ["HEAD~1", "HEAD"]
    points = drawn["confusion"][0]["content"]["data"]["values"]
    assert {point["rev"] for point in points} == {"HEAD~1", "HEAD"}
    assert "index.html" in shell.dvc("plots", "show")


def test_a_sweep_is_one_queue(shell: Shell) -> None:
    shell.dvc("exp", "run", "--queue", "-S", "fusion.strategy=late,modular", "score")
    shell.dvc("exp", "run", "--run-all")
    table = shell.dvc("exp", "show", "--csv", "--only-changed", "--drop", r"run\.|src/|data/").splitlines()
    columns = table[0].split(",")
    assert len(columns) <= 18, columns
    assert {"macro_f1", "chosen", "fusion.strategy"} <= set(columns)
    rows = [dict(zip(columns, line.split(","), strict=True)) for line in table[1:]]
    assert {"late", "modular"} <= {row["fusion.strategy"] for row in rows if row["typ"].startswith("branch")}
    assert all(row["chosen"] == row["fusion.strategy"] for row in rows if row["chosen"])
