"""A folder of shards, written one by one and read one by one."""

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import HTMLPreview, TablePreview
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from kefu.datasets.shard_record import MadeShard, ShardRecord, replace_text
from kefu.engines.plans import ShardPlan
from kefu.engines.progress import show_progress
from kefu.engines.shards import FeatureShard, shard_name
from kefu.tickets.errors import KefuError

Shard = TypeVar("Shard")

_ORDER = "shards.json"
_ABOUT = "shard"
DAMAGED = (OSError, ValueError, KeyError, pa.ArrowException, SafetensorError)
"""What reading a file that is not as it was written raises."""


class Shards(Mapping[str, Shard], Generic[Shard]):
    """Shards by name, ``00000-of-00012`` and so on, read when asked for."""

    def __init__(self, dataset: "ShardsDataset[Shard]", digests: Sequence[str]) -> None:
        self._dataset = dataset
        self._digests = {shard_name(number, len(digests)): digest for number, digest in enumerate(digests)}

    def __getitem__(self, name: str) -> Shard:  # noqa: D105
        return self._dataset.read_shard(self._digests[name])

    def __iter__(self) -> Iterator[str]:  # noqa: D105
        return iter(self._digests)

    def __len__(self) -> int:  # noqa: D105
        return len(self._digests)

    def digest(self, name: str) -> str:
        """Return the digest of the content of a shard, without reading it."""
        return self._digests[name]

    def ticket_ids(self, name: str) -> list[str]:
        """Return the ticket of each row of a shard, without reading what else is in it."""
        return self._dataset.read_ids(self._digests[name])


