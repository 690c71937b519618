"""Which mistakes are shown, and how the page shows them."""

import numpy as np
import pandas as pd

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.errors import SURE, TYPICAL, choose_mistakes, mistakes_table, opinions_table, who_was_right
from kefu.evaluation.report import render_report

TRUTH = [0, 0, 0, 0, 0, 1, 2, 2]
SAID = [1, 1, 1, 1, 1, 2, 0, 2]
SURENESS = [0.9, 0.8, 0.7, 0.6, 0.5, 0.95, 0.45, 0.99]
HOSTILE = "</blockquote><script>alert('连衣裙')</script>"


def test_half_the_surest_then_one_of_each_confusion(predictions) -> None:
    chosen = choose_mistakes(predictions(TRUTH, SAID, confidence=SURENESS), 4)
    assert chosen == [(5, SURE), (0, SURE), (3, TYPICAL), (6, TYPICAL)], "0→1 is commonest, its middle one is shown"
    assert len(choose_mistakes(predictions(TRUTH, SAID, confidence=SURENESS), 100)) == 7
    assert choose_mistakes(predictions(TRUTH, TRUTH), 4) == []
    assert choose_mistakes(predictions(TRUTH, SAID), 0) == []


def test_what_each_one_said_and_the_truth_with_it(predictions) -> None:
    model = predictions([2, 0], [0, 0], confidence=0.8)
    text = predictions([2, 0], [2, 0], confidence=0.6, name="text", kind="modality").select(np.array([0]))
    told = opinions_table([model, text], ["t0", "t1"], at_most=2)
    of_model = told[(told["speaker"] == "late") & (told["ticket_id"] == "t0")]
    assert of_model["label"].tolist() == ["a", "b", "c"], "the true one follows though it is not among the first two"
    assert of_model["is_true"].tolist() == [False, False, True]
    assert told[told["speaker"] == "text"]["ticket_id"].unique().tolist() == ["t0"]
    assert who_was_right([model, text], model) == {
        "tickets": 2,
        "mistakes": 1,
        "some_modality_right": 1,
        "right": {"text": 1},
    }


def analysis_of(predictions, content: list[tuple[str, str, str, str]], shown: int = 24) -> Analysis:
    mistakes = mistakes_table(predictions, choose_mistakes(predictions, shown))
    return Analysis(
        who_was_right([predictions], predictions) | {"shown": len(mistakes), "chosen": predictions.name},
        tables={
            "mistakes": mistakes,
            "opinions": opinions_table([predictions], mistakes["ticket_id"].tolist(), 3),
            "content": pd.DataFrame(content, columns=["ticket_id", "of_modality", "media", "content"]),
        },
    )


def page(evaluation, analysis) -> str:
    return render_report(
        evaluation, title="t", synthetic=False, contact_sheets={}, facts={}, analyses={"errors": analysis}
    )


def test_cards_show_and_play_and_escape(usual, predictions) -> None:
    content = [
        ("t0", "text", "text", HOSTILE),
        ("t0", "image", "image", "data:image/jpeg;base64,AAAA"),
        ("t0", "audio", "audio", "data:audio/flac;base64,BBBB"),
        ("t5", "text", "text", "退款"),
    ]
    found = page(usual, analysis_of(predictions(TRUTH, SAID, classes=["<b>", "x", "y"]), content))
    assert found.count('<article class="card">') == 7
    assert "<script>alert" not in found
    assert "连衣裙" in found
    assert "退款" in found
    assert '<img src="data:image/jpeg;base64,AAAA"' in found
    assert '<audio controls preload="none" src="data:audio/flac;base64,BBBB">' in found
    assert "media-src data:" in found
    assert "&lt;b&gt; ✓" in found


def test_no_mistake_and_none_shown(usual, predictions) -> None:
    assert "made no mistake" in page(usual, analysis_of(predictions(TRUTH, TRUTH), []))
    hidden = page(usual, analysis_of(predictions(TRUTH, SAID), [], shown=0))
    assert "wrong on 7 of 8 tickets" in hidden
    assert '<article class="card">' not in hidden
    assert "Shown are" not in hidden
