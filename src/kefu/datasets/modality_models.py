"""The model of one modality on disk, and the weights that its encoder starts from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview
from safetensors.torch import load_file, save_file
from torch import Tensor

from kefu.datasets.bundles import BundleDataset
from kefu.training.modality_model import ModalityModel


class ModalityModelDataset(BundleDataset[ModalityModel]):
    """The model of one modality."""

    model_type = ModalityModel


class EncoderWeightsDataset(AbstractDataset[Mapping[str, Tensor], dict[str, Tensor]]):
    """Weights of an encoder by name, as one safetensors file; no weights at all are kept as such."""

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(filepath)
        self.metadata = metadata

    def save(self, data: Mapping[str, Tensor]) -> None:
        """Write the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        tensors = {
            name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in data.items()
        }
        save_file(tensors, part)
        part.replace(self.path)

    def load(self) -> dict[str, Tensor]:
        """Read the file."""
        return load_file(self.path)

    def preview(self) -> TablePreview:
        """Return names and shapes for kedro-viz."""
        rows = [[name, " x ".join(map(str, value.shape))] for name, value in self.load().items()]
        return TablePreview({"index": list(range(len(rows))), "columns": ["weights", "shape"], "data": rows})

    def _exists(self) -> bool:
        return self.path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self.path)}
