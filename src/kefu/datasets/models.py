"""Trained models on disk, with history: one folder a version."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Generic, TypeVar

import torch
from kedro.io import AbstractDataset, AbstractVersionedDataset, DatasetError, Version
from kedro_datasets._typing import JSONPreview, TablePreview
from safetensors.torch import load_file, save_file
from torch import Tensor

from kefu import modalities
from kefu.bundle import Bundle
from kefu.modalities.contract import Preprocessor
from kefu.model import FusedModel
from kefu.training.modality_model import ModalityModel

Model = TypeVar("Model", ModalityModel, FusedModel)


class _BundleDataset(AbstractVersionedDataset[Model, Model], Generic[Model]):
    """A model kept as a bundle folder, versioned or not."""

    model_type: type[Model]

    def __init__(self, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(filepath),
            version=version,
            exists_function=lambda path: (Path(path) / "config.json").is_file(),
            glob_function=lambda pattern: (
                [str(path) for path in Path().glob(pattern)]
                if not Path(pattern).is_absolute()
                else [str(path) for path in Path("/").glob(pattern.lstrip("/"))]
            ),
        )

    def save(self, data: Model) -> None:
        """Write the bundle."""
        data.to_bundle().save(Path(self._get_save_path()))

    def load(self) -> Model:
        """Read the bundle.

        Raises:
            BundleError: it is incomplete or damaged.
        """
        return self.model_type.from_bundle(Bundle.load(Path(self._get_load_path())))

    def preview(self) -> JSONPreview:
        """Return configuration and scores for kedro-viz."""
        folder = Path(self._get_load_path())
        shown = {
            name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("metrics", "labels", "config")
        }
        return JSONPreview(json.dumps(shown, ensure_ascii=False))

    def _exists(self) -> bool:
        try:
            return self._exists_function(str(self._get_load_path()))
        except DatasetError:  # no version was saved yet
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}


class ModalityModelDataset(_BundleDataset[ModalityModel]):
    """The model of one modality."""

    model_type = ModalityModel


class FusedModelDataset(_BundleDataset[FusedModel]):
    """A fused model: what ``kefu predict`` reads."""

    model_type = FusedModel


class FusedModelsDataset(AbstractDataset[dict[str, FusedModel], dict[str, FusedModel]]):
    """A fused model for each strategy, in folders of their names."""

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.metadata = metadata

    def save(self, data: dict[str, FusedModel]) -> None:
        """Write the bundles."""
        shutil.rmtree(self.path, ignore_errors=True)
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
        return any(self.path.glob("*/config.json"))

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path)}


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


class PreprocessorDataset(AbstractDataset[Preprocessor, Preprocessor]):
    """What feature extraction learned, as named files in a folder."""

    def __init__(self, path: str, modality: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.modality = modality
        self.metadata = metadata

    def save(self, data: Preprocessor) -> None:
        """Write the files."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        for name, content in data.to_files().items():
            (self.path / name).write_bytes(content)

    def load(self) -> Preprocessor:
        """Read the files."""
        files = {path.name: path.read_bytes() for path in sorted(self.path.iterdir())}
        return modalities.get(self.modality).load_preprocessor(files)

    def preview(self) -> TablePreview:
        """Return the files for kedro-viz."""
        rows = [[path.name, path.stat().st_size] for path in sorted(self.path.iterdir())]
        return TablePreview({"index": list(range(len(rows))), "columns": ["file", "bytes"], "data": rows})

    def _exists(self) -> bool:
        return self.path.is_dir() and any(self.path.iterdir())

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path), "modality": self.modality}
