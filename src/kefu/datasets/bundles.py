"""Trained models on disk, with history: one folder a version."""

import json
from pathlib import Path, PurePosixPath
from typing import Any, Generic, Protocol, Self, TypeVar

from kedro.io import AbstractVersionedDataset, DatasetError, Version
from kedro_datasets._typing import JSONPreview

from kefu.bundle import Bundle


class Bundled(Protocol):
    """What can be kept as a bundle."""

    def to_bundle(self) -> Bundle:
        """Return the bundle."""

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Return what the bundle holds."""


Model = TypeVar("Model", bound=Bundled)


class BundleDataset(AbstractVersionedDataset[Model, Model], Generic[Model]):
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
