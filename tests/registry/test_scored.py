from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kefu.registry.scored import model_of, read_scored, to_table
from kefu.tickets.errors import KefuError


def test_what_was_written_comes_back(said, tmp_path: Path) -> None:
    written = said("ab发", "aab", classes=("a", "b", "发"), customer_id=["c1", None, "c3"], language=["en", "zh", None])
    to_table(written, "w1").to_parquet(tmp_path / "s.parquet")
    read = read_scored(tmp_path / "s.parquet")
    assert read.classes == written.classes
    np.testing.assert_array_equal(read.targets, written.targets)
    np.testing.assert_array_equal(read.probabilities, written.probabilities)
    assert read.tickets["customer_id"].isna().tolist() == [False, True, False]
    assert model_of(tmp_path / "s.parquet") == "w1"


def test_a_table_of_nothing_is_of_no_model(said, tmp_path: Path) -> None:
    to_table(said("", ""), "w1").to_parquet(tmp_path / "s.parquet")
    assert len(read_scored(tmp_path / "s.parquet")) == 0
    assert model_of(tmp_path / "s.parquet") is None


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_other_files_are_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "s.parquet"
    if content is None:
        pd.DataFrame({"ticket_id": ["1"]}).to_parquet(path)
    else:
        path.write_bytes(content)
    assert model_of(path) is None
    with pytest.raises(KefuError, match="not a table of scored tickets"):
        read_scored(path)
