import numpy as np
import pandas as pd

from kefu.evaluation import contribution_figures as figures
from kefu.explanation import Explanation, WeighedPart
from kefu.modalities.contract import Part


def make_table(names, first: str, **columns) -> pd.DataFrame:
    table = {first: names, "n": 5}
    for modality in ("image", "text"):
        table |= {modality: 0.2, f"{modality}_low": np.nan, f"{modality}_high": np.nan}
    return pd.DataFrame(table | columns, index=range(len(names)))


def explained(parts, texts=None) -> Explanation:
    return Explanation("t", "a", 0.9, 0.1, {"text": 1.0}, parts, texts or {})


def word(text: str, name: str, evidence: float) -> WeighedPart:
    start = text.index(name)
    return WeighedPart(Part(name, {"start": start, "end": start + len(name)}), evidence)


def test_classes_are_stacked_escaped_and_told_apart_without_colour():
    table = make_table(["<b>退款", "login"], "class", f1=[0.9, 0.1], support=[3, 9])
    figure = figures.per_class(table, ["image", "text"])
    assert figure.layout.barmode == "relative"
    assert list(figure.layout.yaxis.ticktext) == ["login", "&lt;b&gt;退款"]
    assert [trace.name for trace in figure.data] == ["image", "text"]
    assert len({trace.marker.pattern.shape for trace in figure.data}) == 2
    assert figure.data[0].customdata[0][2] == "", "no interval, no brackets"


def test_of_many_classes_the_commonest_are_drawn():
    names = [f"class {number}" for number in range(150)]
    figure = figures.per_class(make_table(names, "class", f1=0.5, support=range(150)), ["image", "text"])
    assert len(figure.data[0].y) == 40
    assert "class 149" in figure.layout.yaxis.ticktext
    assert "class 0" not in figure.layout.yaxis.ticktext


def test_the_largest_group_is_on_top():
    figure = figures.groups(make_table(["en", "zh"], "group"), ["image", "text"], "By language")
    assert list(figure.layout.yaxis.ticktext) == ["zh", "en"]


def test_words_are_marked_by_their_evidence():
    text = "我要退款, please refund it"
    parts = [word(text, "退款", 3.0), word(text, "refund", 1.6), word(text, "please", 0.5), word(text, "it", -1.0)]
    marked = figures.marked_text(explained({"text": parts}, {"text": text}), "text")
    assert marked == [("我要", 0), ("退款", 3), (", ", 0), ("please", 1), (" ", 0), ("refund", 2), (" it", 0)]
    assert "".join(piece for piece, _ in marked) == text
    assert figures.marked_text(explained({"text": []}, {"text": "hello"}), "text") == [("hello", 0)]


def test_a_picture_shows_what_spoke_for_the_label():
    left = Part("left", {"left": 0.0, "top": 0.0, "right": 0.5, "bottom": 1.0})
    right = Part("right", {"left": 0.5, "top": 0.0, "right": 1.0, "bottom": 1.0})
    why = explained({"image": [WeighedPart(right, 2.0), WeighedPart(left, -1.0)]})
    figure = figures.example(np.full((40, 80, 3), 99, np.uint8), "image", why)
    assert len(figure.layout.images) == 1
    assert figure.layout.images[0].source.startswith("data:image/")
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(0.5, 1.0)]
    assert [(note.text, note.x) for note in figure.layout.annotations] == [("<b>1</b>", 0.75)]
    assert figure.layout.yaxis.scaleratio == 0.5


def test_a_recording_shows_when():
    parts = [
        WeighedPart(Part("", {"start": 1.0, "end": 2.0}), 2.0),
        WeighedPart(Part("", {"start": 0.0, "end": 1.0}), 1.0),
    ]
    figure = figures.example(np.zeros(16_000, np.float32), "audio", explained({"audio": parts}))
    assert list(figure.layout.xaxis.range) == [0, 2.0]
    assert [shape.opacity for shape in figure.layout.shapes] == [0.55, 0.275]
    assert [note.text for note in figure.layout.annotations] == ["<b>1</b>", "<b>2</b>"]


def test_other_kinds_of_payload_and_payloads_without_parts_are_not_drawn():
    assert figures.example("text", "text", explained({"text": [word("text", "text", 1.0)]})) is None
    assert figures.example(np.zeros(3, np.float32), "audio", explained({})) is None
