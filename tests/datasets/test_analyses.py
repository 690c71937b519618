import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from kedro.io import Version

from kefu.datasets import AnalysisDataset
from kefu.evaluation.analysis import Analysis, read_analysis
from kefu.tickets.errors import KefuError

FOUND = Analysis(
    {"macro_f1": 0.5, "name": "晚期"},
    {
        "curve": go.Figure(go.Scatter(x=np.arange(3), y=[1.0, None, 3.0]), layout={"title": {"text": "F1"}}),
        "map": go.Figure(go.Heatmap(z=np.array([[0.0, np.nan], [2.0, 3.0]]))),
    },
    {
        "rows": pd.DataFrame(
            {
                "name": pd.Series(["a", None], dtype=object),
                "n": [1, 2],
                "f1": [0.5, math.nan],
                "worse": [True, False],
                "empty": [None, None],
            }
        ),
        "none": pd.DataFrame({"name": []}),
    },
)


def test_what_was_found_comes_back(tmp_path):
    dataset = AnalysisDataset(str(tmp_path / "folder/found.json"))
    dataset.save(FOUND)
    back = dataset.load()
    assert back.metrics == FOUND.metrics
    pd.testing.assert_frame_equal(back.tables["rows"], FOUND.tables["rows"], check_dtype=False)
    assert back.tables["rows"].dtypes.astype(str).tolist() == ["object", "int64", "float64", "bool", "object"]
    assert list(back.tables["none"]) == ["name"]
    assert back.figures["curve"].layout.title.text == "F1"
    assert list(back.figures["curve"].data[0].x) == [0, 1, 2]
    assert list(map(list, back.figures["map"].data[0].z)) == [[0.0, None], [2.0, 3.0]]
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["found.json"]


def test_versions_stand_side_by_side(tmp_path):
    path = str(tmp_path / "found.json")
    for version, score in (("2026-01-01T00.00.00.000Z", 0.1), ("2026-01-02T00.00.00.000Z", 0.2)):
        AnalysisDataset(path, Version(None, version)).save(Analysis({"score": score}))
    assert AnalysisDataset(path, Version(None, None)).load().metrics == {"score": 0.2}
    assert AnalysisDataset(path, Version("2026-01-01T00.00.00.000Z", None)).load().metrics == {"score": 0.1}


def test_the_preview_is_the_first_figure_or_the_metrics(tmp_path):
    dataset = AnalysisDataset(str(tmp_path / "found.json"))
    dataset.save(FOUND)
    assert dataset.preview()["layout"]["title"]["text"] == "F1"
    dataset.save(Analysis({"tickets_touched": 3, "pairs": [1, 2]}))
    (table,) = dataset.preview()["data"]
    assert table["cells"]["values"] == [["tickets touched"], ["3"]]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"metrics": {}}', '{"metrics": {}, "figures": [], "tables": {}}'])
def test_a_damaged_file_is_said_in_one_line(tmp_path, content):
    path = tmp_path / "found.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KefuError, match=r"found\.json: missing or damaged"):
        read_analysis(path)


def test_numbers_that_json_lacks_are_refused(tmp_path):
    path = tmp_path / "found.json"
    with pytest.raises(Exception, match="JSON"):
        AnalysisDataset(str(path)).save(Analysis({"score": math.nan}))
    assert not path.exists()
