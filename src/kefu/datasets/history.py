"""The learning curve of one training: a table on disk, a chart in kedro-viz."""

import json
from typing import Any

import pandas as pd
from kedro_datasets._typing import PlotlyPreview
from kedro_datasets.pandas import CSVDataset


class HistoryDataset(CSVDataset):
    """One row an epoch: ``epoch``, ``train_loss``, ``validation_loss``, a validation score, ``seconds``.

    Args:
        filepath: the CSV file.
        metadata: for kedro-viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(filepath=filepath, save_args={"index": False}, metadata=metadata)

    def preview(self) -> PlotlyPreview:
        """Return loss and score by epoch for kedro-viz; where nothing was trained the chart is empty."""
        from kefu.evaluation.figures import learning

        history: pd.DataFrame = self.load()
        return PlotlyPreview(json.loads(learning(history, "").to_json()))
