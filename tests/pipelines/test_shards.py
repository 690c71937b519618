"""What is made again when a ticket, a parameter or a line of code has changed."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from kefu import modalities
from kefu.datasets import FeatureShardsDataset, PayloadShardsDataset
from kefu.engines import EngineParameters
from kefu.experiments import code
from kefu.pipelines.augment.nodes import augment_shards_of
from kefu.pipelines.clean.nodes import clean_shards_of
from kefu.pipelines.features.nodes import extract_shards_of, fit_preprocessor_of, measure_shards_of
from kefu.tickets.copies import CopyParameters
from kefu.training.folds import BaggingParameters
from kefu.training.hardware import HardwareParameters

SHARDS = ("cleaned", "augmented", "measured", "features", "augmented_features")
ONE = HardwareParameters(workers=1)
SMALL = {
    "image": {"height_px": 8, "width_px": 8},
    "text": {"vocab_size": 64, "max_tokens": 8, "tfidf": {"num_buckets": 256, "max_terms": 16}},
}


class Shop:
    """Two hundred tickets with text and picture, and what the pipelines make of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.media = folder / "raw"
        self.media.mkdir()
        rng = np.random.default_rng(0)
        for number in range(200):
            self.paint(f"t{number}", rng)
        self.tickets = pd.DataFrame(
            {
                "ticket_id": [f"t{number}" for number in range(200)],
                "text": [f"Where is my parcel number {number}, it should have been here?" for number in range(200)],
                "image": [f"t{number}.png" for number in range(200)],
                "label": ["delivery", "refund"] * 100,
                "split": (["train"] * 8 + ["validation", "test"]) * 20,
                "has_text": True,
                "has_image": True,
            }
        )
        self.features = SMALL

    def paint(self, ticket_id: str, rng: np.random.Generator) -> None:
        cv2.imwrite(str(self.media / f"{ticket_id}.png"), rng.integers(0, 256, (40, 40, 3), dtype=np.uint8))

    def write(self, ticket_id: str, text: str) -> None:
        self.tickets.loc[self.tickets["ticket_id"] == ticket_id, "text"] = text

    def run(self, modality: str) -> dict[str, set[str]]:
        """Make everything, and return which files are new."""
        before = {name: self._files(modality, name) for name in SHARDS}
        module = modalities.get(modality)
        features = module.Features.model_validate(self.features[modality])
        cleaned = self._payloads(modality, "cleaned")
        cleaned.save(
            clean_shards_of(modality)(
                self.tickets, self.media, module.Cleaning(), EngineParameters(tickets_per_shard=10), ONE
            )
        )
        augmented = self._payloads(modality, "augmented")
        augmented.save(
            augment_shards_of(modality)(
                self.tickets,
                cleaned.load(),
                module.Augmentation(),
                CopyParameters(copies=1),
                BaggingParameters(),
                0,
                ONE,
            )
        )
        measured = self._arrays(modality, "measured")
        measured.save(measure_shards_of(modality)(self.tickets, cleaned.load(), features, ONE))
        preprocessor = fit_preprocessor_of(modality)(measured.load(), features)
        for source, name in ((cleaned, "features"), (augmented, "augmented_features")):
            nobody = self.tickets.iloc[:0]
            plan = extract_shards_of(modality)(self.tickets, nobody, source.load(), preprocessor, ONE)
            self._arrays(modality, name).save(plan)
        self.counts = {name: len(self._files(modality, name)) for name in SHARDS}
        return {name: self._files(modality, name) - before[name] for name in SHARDS}

    def tickets_of(self, modality: str, name: str) -> list[str]:
        shards = self._arrays(modality, name).load()
        return [ticket_id for shard in shards.values() for ticket_id in shard.ticket_ids]

    def _payloads(self, modality: str, name: str) -> PayloadShardsDataset:
        return PayloadShardsDataset(str(self.folder / modality / name), modality)

    def _arrays(self, modality: str, name: str) -> FeatureShardsDataset:
        return FeatureShardsDataset(str(self.folder / modality / name))

    def _files(self, modality: str, name: str) -> set[str]:
        return {
            f"{path.name}" for path in (self.folder / modality / name).glob("*.[ps]*") if path.name != "shards.json"
        }


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def number_of(new):
    return {name: len(files) for name, files in new.items()}


@pytest.mark.parametrize("modality", ["text", "image"])
def test_nothing_is_made_again_where_nothing_changed(shop, modality):
    assert all(files for files in shop.run(modality).values())
    assert min(shop.counts.values()) > 10
    assert not any(shop.run(modality).values())
    assert shop.tickets_of(modality, "features") == list(shop.tickets["ticket_id"])


def test_a_changed_picture_is_one_shard_of_each_kind(shop):
    shop.run("image")
    shop.paint("t50", np.random.default_rng(1))
    new = shop.run("image")
    assert number_of(new) == dict.fromkeys(SHARDS, 1)


