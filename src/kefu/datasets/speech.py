"""What a recogniser of speech is made of, and the recogniser itself."""

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview
from safetensors.numpy import load_file, save_file

from kefu.datasets.bundles import BundleDataset
from kefu.speech.ctc.model import SpeechModel
from kefu.speech.ctc.recordings import LogMels

_TEXTS = ("knowledge", "playbooks", "questions.csv")
_SUFFIXES = frozenset({".md", ".csv", ".yml"})


class SpeechModelDataset(BundleDataset[SpeechModel]):
    """A recogniser of speech."""

    model_type = SpeechModel


class LogMelsDataset(AbstractDataset[LogMels, LogMels]):
    """Spectrograms of recordings, as one safetensors file."""

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(filepath)
        self.metadata = metadata

    def save(self, data: LogMels) -> None:
        """Write the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        save_file({"values": data.values, "num_frames": data.num_frames}, part)
        part.replace(self.path)

    def load(self) -> LogMels:
        """Read the file."""
        arrays = load_file(self.path)
        return LogMels(arrays["values"], arrays["num_frames"])

    def preview(self) -> TablePreview:
        """Return how many recordings there are, and how long, for kedro-viz."""
        frames = self.load().num_frames
        row = [len(frames), round(float(np.median(frames)) if len(frames) else 0.0), int(frames.sum())]
        return TablePreview({"index": [0], "columns": ["recordings", "median frames", "frames"], "data": [row]})

    def _exists(self) -> bool:
        return self.path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self.path)}


class ShopTextsDataset(AbstractDataset[NoReturn, dict[str, str]]):
    """Articles, playbooks and questions of a shop's assistant, as they are written; there may be none.

    Args:
        path: The folder of the shop.
        metadata: For kedro-viz.
    """

    optional = True

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """Return the text of each file by its path within the folder."""
        files = sorted(
            file
            for name in _TEXTS
            for file in (self.path / name, *(self.path / name).rglob("*"))
            if file.is_file() and file.suffix in _SUFFIXES
        )
        return {file.relative_to(self.path).as_posix(): file.read_text("utf-8") for file in files}

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: people write them."""
        raise DatasetError(f"{self.path}: texts of a shop are read only")

    def _exists(self) -> bool:
        return self.path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path)}
