"""The project of somebody who reads the documents: tickets of their own, trained models, and the data sets told of."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .conftest import ROOT, link_environment, shrink_parameters

SPEAKERS = ("george", "theo", "jackson")


@dataclass(frozen=True)
class Reader:
    """Where a reader of the documents is, and what the documents can only name by example."""

    root: Path
    home: Path

    @property
    def bundle(self) -> Path:
        """The newest model of `mine`."""
        return max(self.root.glob("data/06_models/mine/versions/fused/*/fused"))

    def names(self) -> dict[str, str]:
        """Return what stands for `{version}`, `{clone}` and so on in the table of what is run instead."""
        return {
            "version": self.bundle.parent.name,
            "clone": str(self.home / "clone"),
            "remote": str(self.home / "remote"),
            "out": str(self.home / "out.json"),
            "benchmarks": str(ROOT / "benchmarks"),
        }


def make_reader(root: Path, home: Path, trained: Path, *, imports: bool) -> Reader:
    """Add to a project what the documents take for granted.

    Args:
        root: the project, with demo tickets; ``.git`` is made where there is none.
        home: the reader's home folder, to be made.
        trained: a project with the demo trained, whose models and results become those of the data set `mine`.
        imports: leave out the tickets and the environment `mine`, and what DVC's stages have done: the document begins
            with the import.
    """
    home.mkdir()
    for folder in trained.glob("data/*/demo"):
        shutil.copytree(folder, root / folder.relative_to(trained).with_name("mine"))
    for versions in trained.glob("data/*/demo/**/versions"):
        shutil.copytree(versions, root / versions.relative_to(trained), dirs_exist_ok=True)
    shop = pd.read_csv(root / "data/01_raw/mine/tickets.csv", dtype=str)
    shutil.copytree(root / "data/01_raw/mine", home / "mine")
    shutil.copytree(root / "data/01_raw/mine", root / "shop")
    if imports:
        shutil.rmtree(root / "data/01_raw/mine")
    else:
        (root / "conf/mine").mkdir()
        (root / "conf/mine/globals.yml").write_text("dataset: mine\ntickets_path: data/01_raw/mine/tickets.csv\n")
        shop.drop(columns="label").head(6).to_csv(root / "data/01_raw/mine/new.csv", index=False)
    shop.drop(columns=["label", "image", "audio"]).head(6).to_csv(root / "new.csv", index=False)
    complaints = shop[["ticket_id", "text", "label", "customer_id"]].rename(
        columns={"label": "category", "text": "message"}
    )
    complaints.to_csv(root / "complaints.csv", index=False)
    shutil.copy(ROOT / "conf/presets/best.yml", root / "conf/presets/mine.yml")
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name in ("Makefile", "requirements.lock", ".pre-commit-config.yaml"):
        shutil.copy(ROOT / name, root)
    make_data_sets(home / "shared/data", root / "shop", shop)
    link_environment(root / ".venv")
    if not (root / ".git").exists():
        shrink_parameters(root / "conf")
        subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    if imports:  # before anything is trained with DVC
        (root / "dvc.lock").unlink()
    if (root / ".dvc").exists():
        with (root / ".dvc/config").open("a", encoding="utf-8") as config:
            config.write(f"['remote \"of_tests\"']\n    url = {home / 'remote_of_tests'}\n")
    reader = Reader(root, home)
    (root / "path/to").mkdir(parents=True)
    (root / "path/to/bundle").symlink_to(reader.bundle)
    return reader


def make_data_sets(folder: Path, shop: Path, tickets: pd.DataFrame) -> None:
    """Write the tickets of a shop as the data sets that have an environment of their own."""
    shutil.copytree(shop, folder / "retail_tickets")
    texts = tickets[tickets["text"].str.len() > 9]
    banking = folder / "banking77"
    banking.mkdir()
    for name, rows in (("train", texts.iloc[::2]), ("test", texts.iloc[1::2])):
        rows[["text", "label"]].rename(columns={"label": "category"}).to_csv(banking / f"{name}.csv", index=False)
    pairs = texts[["text", "label"]].to_numpy().tolist()
    parts = {"train": pairs[::2], "val": pairs[1::4], "test": pairs[3::4]}
    outside = {
        name: [[f"how is the weather in place {number}", "oos"] for number in range(4)]
        for name in ("oos_val", "oos_test")
    }
    (folder / "clinc150").mkdir()
    (folder / "clinc150/data_full.json").write_text(json.dumps(parts | outside), encoding="utf-8")
    recordings = folder / "fsdd/recordings"
    recordings.mkdir(parents=True)
    for number, name in enumerate(sorted((shop / "audio").glob("*.wav"))):
        turn, speaker = divmod(number, len(SPEAKERS))
        shutil.copy(name, recordings / f"{turn % 2}_{SPEAKERS[speaker]}_{turn}.wav")


def run_program(words: list[str], folder: Path | None = None) -> None:
    """Run a command and show what it said if it fails."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
