"""A folder of shards, written one by one and read one by one."""

import json
import shutil
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import HTMLPreview, TablePreview
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from kefu.engines.shards import FeatureShard
from kefu.tickets.errors import KefuError

Shard = TypeVar("Shard")


class Shards(Mapping[str, Shard], Generic[Shard]):
    """Shards by name, read when asked for."""

    def __init__(self, dataset: "ShardsDataset[Shard]", paths: Mapping[str, Path]) -> None:
        self._dataset = dataset
        self._paths = dict(paths)

    def __getitem__(self, name: str) -> Shard:  # noqa: D105
        return self._dataset.read(self._paths[name])

    def __iter__(self) -> Iterator[str]:  # noqa: D105
        return iter(self._paths)

    def __len__(self) -> int:  # noqa: D105
        return len(self._paths)


class ShardsDataset(AbstractDataset[Mapping[str, Shard], Shards[Shard]], Generic[Shard]):
    """Shards named ``00000-of-00012``, a file each.

    A generator node yields ``{name: shard}`` and Kedro saves each as it comes, so that no more than one is held. The
    first shard empties the folder: what lies there is always of one run, and an interrupted run is noticed by the
    shards that are missing.
    """

    suffix: str

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.metadata = metadata

    @abstractmethod
    def read(self, path: Path) -> Shard:
        """Read one shard."""

    @abstractmethod
    def write(self, shard: Shard, path: Path) -> None:
        """Write one shard."""

    def save(self, data: Mapping[str, Shard]) -> None:
        """Write shards; a shard's file appears whole or not at all."""
        for name, shard in data.items():
            if name.startswith("00000-"):
                shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(parents=True, exist_ok=True)
            part = self.path / f".{name}.part"
            self.write(shard, part)
            part.replace(self.path / f"{name}{self.suffix}")

    def load(self) -> Shards[Shard]:
        """Return the shards, not yet read.

        Raises:
            DatasetError: there are none.
            KefuError: some are missing, since the run that wrote them was interrupted.
        """
        paths = {path.stem: path for path in sorted(self.path.glob(f"*-of-*{self.suffix}"))}
        if not paths:
            raise DatasetError(f"no shards in {self.path}; run the pipeline that makes them first")
        expected = int(next(iter(paths)).rpartition("-")[2])
        if len(paths) != expected:
            raise KefuError(
                f"{self.path}: {len(paths)} of {expected} shards are there, the run that wrote them was interrupted; "
                "run that pipeline again"
            )
        return Shards(self, paths)

    def _exists(self) -> bool:
        return any(self.path.glob(f"*-of-*{self.suffix}"))

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path)}


class PayloadShardsDataset(ShardsDataset[pa.Table]):
    """Shards that are Parquet tables of packed payloads: cleaned or augmented.

    Args:
        path: the folder.
        modality: whose payloads they are; the preview unpacks them.
        metadata: for kedro-viz.
    """

    suffix = ".parquet"

    def __init__(self, path: str, modality: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(path, metadata)
        self.modality = modality

    def read(self, path: Path) -> pa.Table:
        """Read one table."""
        return pq.read_table(path)

    def write(self, shard: pa.Table, path: Path) -> None:
        """Write one table, uncompressed: payloads are compressed already."""
        pq.write_table(shard, path, compression="NONE")

    def preview(self, nrows: int = 8) -> HTMLPreview:
        """Return some payloads for kedro-viz: texts, pictures, or waveforms with a player."""
        from kefu.datasets.previews import preview_payloads

        packed = (
            (ticket_id, payload.as_py())
            for table in self.load().values()
            for ticket_id, payload in zip(table["ticket_id"].to_pylist(), table["payload"], strict=True)
            if payload.is_valid
        )
        return preview_payloads(self.modality, list(islice(packed, nrows)))


class FeatureShardsDataset(ShardsDataset[FeatureShard]):
    """Shards of feature arrays in safetensors, the ticket ids beside them."""

    suffix = ".safetensors"

    def read(self, path: Path) -> FeatureShard:
        """Read one shard."""
        with safe_open(path, framework="numpy") as file:
            ticket_ids = json.loads(file.metadata()["ticket_ids"])
            return FeatureShard(ticket_ids, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118

    def write(self, shard: FeatureShard, path: Path) -> None:
        """Write one shard."""
        path.write_bytes(save(shard.features, metadata={"ticket_ids": json.dumps(shard.ticket_ids)}))

    def preview(self) -> TablePreview:
        """Return what the arrays of the first shard are, for kedro-viz."""
        shards = self.load()
        first = next(iter(shards.values()))
        rows = [
            [name, str(array.dtype), " × ".join(map(str, array.shape[1:])) or "1", *_range(array)]
            for name, array in first.features.items()
        ]
        columns = ["array", "dtype", "shape of a row", "least", "mean", "greatest"]
        return TablePreview({"index": list(range(len(rows))), "columns": columns, "data": rows})


def _range(array: NDArray[Any]) -> list[str]:
    if array.size == 0:
        return ["", "", ""]
    return [f"{float(value):.4g}" for value in (array.min(), array.mean(dtype=np.float64), array.max())]
