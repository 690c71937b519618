"""A tiny demo shop, run once from raw tickets to the report in a project of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

import kefu
from kefu.cli.dvc_sync import dvc_sync
from kefu.engines.shards import CLEANED_SCHEMA

ROOT = Path(__file__).parents[2]
# what a `make` that runs these tests would hand down to theirs
MAKE_VARIABLES = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VENV", "ENV", "PRESET", "SWEEP", "PYTHON")
TINY: dict[str, Any] = {
    "demo": {"num_tickets": 60, "picture_side_px": 96, "sample_rate_hz": 8000},
    "hardware": {"device": "cpu", "precision": "32", "workers": 1, "threads": 1},
    "engine": {"tickets_per_shard": 32},
    "evaluation": {"resampling": {"resamples": 20, "method": "percentile"}},
    "fusion": {name: {"training": {"max_epochs": 1}} for name in ("early", "hierarchical")},
    "text": {"copies": {"copies": 1}, "training": {"max_epochs": 1}},
    "image": {
        "copies": {"copies": 1},
        "features": {"height_px": 16, "width_px": 16},
        "encoder": {"resnet": {"stem_dim": 4, "stage_dims": [4, 8], "stage_depths": [1, 1]}},
        "training": {"max_epochs": 1},
    },
    "audio": {
        "cleaning": {"sample_rate_hz": 8000},
        "copies": {"copies": 1},
        "augmentation": {"sample_rate_hz": 8000},
        "features": {"sample_rate_hz": 8000, "n_fft": 256, "hop_length": 80, "n_mels": 24, "max_seconds": 1.0},
        "training": {"max_epochs": 1},
    },
}
SPEECH: dict[str, Any] = {
    "speech_phrases": {"customer_phrases": 60, "drill_phrases": 4},
    "speech_recordings": {"training": 24, "validation": 3, "test_unseen": 3, "test_seen": 2, "n_mels": 24},
    "speech_model": {"network": {"channels": 8, "hidden_dim": 8, "num_layers": 1}},
    "speech_training": {"max_epochs": 1},
}


@dataclass(frozen=True)
class Project:
    """A copy of the configuration in a folder of its own; the code is that under test."""

    root: Path

    def run(self, pipeline: str, load_versions: dict[str, str] | None = None, **params: Any) -> dict[str, Any]:
        """Run a pipeline as `kedro run` does, and return what it makes beyond the catalog."""
        bootstrap_project(self.root)
        with KedroSession.create(self.root, env="tiny", runtime_params=params) as session:
            return session.run(pipeline_names=[pipeline], load_versions=load_versions)

    def load(self, dataset: str, **params: Any) -> Any:
        """Load a dataset of the catalog."""
        bootstrap_project(self.root)
        with KedroSession.create(self.root, env="tiny", runtime_params=params) as session:
            return session.load_context().catalog.load(dataset)

    def files(self, folder: str) -> dict[str, bytes]:
        """Return the contents of the files below a folder of the project."""
        root = self.root / folder
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def make_project(root: Path) -> Project:
    """Set up an empty project with the tiny parameters as its environment."""
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
    (root / "conf/local").mkdir()
    (root / "conf/local/.gitkeep").touch()
    (root / "conf/tiny").mkdir()
    (root / "conf/tiny/parameters.yml").write_text(yaml.safe_dump(TINY), encoding="utf-8")
    (root / "src").mkdir()
    (root / "src/kefu").symlink_to(Path(kefu.__file__).parent, target_is_directory=True)
    return Project(root)


class Shell:
    """What a user types, in a clone of the project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # what a stage calls by name lies beside this Python, and its code is that of the folder it runs in
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        left_out = {"PYTHONPATH", *MAKE_VARIABLES}
        self.environment = {name: value for name, value in os.environ.items() if name not in left_out} | {
            "PATH": path,
            "DVC_NO_ANALYTICS": "1",
            "DO_NOT_TRACK": "1",
            "PIP_NO_INDEX": "1",  # nothing is to be installed
            "OMP_NUM_THREADS": "1",
        }

    def __call__(self, *words: str) -> str:
        result = subprocess.run(
            words, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, timeout=500
        )
        assert result.returncode == 0, f"{' '.join(words)}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
        return result.stdout

    def git(self, *words: str) -> str:
        return self("git", *words)

    def dvc(self, *words: str) -> str:
        return self(sys.executable, "-m", "dvc", *words)

    def json(self, *words: str) -> Any:
        return json.loads(self.dvc(*words, "--json"))


