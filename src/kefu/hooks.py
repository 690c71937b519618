"""What a person sees while a pipeline runs: each node with its number and its time, then where the results lie."""

import logging
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from kefu.config_loader import format_params
from kefu.tickets.errors import KefuError

logger = logging.getLogger(__name__)

RESULTS = ("demo_tickets", "quarantine", "predictions", "out_of_scope_predictions", "model", "speech_model", "report")
"""Datasets whose place is told at the end of a run that made them."""


class ProgressHooks:
    """Log each node as it starts and ends, and where the results lie when all is done."""

    def __init__(self) -> None:
        self._node_started: float | None = None
        self._numbers: dict[str, int] = {}
        self._run_started = 0.0
        self._project = Path()
        self._left = Path()

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Number the nodes, and work in the project's folder: paths in parameters are relative to it."""
        self._numbers = {node.name: number for number, node in enumerate(pipeline.nodes, start=1)}
        self._run_started = time.monotonic()
        self._left = Path.cwd()
        self._project = Path(run_params.get("project_path") or self._left).resolve()
        os.chdir(self._project)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Say which node starts."""
        self._tell_time()
        self._node_started = time.monotonic()
        count = len(self._numbers)
        logger.info("[%*d/%d] %s", len(str(count)), self._numbers.get(node.name, 0), count, node.name)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Say how long everything took, and where the results lie."""
        self._tell_time()
        count = len(self._numbers)
        logger.info("%d node%s in %s", count, "s" * (count != 1), duration(time.monotonic() - self._run_started))
        for name in RESULTS:
            if name in pipeline.all_outputs():
                logger.info("%-12s  %s", name, location(catalog.get(name), self._project))
        os.chdir(self._left)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Go back to where the run was started."""
        self._node_started = None
        os.chdir(self._left)

    def _tell_time(self) -> None:
        """Say how long the last node took, where it took a while; shards are made when it has returned already."""
        if self._node_started is None:
            return
        seconds = time.monotonic() - self._node_started
        self._node_started = None
        if seconds >= 1.0:
            logger.info("%*s%s", 2 * len(str(len(self._numbers))) + 4, "", duration(seconds))


def duration(seconds: float) -> str:
    """Return a time as a person reads it: ``3.2 s``, ``4 min 05 s``, ``1 h 02 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


class ProvenanceHooks:
    """Say what a run rests on, for the model that it makes."""

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any) -> None:
        """Put it into the catalog, where a node asks for it."""
        if "provenance" not in pipeline.inputs():
            return
        from kefu.cli.parameters import parameter_types
        from kefu.experiments.parameters_file import resolve_parameters
        from kefu.pipeline_registry import register_pipelines
        from kefu.registry.provenance import describe_run

        values = resolve_parameters(parameter_types(register_pipelines()), catalog.load("parameters"))
        catalog.save("provenance", describe_run(Path(run_params.get("project_path") or Path.cwd()), values))


class CheckpointHooks:
    """Clear the checkpoints of trainings when all that their run makes is saved, and not before.

    Until then they are what a run that was killed goes on from, wherever it was: a training that had ended is taken
    from its checkpoint. A node that trains keeps them in a folder of its own name.
    """

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Clear those of the nodes that have run."""
        from kefu.training.checkpoints import clear_checkpoints

        for node in pipeline.nodes:
            if "params:checkpoints" in node.inputs:
                clear_checkpoints(Path(catalog.load("params:checkpoints")) / node.name)


class MissingInputHooks:
    """Notice before anything runs that an earlier pipeline has not."""

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any) -> None:
        """Look for every input that another pipeline makes.

        Raises:
            KefuError: some are missing; the message says which pipelines make them, or how to name them.
        """
        from kefu.pipeline_registry import register_steps

        if run_params.get("only_missing_outputs"):
            return
        names = sorted(name for name in pipeline.inputs() if not name.startswith("param"))
        missing = [
            name
            for name in names
            if not catalog.get(name).exists() and not getattr(catalog.get(name), "optional", False)
        ]
        given = run_params.get("runtime_params") or {}
        if "new_tickets" in missing and "new_tickets" not in given:
            raise KefuError(
                f"{catalog.get('new_tickets').path} is no table of tickets to predict; name one: "
                f"`{_command(['predict'], run_params, given | {'new_tickets': 'new.csv'})}`"
            )
        steps = register_steps()
        made_by = {name: _producers(steps, catalog, name) for name in missing}
        needed = [name for name in steps if any(name in producers for producers in made_by.values())]
        if needed:
            wanting = [name for name, producers in made_by.items() if producers]
            more = f" and {len(wanting) - 3} more" if len(wanting) > 3 else ""
            command = _command(needed, run_params, given)
            raise KefuError(f"{', '.join(wanting[:3])}{more}: not there yet; run `{command}` first")


def _command(pipelines: Iterable[str], run_params: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """Return what to type to run pipelines in the environment of this run."""
    environment = f" --env {run_params['env']}" if run_params.get("env") not in (None, "local", "base") else ""
    given = f" --params {format_params(params)}" if params else ""
    return f"kedro run --pipelines {','.join(pipelines)}{environment}{given}"


def _producers(steps: Mapping[str, Pipeline], catalog: Any, wanted: str) -> list[str]:
    """Return the pipelines that make a dataset, or one that lies at the same place."""
    place = getattr(catalog.get(wanted), "path", None)
    return [
        name
        for name, step in steps.items()
        for made in step.all_outputs()
        if made == wanted or (place is not None and getattr(catalog.get(made), "path", None) == place)
    ]


def location(dataset: Any, project: Path) -> str:
    """Return the path that a dataset was saved to last, its version included; relative to the project if inside."""
    get_path = getattr(dataset, "_get_load_path", None)
    path = Path(str(get_path() if get_path is not None else getattr(dataset, "path", dataset)))
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path)
