"""Curves that grow while a stage of DVC trains, for whoever watches it: DVCLive."""

import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline.node import Node

from kefu.experiments.metadata import told_to_dvc

logger = logging.getLogger(__name__)

_TRAININGS = logging.getLogger("kefu.training")
_NO_CURVE = {"epoch", "seconds"}


class LiveCurvesHooks:
    """Let DVCLive follow each node that writes a learning curve, within a stage of DVC and nowhere else.

    The catalog says where, as ``live`` below ``dvc`` in the metadata of the learning curve; the folder is an output of
    the stage. Without DVCLive it stays empty, and nothing else is different.
    """

    def __init__(self) -> None:
        self._in_stage = False
        self._curves: LiveCurves | None = None

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Find out whether this is a stage."""
        self._in_stage = bool((run_params.get("runtime_params") or {}).get("parameters_file"))

    @hook_impl
    def before_node_run(self, node: Node, catalog: Any) -> None:
        """Begin to listen."""
        self._stop()
        folder = next(filter(None, (told_to_dvc(catalog.get(name)).get("live") for name in node.outputs)), None)
        if not self._in_stage or folder is None:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        try:
            self._curves = LiveCurves(folder)
        except ImportError:
            logger.info("no live curves: they need dvclive (pip install 'kefu[tracking]')")
        except Exception as error:  # as in a git repository without a commit; no training may end for lack of a curve
            logger.warning("no live curves: %s", error)
        else:
            _TRAININGS.addHandler(self._curves)

    @hook_impl
    def after_node_run(self) -> None:
        """Close the curves."""
        self._stop()

    @hook_impl
    def on_node_error(self) -> None:
        """Close the curves."""
        self._stop()

    def _stop(self) -> None:
        if self._curves is not None:
            _TRAININGS.removeHandler(self._curves)
            self._curves.close()
            self._curves = None


class LiveCurves(logging.Handler):
    """Hands every epoch that a training tells of to DVCLive. What worker processes log is heard in this one, too.

    Curves are ``plots/metrics/<training>/<name>.tsv`` with the columns ``step``, the epoch from 1, and the name;
    a training is ``text``, or ``text/2`` where there are several members. There is no summary (``metrics.json``), which
    DVC would take for one more curve: all of the folder is drawn, as `dvc plots` minds a folder that is not there, as
    ``plots/metrics`` is not where nothing was trained.

    Args:
        folder: what DVCLive wrote there before is removed.

    Raises:
        ImportError: DVCLive is not installed.
    """

    def __init__(self, folder: str) -> None:
        from dvclive.live import Live

        super().__init__(logging.INFO)
        self.live: Any = Live(folder, dvcyaml=None, save_dvc_exp=False)

    def emit(self, record: logging.LogRecord) -> None:
        """Add the epochs that a record tells of."""
        training = getattr(record, "training", "").partition("/")[0].replace(" ", "/")
        try:
            for epoch in getattr(record, "epochs", ()):
                self._add(training, epoch)
        except Exception:  # no training may end because its curve cannot be drawn
            self.handleError(record)

    def _add(self, training: str, epoch: Mapping[str, float]) -> None:
        self.live.step = int(epoch["epoch"])
        for name, value in epoch.items():
            if name not in _NO_CURVE and not math.isnan(value):
                self.live.log_metric(f"{training}/{name}", value)
