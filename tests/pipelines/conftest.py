"""A tiny demo shop, run once from raw tickets to the report in a project of its own."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

import kefu
from kefu.engines.shards import CLEANED_SCHEMA

ROOT = Path(__file__).parents[2]
TINY = {
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
    (root / "conf/tiny").mkdir()
    (root / "conf/tiny/parameters.yml").write_text(yaml.safe_dump(TINY), encoding="utf-8")
    (root / "src").mkdir()
    (root / "src/kefu").symlink_to(Path(kefu.__file__).parent, target_is_directory=True)
    return Project(root)


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


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Project], Project]:
    """Copy a project, for tests that change it."""

    def copy(project: Project) -> Project:
        shutil.copytree(project.root, tmp_path / "project", symlinks=True)
        return Project(tmp_path / "project")

    return copy