class ShardsDataset(AbstractDataset[ShardPlan[Any, Shard], Shards[Shard]], Generic[Shard]):
    """A folder of shards, a file each, named after its content; ``shards.json`` tells their order.

    What is saved is a plan. Shards that were made before by the same recipe are kept, the others are made. Which
    recipe made which file stands beside the folder, since it is no part of the data: two machines that come to the same
    shards in two ways have equal folders.

    The order is taken away first and written last, and files that are no longer needed go after that: an interrupted
    run is noticed, and what it has made is there for the next.
    """

    suffix: str
    kept_between_runs = True
    """For DVC, which would else empty the folder before each run."""

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.metadata = metadata

    @abstractmethod
    def read(self, path: Path) -> Shard:
        """Read one shard."""

    @abstractmethod
    def write(self, shard: Shard, path: Path) -> None:
        """Write one shard."""

    @abstractmethod
    def read_head(self, path: Path) -> list[str]:
        """Return the ticket of each row; a file that was cut off raises."""

    def save(self, data: ShardPlan[Any, Shard]) -> None:
        """Make the shards that are not there yet; a shard's file appears whole or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        record = ShardRecord(self.path.with_name(f".{self.path.name}.made"))
        (self.path / _ORDER).unlink(missing_ok=True)
        numbers = range(len(data.recipes))
        found = (self._find(data, number, record) for number in numbers)
        made = list(show_progress(found, total=len(numbers), what=f"{data.what}, what is there"))
        for number, shard in data.make([number for number in numbers if not made[number].digest]):
            made[number] = made[number]._replace(digest=self._keep(shard))
            record.add(made[number])
        record.rewrite(made)
        digests = [entry.digest for entry in made]
        replace_text(self.path / _ORDER, json.dumps(digests, indent=0))
        needed = {_ORDER, *(f"{digest}{self.suffix}" for digest in digests)}
        for path in self.path.iterdir():
            if path.name not in needed:
                path.unlink()

    def load(self) -> Shards[Shard]:
        """Return the shards, not yet read.

        Raises:
            DatasetError: there are none.
            KefuError: some are missing, since the run that makes them was interrupted.
        """
        return Shards(self, self.read_order())

    def read_order(self) -> list[str]:
        """Return the digests of the shards in their order.

        Raises:
            DatasetError: there are none.
            KefuError: some are missing.
        """
        order = self.path / _ORDER
        if not self._exists():
            raise DatasetError(f"no shards in {self.path}; run the pipeline that makes them first")
        digests: list[str] = json.loads(order.read_text("utf-8")) if order.exists() else []
        there = [digest for digest in digests if self._file(digest).exists()]
        if not digests or len(there) < len(digests):
            missing = f"{len(there)} of {len(digests)} shards are there" if digests else "shards are missing"
            raise KefuError(
                f"{self.path}: {missing}, the run that makes them was interrupted; run that pipeline again, "
                "and it makes what is missing"
            )
        return digests

    def read_shard(self, digest: str) -> Shard:
        """Read the shard of that content.

        Raises:
            KefuError: its file is damaged.
        """
        with self._readable(digest) as path:
            return self.read(path)

    def read_ids(self, digest: str) -> list[str]:
        """Return the ticket of each row of the shard of that content.

        Raises:
            KefuError: its file is damaged.
        """
        with self._readable(digest) as path:
            return self.read_head(path)

    @contextmanager
    def _readable(self, digest: str) -> Iterator[Path]:
        path = self._file(digest)
        try:
            yield path
        except DAMAGED as error:
            raise KefuError(f"{path} is damaged; delete it, and run the pipeline that makes it again") from error

    def _find(self, plan: ShardPlan[Any, Shard], number: int, record: ShardRecord) -> MadeShard:
        """Return what was made by the recipe of a shard; its digest is empty where nothing was, or is no longer."""
        recipe = plan.recipes[number]
        made = record.by_recipe.get(recipe)
        if made is not None and self._is_whole(made.digest):
            return made
        by_content = plan.recipe_by_content(number)
        made = record.by_content.get(by_content)
        if made is not None and self._is_whole(made.digest):
            return made._replace(recipe=recipe)
        return MadeShard(recipe, by_content, "")

    def _is_whole(self, digest: str) -> bool:
        try:
            self.read_head(self._file(digest))
        except DAMAGED:
            return False
        return True

    def _keep(self, shard: Shard) -> str:
        """Write a shard and return the digest of its content."""
        part = self.path / f".part{self.suffix}"
        self.write(shard, part)
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        part.replace(self._file(digest))
        return digest

    def _file(self, digest: str) -> Path:
        return self.path / f"{digest}{self.suffix}"

    def _exists(self) -> bool:
        return self.path.is_dir() and any(self.path.iterdir())

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.path)}


class PayloadShards(Shards[pa.Table]):
    """Tables of packed payloads."""

    def __init__(self, dataset: "PayloadShardsDataset", digests: Sequence[str]) -> None:
        super().__init__(dataset, digests)
        self._payloads = dataset

    def columns(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Read some columns of a shard: what stands beside the payloads is read in no time."""
        return self._payloads.read_columns(self.digest(name), columns)


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

    def load(self) -> PayloadShards:
        """Return the tables, not yet read.

        Raises:
            DatasetError: there are none.
            KefuError: some are missing, since the run that makes them was interrupted.
        """
        return PayloadShards(self, self.read_order())

    def read(self, path: Path) -> pa.Table:
        """Read one table."""
        return _read_columns(path, None)

    def read_columns(self, digest: str, columns: Sequence[str]) -> pa.Table:
        """Read some columns of the table of that content.

        Raises:
            KefuError: its file is damaged.
        """
        with self._readable(digest) as path:
            return _read_columns(path, columns)

    def write(self, shard: pa.Table, path: Path) -> None:
        """Write one table, uncompressed: payloads are compressed already."""
        pq.write_table(shard, path, compression="NONE")

    def read_head(self, path: Path) -> list[str]:
        """Read the ticket of each row."""
        ids: list[str] = _read_columns(path, ["ticket_id"])["ticket_id"].to_pylist()
        return ids

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
    """Shards of feature arrays in safetensors, the ticket ids beside them.

    Of rows that are padded with zeros only as many columns are in a file as the longest row of its shard has.
    """

    suffix = ".safetensors"

    def read(self, path: Path) -> FeatureShard:
        """Read one shard."""
        with safe_open(path, framework="numpy") as file:
            about = _about(file.metadata())
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name, num_columns in about["padded"].items():
            whole = np.zeros((len(arrays[name]), num_columns), dtype=arrays[name].dtype)
            whole[:, : arrays[name].shape[1]] = arrays[name]
            arrays[name] = whole
        return FeatureShard(about["ticket_ids"], arrays)

    def write(self, shard: FeatureShard, path: Path) -> None:
        """Write one shard."""
        arrays, padded = {}, {}
        for name, array in shard.features.items():
            arrays[name] = _without_padding(array)
            if arrays[name].shape != array.shape:
                padded[name] = array.shape[1]
        # one entry: several would be written in an order that changes
        about = json.dumps({"ticket_ids": shard.ticket_ids, "padded": padded}, sort_keys=True)
        path.write_bytes(save(arrays, metadata={_ABOUT: about}))

    def read_head(self, path: Path) -> list[str]:
        """Read the ticket of each row."""
        with safe_open(path, framework="numpy") as file:
            ids: list[str] = _about(file.metadata())["ticket_ids"]
            return ids

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


def _read_columns(path: Path, columns: Sequence[str] | None) -> pa.Table:
    # for a file this small, several times faster than pq.read_table, which looks for a data set of many
    with pq.ParquetFile(path, memory_map=True) as file:
        return file.read(columns=None if columns is None else list(columns), use_threads=False)


def _about(metadata: Mapping[str, str]) -> dict[str, Any]:
    about: dict[str, Any] = json.loads(metadata[_ABOUT])
    return about


def _without_padding(array: NDArray[Any]) -> NDArray[Any]:
    """Leave out the last columns of a matrix as far as they are zero in every row."""
    if array.ndim != 2 or array.size == 0 or array[:, -1].any():
        return array
    num_columns = int(np.flatnonzero(array.any(axis=0)).max(initial=0)) + 1
    return np.ascontiguousarray(array[:, :num_columns])


def _range(array: NDArray[Any]) -> list[str]:
    if array.size == 0:
        return ["", "", ""]
    return [f"{float(value):.4g}" for value in (array.min(), array.mean(dtype=np.float64), array.max())]
