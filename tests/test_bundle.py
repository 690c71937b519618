import json
import os
import re
from pathlib import Path

import pytest
import torch

import kefu
from kefu.bundle import SCHEMA_VERSION, Bundle, BundleError


def make(value=1.0, **changes):
    given = {
        "kind": "modality",
        "config": {"modality": "text", "rate": 0.5},
        "labels": ("退款", "refund"),
        "tensors": {"head.weight": torch.full((2, 3), value), "count": torch.tensor(7)},
        "files": {"text/词.json": b"{}", "a.bin": b"\x00\xff"},
        "metrics": {"macro_f1": 0.9},
        "card": "# 卡片\n",
    }
    return Bundle(**(given | changes))


def assert_equal(first, second):
    for name in ("kind", "config", "labels", "files", "metrics", "card"):
        assert getattr(first, name) == getattr(second, name), name
    assert first.tensors.keys() == second.tensors.keys()
    assert all(torch.equal(value, second.tensors[name]) for name, value in first.tensors.items())


def test_round_trip(tmp_path):
    make().save(tmp_path / "models" / "latest")
    assert_equal(Bundle.load(tmp_path / "models" / "latest"), make())
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["latest"]


def test_a_bundle_of_nothing_but_labels(tmp_path):
    empty = make(tensors={}, files={}, metrics={}, card="")
    empty.save(tmp_path / "b")
    assert_equal(Bundle.load(tmp_path / "b"), empty)


def test_tensors_of_any_layout_are_kept(tmp_path):
    shared = torch.arange(24.0).reshape(1, 2, 3, 4)
    tensors = {
        "transposed": shared[0, 0].T,
        "tied": shared,
        "again": shared,
        "channels_last": shared.contiguous(memory_format=torch.channels_last),
        "expanded": torch.ones(1).expand(3),
        "trained": torch.nn.Parameter(torch.ones(2)),
    }
    make(tensors=tensors).save(tmp_path / "b")
    loaded = Bundle.load(tmp_path / "b").tensors
    assert all(torch.equal(loaded[name], value) for name, value in tensors.items())


def test_a_new_bundle_replaces_the_old_one_whole(tmp_path):
    make(files={"old.bin": b"1"}).save(tmp_path / "b")
    make(2.0, files={"new.bin": b"2"}).save(tmp_path / "b")
    assert_equal(Bundle.load(tmp_path / "b"), make(2.0, files={"new.bin": b"2"}))
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("step", ["kefu.bundle.save_file", "kefu.bundle._write_json", "kefu.tickets.folder._replace"])
def test_a_failure_while_writing_leaves_the_old_bundle(tmp_path, monkeypatch, step):
    make().save(tmp_path / "b")

    def fail(*_):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(step, fail)
        with pytest.raises(OSError, match="disk full"):
            make(2.0).save(tmp_path / "b")
    assert_equal(Bundle.load(tmp_path / "b"), make())
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_failure_between_the_two_renames_leaves_the_old_bundle(tmp_path, monkeypatch):
    make().save(tmp_path / "b")
    replace, calls = os.replace, []

    def fail_second(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail_second)
        with pytest.raises(KeyboardInterrupt):
            make(2.0).save(tmp_path / "b")
    assert_equal(Bundle.load(tmp_path / "b"), make())
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("name", ["model.safetensors", "labels.json", "metrics.json", "card.md"])
def test_a_missing_file_is_named_in_one_line(tmp_path, name):
    make().save(tmp_path / "b")
    (tmp_path / "b" / name).unlink()
    with pytest.raises(BundleError, match=re.escape(name)) as error:
        Bundle.load(tmp_path / "b")
    assert "\n" not in str(error.value)
    assert str(error.value).endswith("train again")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b""),
        ("model.safetensors", b"\x80\x02}q\x00."),
        ("config.json", b"{"),
        ("config.json", b"[1]"),
        ("config.json", json.dumps({"schema_version": SCHEMA_VERSION}).encode()),
        ("config.json", b"\xff\xfe"),
        ("labels.json", b'"refund"'),
        ("metrics.json", b"[]"),
        ("card.md", b"\xff"),
    ],
)
def test_a_damaged_file_is_told_in_one_line(tmp_path, name, content):
    make().save(tmp_path / "b")
    (tmp_path / "b" / name).write_bytes(content)
    with pytest.raises(BundleError, match="incomplete or damaged") as error:
        Bundle.load(tmp_path / "b")
    assert "\n" not in str(error.value)


def test_a_cut_weights_file_is_damage(tmp_path):
    make().save(tmp_path / "b")
    path = tmp_path / "b" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(BundleError, match="incomplete or damaged"):
        Bundle.load(tmp_path / "b")


def test_a_newer_schema_is_named(tmp_path):
    make().save(tmp_path / "b")
    path = tmp_path / "b" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99}))
    named = f"bundle schema 99, this kefu reads {SCHEMA_VERSION}; train again or change kefu"
    with pytest.raises(BundleError, match=named):
        Bundle.load(tmp_path / "b")


@pytest.mark.parametrize("folder", ["absent", "empty"])
def test_a_folder_that_is_no_bundle(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match=r"is not a model bundle \(no config.json\); train one"):
        Bundle.load(tmp_path / folder)


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil", "..", "", "a\\..\\evil"])
def test_no_file_is_written_outside_the_folder(tmp_path, name):
    with pytest.raises(BundleError, match="must stay within the folder"):
        make(files={name: b"x"}).save(tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_kefu_unpickles_files():
    """Processes that kefu starts itself may talk in pickles: what comes through their pipes is kefu's own."""
    talk = {"local.py", "side_by_side.py"}
    forbidden = re.compile(
        r"\b(pickle|joblib|dill|marshal|shelve)\.(load|dump|open|Unpickler)|import (pickle|joblib|dill|shelve)|"
        r"torch\.load\((?!.*weights_only=True)|allow_pickle=True|weights_only=False"
    )
    found = [
        f"{path.name}: {line.strip()}"
        for path in Path(kefu.__file__).parent.rglob("*.py")
        if path.name not in talk
        for line in path.read_text("utf-8").splitlines()
        if forbidden.search(line)
    ]
    assert found == []