def link_environment(folder: Path) -> Path:
    """Make a folder that `make` takes for its environment, all of it installed: that of the tests."""
    folder.mkdir()
    (folder / "bin").symlink_to(Path(sys.executable).parent, target_is_directory=True)
    (folder / ".installed").touch()
    return folder


def shrink_parameters(conf: Path, strategies: list[str] | None = None) -> None:
    """Let every environment train as little as ``TINY`` does; of a data set's own parameters only its splits stay."""
    few = TINY | SPEECH | {"data_size": {"shares": [0.5, 1.0], "seeds": 1}}
    if strategies:
        few["fusion"] = TINY["fusion"] | {"strategies": strategies}
    for file in conf.glob("*/parameters/*.yml"):
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
        if file.parent.parent.name == "base":
            values = _merged(values, {name: few[name] for name in few.keys() & values.keys()})
        else:
            values = {name: values[name] for name in values.keys() & {"tickets"}}
        file.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")


def _merged(values: Any, others: Any) -> Any:
    if not isinstance(values, dict) or not isinstance(others, dict):
        return others
    return values | {name: _merged(values.get(name), other) for name, other in others.items()}


def make_cleaned_shard(packed: Mapping[str, bytes | None]) -> pa.Table:
    """Return a cleaned shard of packed payloads by ticket."""
    columns = {"ticket_id": list(packed), "payload": list(packed.values())}
    return pa.table(columns | dict.fromkeys(("reason", "detail", "facts"), [None] * len(packed)), schema=CLEANED_SCHEMA)


@pytest.fixture(scope="session")
def cleaned_shard() -> Callable[[Mapping[str, bytes | None]], pa.Table]:
    return make_cleaned_shard


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The demo, trained: for tests that only read."""
    project = make_project(tmp_path_factory.mktemp("demo"))
    project.run("demo_data")
    project.run("train_fusion")
    return project


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo in git, trained as the stages of DVC would train it, and committed: for tests that copy it."""
    pytest.importorskip("dvc", reason="DVC is not installed (extra `tracking`)")
    project = make_project(tmp_path_factory.mktemp("repository"))
    root = project.root
    shrink_parameters(root / "conf", ["late", "adaptive", "modular"])  # which need no training
    (root / "src" / "kefu").unlink()
    shutil.copytree(ROOT / "src" / "kefu", root / "src" / "kefu", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".gitignore", ".dvcignore", "Makefile", "requirements.lock"):
        shutil.copy(ROOT / name, root)
    shell = Shell(root)
    shell.git("init", "-q", "-b", "main")
    shell.git("config", "user.name", "me")
    shell.git("config", "user.email", "me@example.org")
    shell.dvc("init", "-q")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert CliRunner().invoke(dvc_sync).exit_code == 0
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "the project")
    # what the stages run, with a single start of Python
    for pipeline in ("demo_data", "train_fusion", "learning_curve", "report"):
        project.run(pipeline, versioned=False, parameters_file="params.yaml")
    shell.dvc("commit", "--force", "--with-deps", "report")
    shell.git("add", "-A")
    shell.git("commit", "-q", "-m", "late")
    return root


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Project], Project]:
    """Copy a project, for tests that change it."""

    def copy(project: Project) -> Project:
        shutil.copytree(project.root, tmp_path / "project", symlinks=True)
        return Project(tmp_path / "project")

    return copy
