"""Shards are made when what they are made of has changed, and not else."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from kedro.io import DatasetError

from kefu.datasets import FeatureShardsDataset, PayloadShardsDataset
from kefu.engines import ShardPlan, recipe
from kefu.engines.shards import CLEANED_SCHEMA, FeatureShard
from kefu.tickets.errors import KefuError


class Kitchen:
    """Makes shards of numbers, and knows which ones it made."""

    def __init__(self, make):
        self.make, self.made = make, []

    def plan(self, numbers):
        def cook(number):
            self.made.append(number)
            return self.make(number)

        return ShardPlan("test", [recipe(number=number) for number in numbers], numbers.__getitem__, cook)


def feature_shard(number):
    return FeatureShard([f"t{number}"], {"x": np.full((1, 3), number)})


def table(number):
    row = {"ticket_id": f"t{number}", "payload": b"payload of %d" % number, "facts": "{}"}
    return pa.Table.from_pylist([row], schema=CLEANED_SCHEMA)


@pytest.fixture(params=["features", "payloads"])
def kitchen(request):
    return Kitchen(feature_shard if request.param == "features" else table)


@pytest.fixture
def dataset(kitchen, tmp_path):
    return dataset_at(tmp_path / "shards", kitchen)


def dataset_at(path, kitchen):
    if kitchen.make is feature_shard:
        return FeatureShardsDataset(str(path))
    return PayloadShardsDataset(str(path), "text")


def ids_of(dataset):
    shards = dataset.load()
    return [ticket_id for name in shards for ticket_id in shards.ticket_ids(name)]


def files_of(dataset):
    return {path.name: path.read_bytes() for path in dataset.path.iterdir()}


def test_shards_come_back_in_their_order(dataset, kitchen):
    dataset.save(kitchen.plan([3, 1, 2]))
    shards = dataset.load()
    assert list(shards) == ["00000-of-00003", "00001-of-00003", "00002-of-00003"]
    assert ids_of(dataset) == ["t3", "t1", "t2"]
    expected = kitchen.make(1)
    found = shards["00001-of-00003"]
    if isinstance(expected, FeatureShard):
        assert found.ticket_ids == expected.ticket_ids
        np.testing.assert_array_equal(found.features["x"], expected.features["x"])
    else:
        assert found == expected
        assert shards.columns("00001-of-00003", ["facts"]) == expected.select(["facts"])


def test_what_is_there_is_not_made_again(dataset, kitchen):
    dataset.save(kitchen.plan([3, 1, 2]))
    before = files_of(dataset)
    kitchen.made.clear()
    dataset.save(kitchen.plan([3, 1, 2]))
    assert kitchen.made == []
    assert files_of(dataset) == before


def test_what_changed_is_made_and_what_is_not_needed_goes(dataset, kitchen):
    dataset.save(kitchen.plan([3, 1, 2]))
    kitchen.made.clear()
    dataset.save(kitchen.plan([0, 3, 4, 2]))
    assert kitchen.made == [0, 4]
    assert ids_of(dataset) == ["t0", "t3", "t4", "t2"]
    assert len(files_of(dataset)) == 4 + 1
    dataset.save(kitchen.plan([1]))
    assert kitchen.made == [0, 4, 1]


def test_two_ways_to_the_same_shards_give_equal_folders(dataset, kitchen, tmp_path):
    dataset.save(kitchen.plan([5, 6]))
    dataset.save(kitchen.plan([1, 2, 3]))
    other = dataset_at(tmp_path / "other", kitchen)
    other.save(
        ShardPlan(
            "another recipe", [recipe(code="changed", number=n) for n in (1, 2, 3)], [1, 2, 3].__getitem__, kitchen.make
        )
    )
    assert files_of(other) == files_of(dataset)


def test_equal_shards_are_one_file(dataset, kitchen):
    plan = ShardPlan("twice", [recipe(n=1), recipe(n=2)], [7, 7].__getitem__, kitchen.make)
    dataset.save(plan)
    assert ids_of(dataset) == ["t7", "t7"]
    assert len(files_of(dataset)) == 1 + 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interruption_is_noticed_and_what_was_made_is_kept(dataset, kitchen, error):
    dataset.save(kitchen.plan([1, 2]))
    kitchen.made.clear()
    make = kitchen.make

    def fail(number):
        if number == 5:
            raise error
        return make(number)

    kitchen.make = fail
    with pytest.raises((error, DatasetError)):
        dataset.save(kitchen.plan([3, 1, 4, 5, 6]))
    with pytest.raises(DatasetError) as told:
        dataset.load()
    assert isinstance(told.value.__cause__, KefuError)
    assert "interrupted" in str(told.value.__cause__)
    assert dataset.exists()
    kitchen.make = make
    kitchen.made.clear()
    dataset.save(kitchen.plan([3, 1, 4, 5, 6]))
    assert kitchen.made == [5, 6]
    assert ids_of(dataset) == ["t3", "t1", "t4", "t5", "t6"]


def test_shards_that_are_missing_are_told(dataset, kitchen):
    with pytest.raises(DatasetError, match="no shards in"):
        dataset.load()
    assert not dataset.exists()
    dataset.save(kitchen.plan([1, 2, 3]))
    next(path for path in dataset.path.iterdir() if path.suffix == dataset.suffix).unlink()
    with pytest.raises(DatasetError) as told:
        dataset.load()
    assert "2 of 3 shards are there" in str(told.value.__cause__)
    kitchen.made.clear()
    dataset.save(kitchen.plan([1, 2, 3]))
    assert len(kitchen.made) == 1
    assert ids_of(dataset) == ["t1", "t2", "t3"]


@pytest.mark.parametrize("left", [0, 5, 0.5], ids=["nothing", "five bytes", "half"])
def test_a_damaged_shard_is_told_and_made_again(dataset, kitchen, left):
    dataset.save(kitchen.plan([1, 2, 3]))
    shards = dataset.load()
    path = dataset.path / f"{shards.digest('00001-of-00003')}{dataset.suffix}"
    path.write_bytes(path.read_bytes()[: left if isinstance(left, int) else int(left * path.stat().st_size)])
    with pytest.raises(KefuError, match=f"{path.name} is damaged"):
        shards["00001-of-00003"]
    kitchen.made.clear()
    dataset.save(kitchen.plan([1, 2, 3]))
    assert kitchen.made == [2]
    assert ids_of(dataset) == ["t1", "t2", "t3"]


def test_the_record_of_what_was_made_may_be_cut_off_or_lost(dataset, kitchen):
    dataset.save(kitchen.plan([1, 2, 3]))
    record = dataset.path.parent / ".shards.made"
    record.write_bytes(record.read_bytes()[:-5])
    kitchen.made.clear()
    dataset.save(kitchen.plan([1, 2, 3, 4]))
    assert kitchen.made == [3, 4]
    record.unlink()
    dataset.save(kitchen.plan([1, 2, 3, 4]))
    assert kitchen.made == [3, 4, 1, 2, 3, 4]
    assert ids_of(dataset) == ["t1", "t2", "t3", "t4"]


def test_files_of_another_layout_are_cleared_away(dataset, kitchen):
    dataset.path.mkdir(parents=True)
    (dataset.path / f"00000-of-00001{dataset.suffix}").write_bytes(b"old")
    with pytest.raises(DatasetError):
        dataset.load()
    dataset.save(kitchen.plan([1]))
    assert ids_of(dataset) == ["t1"]
    assert len(files_of(dataset)) == 2


SCRIPT = """
import sys, time
import numpy as np
from kefu.datasets import FeatureShardsDataset
from kefu.engines import ShardPlan, recipe
from kefu.engines.shards import FeatureShard

