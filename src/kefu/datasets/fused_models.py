"""Fused models on disk."""

import shutil
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from kefu.bundle import Bundle
from kefu.datasets.bundles import BundleDataset
from kefu.model import FusedModel


class FusedModelDataset(BundleDataset[FusedModel]):
    """A fused model: what ``kefu predict`` reads."""

    model_type = FusedModel


class FusedModelsDataset(AbstractDataset[dict[str, FusedModel], dict[str, FusedModel]]):
    """A fused model for each strategy, in folders of their names."""

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.metadata = metadata

    def save(self, data: dict[str, FusedModel]) -> None:
        """Write the bundles; of none there is an empty folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        for strategy, model in data.items():
            model.to_bundle().save(self.path / strategy)

    def load(self) -> dict[str, FusedModel]:
        """Read the bundles."""
        folders = sorted(path.parent for path in self.path.glob("*/config.json"))
        return {folder.name: FusedModel.from_bundle(Bundle.load(folder)) for folder in folders}

    def preview(self) -> TablePreview:
        """Return the strategies for kedro-viz, and how many numbers each fusion learned."""
        rows = []
        for strategy, model in self.load().items():
            learned = sum(parameter.numel() for fusion in model.fusions for parameter in fusion.parameters())
            rows.append([strategy, ", ".join(name for name, part in model.parts.items() if part.is_trained), learned])
        columns = ["strategy", "trained modalities", "parameters of the fusion"]
        return TablePreview({"index": list(range(len(rows))), "columns": columns, "data": rows})

    def _exists(self) -> bool:
        return self.path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path)}
