"""An analysis on disk: one JSON file of its metrics, tables and figures."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pandas as pd
import plotly.graph_objects as go
import plotly.io
from kedro.io import AbstractVersionedDataset, DatasetError, Version
from kedro_datasets._typing import PlotlyPreview

from kefu.evaluation.analysis import Analysis, plain


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
        content = {
            "metrics": dict(data.metrics),
            "tables": {name: _columns(table) for name, table in data.tables.items()},
            "figures": {name: json.loads(plotly.io.to_json(figure)) for name, figure in data.figures.items()},
        }
        path = Path(str(self._get_save_path()))
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8")
        part.replace(path)

    def load(self) -> Analysis:
        """Read the file.

        Raises:
            DatasetError: it is damaged.
        """
        if self.optional and not self.exists():
            return Analysis({})
        path = Path(str(self._get_load_path()))
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return Analysis(
                content["metrics"],
                {name: go.Figure(figure) for name, figure in content["figures"].items()},
                {name: _table(columns) for name, columns in content["tables"].items()},
            )
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path}: damaged ({error}); run the pipeline that makes it again") from error

    def preview(self) -> PlotlyPreview:
        """Return the first figure for kedro-viz; an empty one where there is none."""
        figure = next(iter(self.load().figures.values()), go.Figure())
        return PlotlyPreview(json.loads(plotly.io.to_json(figure)))

    def _exists(self) -> bool:
        try:
            return Path(str(self._get_load_path())).is_file()
        except DatasetError:  # no version was saved yet
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    return {
        str(name): {"dtype": _kind(table[name]), "values": [plain(value) for value in table[name].tolist()]}
        for name in table.columns
    }


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "bool"
    if pd.api.types.is_integer_dtype(column):
        return "int64"
    return "float64" if pd.api.types.is_float_dtype(column) else "object"


def _table(columns: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(one["values"], dtype=one["dtype"]) for name, one in columns.items()})
