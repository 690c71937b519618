"""What a person sees while a pipeline runs: each node with its number and its time."""

import logging
import time
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

logger = logging.getLogger(__name__)


class ProgressHooks:
    """Log each node as it starts and ends, and where the results lie when all is done."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}
        self._numbers: dict[str, int] = {}
        self._run_started = 0.0

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Number the nodes."""
        self._numbers = {node.name: number for number, node in enumerate(pipeline.nodes, start=1)}
        self._run_started = time.monotonic()

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Say which node starts."""
        self._started[node.name] = time.monotonic()
        logger.info("[%2d/%d] %s", self._numbers.get(node.name, 0), len(self._numbers), node.name)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Say how long it took, where it took a while."""
        seconds = time.monotonic() - self._started[node.name]
        if seconds >= 1.0:
            logger.info("        %s took %.1f s", node.name, seconds)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Say how long everything took, and where the report and the model lie."""
        logger.info("%d nodes in %.0f s", len(self._numbers), time.monotonic() - self._run_started)
        for name in ("model", "report", "predictions"):
            if name in pipeline.outputs() or name in pipeline.all_outputs():
                logger.info("%-11s %s", name, location(catalog.get(name)))


def location(dataset: Any) -> str:
    """Return the path that a dataset was saved to last, its version included."""
    get_path = getattr(dataset, "_get_load_path", None)
    return str(get_path()) if get_path is not None else str(getattr(dataset, "path", dataset))
