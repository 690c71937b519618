"""What analyses write into charts and over columns is there in Chinese too."""

import re

import numpy as np
import pandas as pd
import pytest

from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.calibration_curves import analyse_confidence
from kefu.evaluation.data_size import analyse_data_size
from kefu.evaluation.labels import analyse_labels, suspect_labels
from kefu.evaluation.leakage import LeakageParameters, analyse_leakage
from kefu.evaluation.pairwise import compare_pairs
from kefu.evaluation.report import read_words

FEW = Resampling(resamples=10)
IN_BOTH = re.compile(r"AUROC|AUPR|late")
FOR_THE_TEMPLATE = {"low", "high", "scope_roc", "scope_precision_recall", "scope_flagged"}


@pytest.fixture
def analyses(predictions, tickets):
    said = predictions([0, 1, 2, 0] * 10, [0, 1, 2, 1] * 10)
    table = tickets(40, label=["a"] * 40)
    prints = pd.DataFrame({"ticket_id": table["ticket_id"], "digest": "same"})
    judged = pd.DataFrame(
        {"in_scope": [True] * 40 + [False] * 5, "score": np.arange(45.0), "flagged": [False] * 40 + [True] * 5}
    )
    held_out = pd.DataFrame({"ticket_id": ["t0", "t1"], "label": ["a", "b"], "p_a": [0.9, 0.9], "p_b": [0.1, 0.1]})
    facts, suspects, mixed = suspect_labels(held_out, ["a", "b"], "p_", 5)
    wanted = pd.DataFrame(columns=["ticket_id", "predicted_label", "probability", "undecided", "outside"])
    return [
        analyse_confidence(said, said, {0.9: np.ones((40, 3), dtype=bool)}, judged, 5, FEW),
        analyse_data_size({10: [{"late": said}], 20: [{"late": said}]}, "late", FEW),
        analyse_labels(facts, suspects, mixed, wanted, 0, {}),
        analyse_leakage(
            table.assign(split=["train"] * 20 + ["test"] * 20),
            {"text": prints},
            pd.DataFrame({"reason": []}),
            said,
            split="test",
            params=LeakageParameters(),
            resampling=FEW,
        ),
    ]


def test_columns(analyses, predictions) -> None:
    tables = [table for analysis in analyses for name, table in analysis.tables.items() if name not in FOR_THE_TEMPLATE]
    tables.append(compare_pairs([predictions([0, 1], [0, 0])], FEW))
    names = {name for table in tables for name in table if not name.endswith(("_low", "_high"))}
    assert names - read_words()["columns"].keys() - FOR_THE_TEMPLATE == set()


def test_charts(analyses) -> None:
    words = read_words()["charts"]
    for analysis in analyses:
        for figure in analysis.figures.values():
            drawing = figure.to_dict()
            axes = [axis for name, axis in drawing["layout"].items() if re.match(r"[xy]axis", name)]
            said = {axis["title"]["text"] for axis in axes if axis.get("title", {}).get("text")}
            said |= {drawing["layout"]["title"]["text"]} | {trace["name"] for trace in drawing["data"]}
            assert {text for text in said if not IN_BOTH.search(text)} - words.keys() == set()
