from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError

from kefu.datasets import LogMelsDataset, ShopTextsDataset
from kefu.speech.ctc.recordings import LogMels


def test_spectrograms_come_back(tmp_path: Path) -> None:
    dataset = LogMelsDataset(str(tmp_path / "new" / "log_mels.safetensors"))
    assert not dataset.exists()
    made = LogMels(np.arange(12, dtype=np.float16).reshape(6, 2), np.array([4, 2]))
    dataset.save(made)
    assert dataset.exists()
    read = dataset.load()
    assert [row.tolist() for row in read.rows()] == [row.tolist() for row in made.rows()]
    assert read.values.dtype == np.float16
    assert dataset.preview()["data"] == [[2, 3.0, 6]]


def test_texts_of_a_shop_are_found_but_for_its_scenarios(tmp_path: Path) -> None:
    for name in ("knowledge/zh/refunds/late.md", "knowledge/shop.csv", "playbooks/refund.yml", "questions.csv",
                 "scenarios/refund.yml", "knowledge/logo.png", "assistant.yml"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"退款：{name}", encoding="utf-8")
    texts = ShopTextsDataset(str(tmp_path)).load()
    assert list(texts) == ["knowledge/shop.csv", "knowledge/zh/refunds/late.md", "playbooks/refund.yml",
                           "questions.csv"]  # fmt: skip
    assert texts["questions.csv"] == "退款：questions.csv"


def test_a_shop_may_have_no_texts_and_nobody_writes_them_here(tmp_path: Path) -> None:
    dataset = ShopTextsDataset(str(tmp_path / "none"))
    assert not dataset.exists()
    assert dataset.optional
    assert dataset.load() == {}
    with pytest.raises(DatasetError, match="read only"):
        dataset.save("text")