def make(number):
    print(number, flush=True)
    time.sleep(float(sys.argv[2]))
    return FeatureShard([f"t{number}"], {"x": np.full((1, 3), number)})

plan = ShardPlan("test", [recipe(number=n) for n in range(8)], range(8).__getitem__, make)
FeatureShardsDataset(sys.argv[1]).save(plan)
"""


def test_a_kill_loses_one_shard_at_most(tmp_path):
    path = tmp_path / "shards"

    def command(seconds):
        return [sys.executable, "-c", SCRIPT, str(path), str(seconds)]

    victim = subprocess.Popen(command(0.2), stdout=subprocess.PIPE, text=True)
    begun = [int(victim.stdout.readline()) for _ in range(4)]
    time.sleep(0.1)
    os.kill(victim.pid, signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    assert begun == [0, 1, 2, 3]
    with pytest.raises(DatasetError):
        FeatureShardsDataset(str(path)).load()
    second = subprocess.run(command(0), capture_output=True, text=True, check=True)
    assert [int(line) for line in second.stdout.split()] == [3, 4, 5, 6, 7]
    dataset = FeatureShardsDataset(str(path))
    assert ids_of(dataset) == [f"t{n}" for n in range(8)]
    assert sorted(path.name for path in path.iterdir()) == sorted(
        ["shards.json", *(f"{digest}.safetensors" for digest in json.loads((path / "shards.json").read_text()))]
    )


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1, 2, 0, 0], [3, 0, 0, 0]], dtype=np.int32),
        np.array([[0.5, 0, 0], [0, 0, 0]], dtype=np.float32),
        np.zeros((2, 3), dtype=np.int32),
        np.array([[0, 1], [0, 0]], dtype=np.int64),
        np.zeros((0, 5), dtype=np.float32),
        np.zeros((2, 0), dtype=np.float32),
        np.zeros(2, dtype=np.int32),
        np.zeros((2, 2, 2), dtype=np.uint8),
    ],
    ids=["padded", "half of it", "nothing", "full", "no row", "no column", "a number each", "pictures"],
)
def test_padding_comes_back_and_is_not_stored(array, tmp_path):
    dataset = FeatureShardsDataset(str(tmp_path / "shards"))
    shard = FeatureShard([f"t{number}" for number in range(len(array))], {"x": array, "y": np.ones((len(array), 2))})
    dataset.save(ShardPlan("test", ["one"], lambda number: shard, lambda task: task))
    (read,) = dataset.load().values()
    assert read.ticket_ids == shard.ticket_ids
    assert read.features["x"].dtype == array.dtype
    np.testing.assert_array_equal(read.features["x"], array)
    np.testing.assert_array_equal(read.features["y"], shard.features["y"])


def test_rows_that_are_mostly_padding_take_little_room(tmp_path):
    array = np.zeros((100, 1000), dtype=np.float32)
    array[:, :10] = 1
    FeatureShardsDataset(str(tmp_path / "shards")).save(
        ShardPlan("test", ["one"], lambda number: FeatureShard(["t"] * 100, {"x": array}), lambda task: task)
    )
    (file,) = (tmp_path / "shards").glob("*.safetensors")
    assert file.stat().st_size < 10_000
