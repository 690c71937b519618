"""Experiments as a user of DVC makes them: run, queue, compare."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from kefu.modalities import MODALITIES

from .conftest import Shell, link_environment

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shell(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A clone of one's own, its latest commit a trained model."""
    root = tmp_path_factory.mktemp("experiments") / "project"
    shutil.copytree(repository, root, symlinks=True)
    return Shell(root)


def keys(found: dict[str, Any]) -> set[str]:
    """Return the names of all metrics or parameters that differ, whatever file they are in."""
    return {name for file in found.values() for name in file}


def test_experiments_are_run_compared_and_drawn(shell: Shell) -> None:
    committed = shell.git("ls-files").split()
    assert "data/08_reporting/demo/current/headline.json" in committed
    made = [name for name in committed if name.startswith("data/")]
    assert not any(name.endswith((".csv", ".tsv", "metrics.json", ".safetensors")) for name in made)

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
    # no recogniser of speech was trained here
    assert [error for error in shown.get("errors", []) if "/speech/" not in error["name"]] == []
    drawn = shown["data"]
    assert {"confusion", "calibration", "robustness"} <= drawn.keys()
    for modality in MODALITIES:
        for name in ("train_loss", "validation_macro_f1"):
            curve = f"data/08_reporting/demo/{modality}_live/plots/metrics/{modality}/{name}.tsv"
            assert drawn[curve][0]["revisions"] == ["HEAD~1", "HEAD"]
    points = drawn["confusion"][0]["content"]["data"]["values"]
    assert {point["rev"] for point in points} == {"HEAD~1", "HEAD"}
    assert "index.html" in shell.dvc("plots", "show")


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_sweep_is_one_queue(shell: Shell, tmp_path: Path) -> None:
    make = ("make", f"VENV={link_environment(tmp_path / 'venv')}")
    (documented,) = re.findall(r"^dvc exp run --queue .*$", (ROOT / "docs/dvc.md").read_text("utf-8"), re.MULTILINE)
    assert documented in shell(*make, "--dry-run", "sweep")
    shell(*make, "sweep", "SWEEP=fusion.strategy=late,modular")
    table = shell.dvc("exp", "show", "--csv", "--only-changed", "--drop", r"run\.|src/|data/").splitlines()
    columns = table[0].split(",")
    assert len(columns) <= 18, columns
    assert {"macro_f1", "chosen", "fusion.strategy"} <= set(columns)
    rows = [dict(zip(columns, line.split(","), strict=True)) for line in table[1:]]
    assert {"late", "modular"} <= {row["fusion.strategy"] for row in rows if row["typ"].startswith("branch")}
    assert all(row["chosen"] == row["fusion.strategy"] for row in rows if row["chosen"])
