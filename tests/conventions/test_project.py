"""Every environment's configuration fits every pipeline."""

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog
from pydantic import BaseModel, TypeAdapter

from kefu.config_loader import PRESETS, SHOPS
from kefu.modalities import MODALITIES
from kefu.pipeline_registry import register_pipelines

ROOT = Path(__file__).parents[2]
FOLDERS = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()}
ENVIRONMENTS = sorted(FOLDERS - {"base", PRESETS, SHOPS})
PRESET_FILES = sorted((ROOT / "conf" / PRESETS).iterdir())
STAGES = {"demo_data", "clean", "augment", "features", "pretrain", "fuse", "evaluate"} | {
    f"train_{modality}" for modality in MODALITIES
}
PIPELINES = register_pipelines()
OTHERS = {name: tuple(f"{other}." for other in MODALITIES if other != name) for name in MODALITIES}
LAYERS = ("raw", "intermediate", "primary", "features", "models", "model_output", "fusion", "reporting")


@contextmanager
def catalog_of(environment: str, **params: Any) -> Iterator[DataCatalog]:
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, env=environment, runtime_params=params) as session:
        yield session.load_context().catalog


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def catalog(request: pytest.FixtureRequest) -> Iterator[DataCatalog]:
    with catalog_of(request.param) as catalog:
        yield catalog


def names(pipeline_name: str) -> list[str]:
    return sorted(name for name in PIPELINES[pipeline_name].datasets() if not name.startswith("param"))


def test_pipelines_have_the_names_users_type() -> None:
    assert STAGES | {"predict", "train_fusion", "__default__"} <= PIPELINES.keys()
    assert PIPELINES["__default__"] == PIPELINES["train_fusion"]


def test_a_modality_knows_of_the_others_only_what_pretraining_teaches_it() -> None:
    """Else a parameter or a line of code of one would make all of them run again."""
    for modality in MODALITIES:
        for step in ("clean", "augment", "features", "train", "learning_curve"):
            names_there = {name.removeprefix("params:") for name in PIPELINES[f"{step}_{modality}"].datasets()}
            foreign = {name for name in names_there if name.startswith(OTHERS[modality])}
            assert not foreign
            assert step == "clean" or "tickets" not in names_there


@pytest.mark.parametrize("pipeline_name", PIPELINES)
def test_datasets_resolve_and_have_a_layer(catalog: DataCatalog, pipeline_name: str) -> None:
    for name in names(pipeline_name):
        assert name in catalog, f"'{name}' of '{pipeline_name}' is not in the catalog"
        metadata = getattr(catalog.get(name), "metadata", None) or {}
        assert metadata.get("kedro-viz", {}).get("layer") in LAYERS, f"'{name}' has no layer for kedro-viz"


def test_layers_follow_one_another() -> None:
    """Kedro-viz draws no layers at all where two of them feed each other."""
    with catalog_of("local") as catalog:
        level = {name: LAYERS.index(catalog.get(name).metadata["kedro-viz"]["layer"]) for name in names("train_fusion")}
    for node in PIPELINES["train_fusion"].nodes:
        fed = [level[name] for name in node.inputs if name in level]
        assert max(fed, default=0) <= min(level[name] for name in node.outputs), f"{node.name} points back"


@pytest.mark.parametrize("pipeline_name", PIPELINES)
def test_parameters_validate(catalog: DataCatalog, pipeline_name: str) -> None:
    validate_parameters(catalog, pipeline_name)


@pytest.mark.parametrize("preset", [path.stem for path in PRESET_FILES])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_preset_goes_with_every_environment(environment: str, preset: str) -> None:
    skip_without_weights(preset)
    with catalog_of(environment, preset=preset) as catalog:
        validate_parameters(catalog, "train_fusion")
        assert catalog.load("params:preset") == preset


@pytest.mark.parametrize("path", PRESET_FILES, ids=lambda path: path.stem)
def test_presets_name_all_models_and_nothing_of_the_data(path: Path) -> None:
    """What data look like (cleaning, features, splits, copies) is the environment's, but for the weights' tokenizer."""
    preset = yaml.safe_load(path.read_text(encoding="utf-8"))
    groups = {f"{top}.{name}" for top, group in preset.items() for name in group}
    trained = {f"{modality}.{group}" for modality in MODALITIES for group in ("encoder", "training")}
    assert {f"{modality}.encoder" for modality in MODALITIES} | {"fusion.strategy", "bagging.folds"} <= groups
    assert {name for name in groups if name.partition(".")[0] in MODALITIES} <= trained | {"text.features"}
    assert preset["text"].get("features", {}).keys() <= {"tokenizer"}
    assert preset.keys() <= {*MODALITIES, "fusion", "bagging"}
    for modality in MODALITIES:
        assert "architecture" in preset[modality]["encoder"]


def test_presets_are_documented() -> None:
    documented = (ROOT / "docs/presets.md").read_text(encoding="utf-8")
    assert [path.stem for path in PRESET_FILES if f"`{path.stem}`" not in documented] == []


def skip_without_weights(preset: str) -> None:
    """Skip a preset whose weights lie in a package that is not installed: an extra."""
    text = (ROOT / "conf" / PRESETS / f"{preset}.yml").read_text(encoding="utf-8")
    for package in re.findall(r"package:([\w-]+)", text):
        try:
            distribution(package)
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed: pip install -e '.[pretrained]'")


def validate_parameters(catalog: DataCatalog, pipeline_name: str) -> None:
    for node in PIPELINES[pipeline_name].nodes:
        named = isinstance(node._inputs, dict)
        bound = inspect.signature(node.func).bind(*([] if named else node.inputs), **(node._inputs if named else {}))
        annotations = inspect.get_annotations(node.func)
        for argument, name in bound.arguments.items():
            if not isinstance(name, str) or not name.startswith("params:"):
                continue
            value = catalog.load(name)
            kind = annotations[argument]
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                plain = value.model_dump() if isinstance(value, BaseModel) else value
                kind.model_validate(plain)
            else:
                TypeAdapter(kind).validate_python(value)


def test_every_parameter_is_used(catalog: DataCatalog) -> None:
    used = {
        name.removeprefix("params:")
        for pipeline in PIPELINES.values()
        for name in pipeline.inputs()
        if name.startswith("params:")
    }
    given = {
        f"{group}.{name}" if group in MODALITIES else group
        for group, value in catalog.load("parameters").items()
        for name in (value if group in MODALITIES else [""])
    }
    assert given <= used, f"no pipeline reads {sorted(given - used)}"


def test_versioned_and_unversioned_outputs_do_not_share_a_path() -> None:
    with catalog_of("local") as kept, catalog_of("local", versioned=False) as single:
        for name in ("model", "metrics", "report", *(f"{modality}.model" for modality in MODALITIES)):
            one, other = kept.get(name), single.get(name)
            assert one._version is not None
            assert other._version is None
            assert Path(str(one._filepath)) != Path(str(other._filepath))
