"""The stages of ``dvc.yaml``, derived from the registered pipelines, the catalog and the code.

A stage is a registered pipeline that no other one is a part of. It depends on the files of the datasets it reads, on
the parameters of its nodes, and on the code that its nodes and datasets rest on. What more DVC should know of
a dataset that is written, the catalog tells (:mod:`kefu.experiments.metadata`).
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.inspection.models import PipelineSnapshot
from kedro.io import CatalogProtocol, MemoryDataset

from kefu.experiments.code import PACKAGE, imported_files, package_files
from kefu.experiments.metadata import told_to_dvc
from kefu.modalities import MODALITIES

UNTRACKED = frozenset({"given_params"})
"""Parameters that tell how a run was started, and make no difference to it."""


@dataclass(frozen=True)
class Stage:
    """A stage: all paths are relative to the project."""

    name: str
    command: str
    deps: Sequence[str]
    """Code, then data."""
    params: Sequence[str]
    outs: Sequence[str]
    metrics: Sequence[str]
    plots: Mapping[str, Mapping[str, Any]]
    """By their ids; they draw files of the outputs."""
    in_git: Sequence[str] = ()
    """Outputs and metrics that git keeps, not DVC's cache."""
    kept: frozenset[str] = frozenset()
    """Outs that a run goes on from; DVC removes the others before it."""

    def to_yaml(self) -> dict[str, Any]:
        """Return the entry of ``dvc.yaml``, but for the plots, which are no stage's there."""
        parts = {
            "deps": list(self.deps),
            "params": list(self.params),
            "outs": [self._written(path) for path in self.outs],
            "metrics": [self._written(path) for path in self.metrics],
        }
        return {"cmd": self.command, **{name: part for name, part in parts.items() if part}}

    def _written(self, path: str) -> str | dict[str, dict[str, bool]]:
        options = {"cache": False} if path in self.in_git else {"persist": True} if path in self.kept else None
        return path if options is None else {path: options}


def derive_stages(
    pipelines: Iterable[PipelineSnapshot],
    modules: Mapping[str, str],
    catalog: CatalogProtocol,
    project: Path,
    *,
    options: str,
) -> list[Stage]:
    """Return the stages in the order of the registry.

    Args:
        pipelines: all registered pipelines, as Kedro's inspection tells them.
        modules: where the function of each node is defined, by the node's name.
        catalog: of the environment, unversioned.
        project: its folder.
        options: of every ``kedro run``.
    """
    staged = list(leaves(list(pipelines)))
    made = {name for pipeline in staged for node in pipeline.nodes for name in node.outputs}
    return [_stage(pipeline, modules, catalog, project, options, made) for pipeline in staged]


def leaves(pipelines: Sequence[PipelineSnapshot]) -> Iterator[PipelineSnapshot]:
    """Yield the pipelines that no other one is a part of, each once."""
    nodes = {pipeline.name: frozenset(node.name for node in pipeline.nodes) for pipeline in pipelines}
    seen: set[frozenset[str]] = set()
    for pipeline in pipelines:
        own = nodes[pipeline.name]
        if own not in seen and not any(other < own for other in nodes.values()):
            seen.add(own)
            yield pipeline


def _stage(
    pipeline: PipelineSnapshot,
    modules: Mapping[str, str],
    catalog: CatalogProtocol,
    project: Path,
    options: str,
    made_by_stages: Set[str],
) -> Stage:
    used = {name for node in pipeline.nodes for name in (*node.inputs, *node.outputs)}
    made = {name for node in pipeline.nodes for name in node.outputs}
    read = {name for name in used - made if not name.startswith("params:")}
    outs: list[str] = []
    metrics: list[str] = []
    in_git: list[str] = []
    kept: set[str] = set()
    plots: dict[str, Mapping[str, Any]] = {}
    for name in sorted(made):
        path = _written(name, catalog, project)
        if path is None:
            continue
        told = told_to_dvc(catalog.get(name))
        (metrics if told.get("metric") else outs).append(path)
        if getattr(catalog.get(name), "kept_between_runs", False):
            kept.add(path)
        if not told.get("cache", True):
            in_git.append(path)
        if "plot" in told:
            plots[name.removesuffix("_plot")] = {**told["plot"], "y": {path: told["plot"]["y"]}}
        if "live" in told:
            outs.append(told["live"])
            plots[told["live"]] = {"x": "step"}
    return Stage(
        name=pipeline.name,
        command=f"kedro run --pipelines {pipeline.name} {options}",
        deps=[
            *_code({modules[node.name] for node in pipeline.nodes}, used, catalog),
            *_read(read, catalog, project, made_by_stages),
        ],
        params=sorted({name.removeprefix("params:") for name in used if name.startswith("params:")} - UNTRACKED),
        outs=outs,
        metrics=metrics,
        plots=plots,
        in_git=in_git,
        kept=frozenset(kept),
    )


def _read(names: Iterable[str], catalog: CatalogProtocol, project: Path, made: Set[str]) -> list[str]:
    """Return where datasets lie; one that may be missing is left out where it is, unless a stage makes it."""
    places = []
    for name in sorted(names):
        dataset = catalog.get(name)
        path = _place(dataset)
        needed = not getattr(dataset, "optional", False) or name in made
        if path is not None and (needed or (project / path).exists()):
            places.append(_relative(path, project))
    return places


def _written(name: str, catalog: CatalogProtocol, project: Path) -> str | None:
    dataset = catalog.get(name)
    path = getattr(dataset, "written", None) or _place(dataset)
    return None if path is None else _relative(path, project)


def _place(dataset: Any) -> Path | None:
    if isinstance(dataset, MemoryDataset):
        return None
    return Path(str(getattr(dataset, "path", None) or dataset._filepath))


def _relative(path: Path, project: Path) -> str:
    return Path(os.path.relpath(project / path, project)).as_posix()


def _code(modules: set[str], names: Iterable[str], catalog: CatalogProtocol) -> list[str]:
    """Return files and folders of the code that modules and datasets rest on, all of the modalities named included."""
    names = [name for name in names if not name.startswith("params:") or "." in name]
    kinds = {type(catalog.get(name)).__module__ for name in names if not name.startswith("params:")}
    modules = modules | {module for module in kinds if module.startswith(f"{PACKAGE.name}.")}
    concerned = {name.removeprefix("params:").partition(".")[0] for name in names} & set(MODALITIES)
    files = set[Path]()
    for modality in concerned:
        package = f"{PACKAGE.name}.modalities.{modality}"
        modules.add(package)
        files |= package_files(package)
    files |= imported_files([*modules, *(_module(file) for file in files)])
    return sorted(f"src/{path.relative_to(PACKAGE.parent).as_posix()}" for path in _collapsed(files))


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _collapsed(files: set[Path]) -> set[Path]:
    """Replace the modules of a folder that are all there by the folder, and add the data of a module's own name."""
    found = set[Path]()
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(PACKAGE)}
    whole = {folder for folder in folders if set(folder.rglob("*.py")) <= files}
    for file in files:
        above = [folder for folder in file.parents if folder in whole]
        found |= {above[-1]} if above else set(file.parent.glob(f"{file.stem}.*"))
    return found
