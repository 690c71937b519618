"""An analysis on disk: one JSON file of its metrics, tables and figures."""

from pathlib import Path, PurePosixPath
from typing import Any

import fsspec  # type: ignore[import-untyped]
import plotly.graph_objects as go
from kedro.io import AbstractVersionedDataset, DatasetError, Version
from kedro_datasets._typing import PlotlyPreview

from kefu.evaluation.analysis import Analysis, plain_figure, read_analysis, write_analysis
from kefu.evaluation.figures import escaped


class AnalysisDataset(AbstractVersionedDataset[Analysis, Analysis]):
    """Keeps an analysis as JSON, whole or not at all.

    Args:
        filepath: the JSON file, or with versions the folder of its name.
        version: set by Kedro.
        optional: whether it may never have been made; an analysis of nothing is loaded then.
        metadata: for kedro-viz.
    """

    def __init__(
        self,
        filepath: str,
        version: Version | None = None,
        optional: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        files = fsspec.filesystem("file")
        super().__init__(PurePosixPath(filepath), version, exists_function=files.exists, glob_function=files.glob)
        self.optional = optional
        self.metadata = metadata

    def save(self, data: Analysis) -> None:
        """Write the file."""
        write_analysis(Path(str(self._get_save_path())), data)

    def load(self) -> Analysis:
        """Read the file.

        Raises:
            KefuError: it is damaged.
        """
        if self.optional and not self.exists():
            return Analysis({})
        return read_analysis(Path(str(self._get_load_path())))

    def preview(self) -> PlotlyPreview:
        """Return the first figure for kedro-viz; where there is none, the metrics as a table."""
        found = self.load()
        figure = next(iter(found.figures.values()), None)
        return PlotlyPreview(plain_figure(_metrics_table(found) if figure is None else figure))

    def _exists(self) -> bool:
        try:
            return Path(str(self._get_load_path())).is_file()
        except DatasetError:  # no version was saved yet
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}


def _metrics_table(found: Analysis) -> go.Figure:
    """Draw the metrics that are single values."""
    told = {name: value for name, value in found.metrics.items() if not isinstance(value, dict | list)}
    cells = [[escaped(name.replace("_", " ")) for name in told], [escaped(value) for value in told.values()]]
    return go.Figure(go.Table(header={"values": ["metric", "value"]}, cells={"values": cells, "align": "left"}))
