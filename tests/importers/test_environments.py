"""Environments with an importer: those that are there, the one of the guide, and the real data sets."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, DatasetError

import kefu
from kefu.cli import kefu as kefu_command
from kefu.datasets import ImportedTicketsDataset, TicketShard
from kefu.importers import import_tickets
from kefu.tickets.check import check_tickets
from kefu.tickets.errors import KefuError
from kefu.tickets.parameters import TicketParameters
from kefu.tickets.splits import assign_splits

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/datasets.md").read_text(encoding="utf-8")
SHARED = Path(os.environ.get("KEFU_SHARED", ROOT / ".." / "shared"))
IMPORTED = ("banking77", "clinc150", "fsdd")


@contextmanager
def catalog_of(root: Path, environment: str, **params: Any) -> Iterator[DataCatalog]:
    bootstrap_project(root)
    with KedroSession.create(root, env=environment, runtime_params=params) as session:
        yield session.load_context().catalog


def cause_of(catalog: DataCatalog, name: str) -> BaseException | None:
    """Return what Kedro wraps when it cannot load a dataset, once for the dataset and once for the catalog."""
    with pytest.raises(DatasetError) as error:
        catalog.load(name)
    cause: BaseException | None = error.value
    while isinstance(cause, DatasetError):
        cause = cause.__cause__
    return cause


@pytest.mark.parametrize("environment", IMPORTED)
def test_importers_and_options_are_there(environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_SHARED", str(tmp_path))
    with catalog_of(ROOT, environment) as catalog:
        names = [name for name in catalog if isinstance(catalog.get(name), ImportedTicketsDataset)]
        assert "raw_tickets" in names
        for name in names:
            assert not catalog.get(name).exists()
            cause = cause_of(catalog, name)
            assert isinstance(cause, KefuError)
            assert re.search(f"{environment}.*: no such file or folder", str(cause))


def test_the_speaker_comes_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_SHARED", str(tmp_path))
    folder = tmp_path / "data/fsdd/recordings"
    folder.mkdir(parents=True)
    for name in ("0_theo_0", "1_theo_0", "0_jackson_0"):
        (folder / f"{name}.wav").touch()
    for given, others in (({}, "train"), ({"validation_speaker": "theo"}, "validation")):
        with catalog_of(ROOT, "fsdd", held_out_speaker="jackson", **given) as catalog:
            tickets = catalog.load("raw_tickets").frame
            assert dict(zip(tickets["ticket_id"], tickets["split"], strict=True)) == {
                "0_jackson_0": "test",
                "0_theo_0": others,
                "1_theo_0": others,
            }
    with catalog_of(ROOT, "fsdd", held_out_speaker="nobody") as catalog:
        assert "there is no such speaker" in str(cause_of(catalog, "raw_tickets"))


def test_imported_tickets_are_read_only(tmp_path: Path) -> None:
    dataset = ImportedTicketsDataset(str(tmp_path), "kefu.importers.class_folders.read_class_folders")
    with pytest.raises(DatasetError, match="read only"):
        dataset.save(TicketShard([], {}))


def test_the_environment_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```yaml\n# conf/(mine/\w+\.yml)\n(.*?)```", GUIDE, re.DOTALL)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "conf/base", tmp_path / "conf/base")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/kefu").symlink_to(Path(kefu.__file__).parent, target_is_directory=True)
    (tmp_path / "conf/mine").mkdir()
    for name, block in blocks:  # the last one of a file is that of the importer
        assert yaml.safe_load(block)
        (tmp_path / "conf" / name).write_text(block, encoding="utf-8")
    folder = tmp_path / "data/01_raw/mine"
    for name in ("shirt", "dress"):
        (folder / name).mkdir(parents=True)
        (folder / name / "0001.txt").write_text(f"where is the {name} that I ordered?")
    with catalog_of(tmp_path, "mine") as catalog:
        table = catalog.load("raw_tickets")
        assert catalog.get("raw_tickets").preview()["columns"][0] == "ticket_id"
    assert table.frame["label"].tolist() == ["dress", "shirt"]
    assert table.root == folder
    monkeypatch.chdir(tmp_path)
    checked = CliRunner().invoke(kefu_command, ["check", "--env", "mine"])
    assert checked.exit_code == 0, checked.output
    assert "2 rows: 2 tickets kept" in checked.output


def test_the_importer_of_the_guide(tmp_path: Path) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    names: dict[str, Any] = {"Path": Path, "pd": pd}
    exec(source, names)
    for name in ("beijing/returns_1.wav", "lyon/returns_1.wav", "lyon/billing_2.wav"):
        (tmp_path / "calls" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "calls" / name).touch()
    assert names["read_mine"](tmp_path)["ticket_id"].is_unique
    frame = names["read_mine"](tmp_path, city="lyon")
    assert frame[["label", "audio"]].to_numpy().tolist() == [
        ["billing", "calls/lyon/billing_2.wav"],
        ["returns", "calls/lyon/returns_1.wav"],
    ]


def real(environment: str, name: str = "raw_tickets", **params: Any) -> pd.DataFrame:
    if not (SHARED / "data" / environment).exists():
        pytest.skip(f"no {environment} in {SHARED / 'data'}; set KEFU_SHARED")
    with catalog_of(ROOT, environment, **params) as catalog:
        dataset = catalog.get(name)
        return import_tickets(dataset.importer, dataset.path, dataset.options).frame


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "labels", "given", "others"),
    [
        ("banking77", 77, {"test": 3080, "train": 10003}, {"train", "validation"}),
        ("clinc150", 150, {"test": 4500, "validation": 3000, "train": 15000}, {"train", "validation"}),
        ("fsdd", 10, {"test": 500, "train": 2500}, {"train"}),
    ],
)
def test_the_official_splits_are_whole_and_no_ticket_is_refused(
    environment: str, labels: int, given: dict[str, int], others: set[str]
) -> None:
    tickets = real(environment)
    assert tickets["split"].value_counts().to_dict() == given
    valid, refused = check_tickets(tickets, TicketParameters())
    assert refused.empty
    assert valid["label"].nunique() == labels
    with catalog_of(ROOT, environment) as catalog:
        splits = TicketParameters.model_validate(catalog.load("params:tickets")).splits
    divided = assign_splits(valid, splits)
    test = valid["split"] == "test"
    assert (divided[test] == "test").all()
    assert set(divided[~test]) == others


@pytest.mark.slow
def test_out_of_scope_questions_are_apart() -> None:
    inside, outside = real("clinc150"), real("clinc150", "out_of_scope_tickets")
    assert outside["split"].value_counts().to_dict() == {"test": 1000, "validation": 100}
    assert "label" not in outside
    assert not set(inside["ticket_id"]) & set(outside["ticket_id"])
    assert "oos" not in set(inside["label"])