def test_a_file_that_is_merely_copied_anew_changes_nothing(shop):
    shop.run("image")
    for path in list(shop.media.iterdir()):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    assert not any(shop.run("image").values())


def test_files_are_not_read_to_see_that_they_are_the_same(shop, monkeypatch):
    shop.run("image")
    monkeypatch.setattr("kefu.tickets.media.MediaDigests.digest", lambda self, path: pytest.fail(f"{path} was read"))
    assert not any(shop.run("image").values())


def test_a_file_of_the_same_size_and_time_is_noticed(shop):
    path = shop.media / "t50.png"
    path.write_bytes(path.read_bytes() + b"0")
    shop.run("image")
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"1")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    plan = clean_shards_of("image")(
        shop.tickets, shop.media, modalities.get("image").Cleaning(), EngineParameters(tickets_per_shard=10), ONE
    )
    record = (shop.folder / "image/.cleaned.made").read_text()
    assert sum(recipe not in record for recipe in plan.recipes) == 1


def test_a_picture_that_is_lost_or_unreadable_is_noticed(shop):
    shop.run("image")
    (shop.media / "t50.png").unlink()
    assert len(shop.run("image")["cleaned"]) == 1
    (shop.media / "t50.png").write_text("<html>")
    assert len(shop.run("image")["cleaned"]) == 1


def test_a_changed_text_is_cleaned_alone_but_weighs_the_words_of_all(shop):
    shop.run("text")
    shop.write("t50", "The parcel came and the lamp in it is broken")
    new = number_of(shop.run("text"))
    assert {name: new[name] for name in ("cleaned", "augmented", "measured")} == {
        "cleaned": 1, "augmented": 1, "measured": 1,
    }  # fmt: skip
    assert new["features"] > 1


def test_a_text_that_nothing_is_learned_from_changes_one_shard(shop):
    shop.run("text")
    shop.write("t59", "The parcel came and the lamp in it is broken")
    assert number_of(shop.run("text")) == {
        "cleaned": 1, "augmented": 0, "measured": 0, "features": 1, "augmented_features": 0,
    }  # fmt: skip


@pytest.mark.parametrize("modality", ["text", "image"])
def test_a_ticket_that_goes_changes_few_shards(shop, modality):
    shop.run(modality)
    shop.tickets = shop.tickets.drop(index=59).reset_index(drop=True)
    assert 1 <= len(shop.run(modality)["cleaned"]) <= 4


def test_a_parameter_makes_again_what_it_concerns(shop):
    shop.run("image")
    shop.features = {"image": {"height_px": 8, "width_px": 10}}
    new = number_of(shop.run("image"))
    assert new["cleaned"] == new["augmented"] == 0
    assert {name: new[name] for name in ("measured", "features", "augmented_features")} == {
        name: shop.counts[name] for name in ("measured", "features", "augmented_features")
    }


def test_only_drawn_tickets_are_measured_and_another_ticket_changes_the_draw_little(shop):
    shop.features = {"image": {**SMALL["image"], "max_fit": 40}}
    shop.run("image")
    before = set(shop.tickets_of("image", "measured"))
    assert len(before) == 40
    shop.tickets = shop.tickets.drop(index=50).reset_index(drop=True)
    shop.run("image")
    assert len(before ^ set(shop.tickets_of("image", "measured"))) <= 2


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A copy of the code that may be changed: what counts is read from it."""
    package = tmp_path / "src/kefu"
    shutil.copytree(code.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "PACKAGE", package)
    code.code_digest.cache_clear()
    yield package
    code.code_digest.cache_clear()


def made_of(modality, shop):
    """Return the recipes of cleaned shards."""
    module = modalities.get(modality)
    plan = clean_shards_of(modality)(shop.tickets, shop.media, module.Cleaning(), EngineParameters(), ONE)
    return plan.recipes


@pytest.mark.parametrize(
    ("file", "concerned"),
    [
        ("modalities/text/clean.py", {"text"}),
        ("modalities/text/language.py", {"text"}),
        ("modalities/image/decode.py", {"image"}),
        ("modalities/image/encoders/resnet.py", set()),
        ("modalities/audio/clean.py", set()),
        ("engines/shards.py", {"text", "image"}),
        ("evaluation/report.py", set()),
    ],
)
def test_a_line_of_code_makes_again_what_rests_on_it(shop, source, file, concerned):
    before = {modality: made_of(modality, shop) for modality in SMALL}
    with (source / file).open("a") as opened:
        opened.write("# changed\n")
    code.code_digest.cache_clear()
    assert {modality for modality in SMALL if made_of(modality, shop) != before[modality]} == concerned


def test_code_that_comes_to_the_same_changes_no_shard(shop, source):
    shop.run("image")
    with (source / "modalities/image/clean.py").open("a") as opened:
        opened.write("# changed\n")
    code.code_digest.cache_clear()
    assert not any(shop.run("image").values())
