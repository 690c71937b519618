"""What feature extraction learned, on disk."""

import shutil
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from kefu import modalities
from kefu.modalities.contract import Preprocessor


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
