"""The same tickets, code and parameters give the same numbers; an interrupted run goes on where it was."""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kefu.modalities import MODALITIES
from kefu.pipelines.train import nodes as training


def folders_of(project: Any) -> dict[str, str]:
    """Return a digest of every file of shards, preprocessors, models and outputs, by a path without its version."""
    found = {}
    for folder in ("02_intermediate", "03_primary", "04_features", "06_models", "07_model_output"):
        for path in sorted((project.root / "data" / folder).rglob("*")):
            if path.is_file() and path.suffix != ".made":  # the record of shards knows the times of files
                name = "/".join(part for part in path.relative_to(project.root).parts if not part.startswith("20"))
                found[name] = hashlib.sha256(without_hardware(path)).hexdigest()
    return found


def without_hardware(path: Path) -> bytes:
    """Return what a file holds, but for the number of workers, which the configuration of a model tells."""
    content = path.read_bytes()
    if path.name != "config.json":
        return content
    config = json.loads(content)
    config.get("provenance", {}).get("parameters", {}).pop("hardware", None)
    return json.dumps(config).encode()


@pytest.fixture(scope="session")
def again(demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo once more, in another folder, with two workers."""
    root = tmp_path_factory.mktemp("another_folder_with_a_longer_name")
    shutil.copytree(demo.root, root, symlinks=True, ignore=shutil.ignore_patterns("data"), dirs_exist_ok=True)
    parameters = root / "conf/tiny/parameters.yml"
    values = yaml.safe_load(parameters.read_text())
    values["hardware"]["workers"] = 2
    parameters.write_text(yaml.safe_dump(values))
    project = type(demo)(root)
    project.run("demo_data")
    project.run("train_fusion")
    return project


def test_two_runs_make_the_same_files(demo: Any, again: Any) -> None:
    first, second = folders_of(demo), folders_of(again)
    assert first.keys() == second.keys()
    assert {f"{modality}/model.safetensors" for modality in (*MODALITIES, "fused")} <= {
        "/".join(Path(name).parts[-2:]) for name in first
    }
    assert {name for name in first if first[name] != second[name]} == set()


def test_two_runs_give_the_same_metrics(demo: Any, again: Any) -> None:
    first, second = (json.dumps(project.load("metrics"), sort_keys=True) for project in (demo, again))
    assert first == second


def test_a_run_that_ends_early_goes_on_with_what_it_has(
    demo: Any, copy_of: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is stopped when the training has ended and what the model says of the second shard is asked for."""
    project = copy_of(demo)
    shutil.rmtree(project.root / "data/07_model_output")
    encode, calls = training.encode_shard, []

    def stop(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return encode(*args)

    monkeypatch.setattr(training, "encode_shard", stop)
    with pytest.raises(KeyboardInterrupt):
        project.run("train_text")
    assert list((project.root / "data/06_models/demo/checkpoints/text.train").glob("*/last.ckpt"))
    calls.clear()
    calls.append(())
    calls.append(())
    with caplog.at_level(logging.INFO):
        project.run("train_text")
    assert "resuming after epoch 1" in caplog.text
    shards = len(project.load("text.features")) + len(project.load("text.noisy_features"))
    assert len(calls) - 2 == shards - 1
    assert not list((project.root / "data/06_models/demo/checkpoints").rglob("last.ckpt"))
    model = "*/text/model.safetensors"
    versions = list((project.root / "data/06_models/demo/versions/text").glob(model))
    assert len({path.read_bytes() for path in versions}) == 1
    assert len(versions) >= 2
