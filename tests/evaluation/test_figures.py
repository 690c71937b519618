import numpy as np
import pytest

from kefu.evaluation import figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dress", "dress"),
        ("连衣裙和外套以及长袖衫", "连衣裙和外套以及…"),
        ("a very long name of a class", "a very long name…"),
        ("<b>&", "&lt;b&gt;&amp;"),
    ],
)
def test_labels_are_escaped_and_cut_by_the_width_of_their_glyphs(text, expected):
    assert figures.short(text) == expected


def test_every_figure_is_drawn_titled_and_in_house_style(usual):
    drawn = usual.figures
    assert set(drawn) == {
        "comparison",
        "pairs",
        "per_class",
        "combinations",
        "languages",
        "confusion",
        "reliability",
        "labels",
        "quarantine",
        "learning_text",
    }
    for name, figure in drawn.items():
        assert figure.layout.title.text, name
        assert figure.layout.height, name
        assert "CJK" in figure.layout.template.layout.font.family


def test_comparison_shows_the_score_and_its_interval(usual):
    found = usual
    table = found.tables["comparison"].set_index("name")
    figure = found.figures["comparison"]
    fusion = figure.data[0]
    names = [row[0] for row in fusion.customdata]
    late = names.index("late")
    assert fusion.x[late] == pytest.approx(table.loc["late", "macro_f1"])
    assert fusion.x[late] + fusion.error_x.array[late] == pytest.approx(table.loc["late", "macro_f1_high"])
    assert fusion.x[late] - fusion.error_x.arrayminus[late] == pytest.approx(table.loc["late", "macro_f1_low"])
    assert fusion.marker.symbol[late] == "circle"
    assert set(fusion.marker.symbol) == {"circle", "circle-open"}


def test_confusion_is_normalised_by_row_and_keeps_the_counts():
    figure = figures.confusion(np.array([[3, 1], [0, 0]]), ["a", "<b>"])
    assert np.array(figure.data[0].z)[0].tolist() == [0.75, 0.25]
    assert np.isnan(np.array(figure.data[0].z)[1]).all(), "a class without tickets has no shares"
    assert np.array(figure.data[0].text)[0].tolist() == ["3", "1"]
    assert figure.layout.xaxis.ticktext[1] == "&lt;b&gt;"
    assert figures.confusion(np.eye(30, dtype=int), [str(name) for name in range(30)]).data[0].text is None


def test_two_labels_that_are_cut_alike_stay_two(evaluated, predictions):
    names = ["a very long name of a class 1", "a very long name of a class 2"]
    figure = evaluated([predictions([0, 1], [0, 1], classes=names)]).figures["per_class"]
    assert len(figure.data[-1].y) == len(set(figure.data[-1].y)) == 2


def test_of_many_classes_the_weakest_are_shown(evaluated, predictions):
    targets = np.repeat(np.arange(60), 2)
    predicted = targets.copy()
    predicted[:2] = 59
    figure = evaluated([predictions(targets, predicted, classes=[f"class {k}" for k in range(60)])]).figures[
        "per_class"
    ]
    assert len(figure.data[-1].y) == figures.MOST_CLASSES_IN_FULL
    assert figure.layout.yaxis.ticktext[0] == "class 0"


def test_gaps_in_a_history_are_left_out(history):
    figure = figures.learning(history, "text")
    assert [list(trace.x) for trace in figure.data] == [[1, 2, 3], [1, 3], [1, 2, 3]]
    blank = figures.learning(history.assign(validation_macro_f1=float("nan")), "text")
    assert [trace.name for trace in blank.data] == ["Training", "Validation"]
    unjudged = figures.learning(history.assign(validation_macro_f1=float("nan"), validation_loss=float("nan")), "text")
    assert [trace.name for trace in unjudged.data] == ["Training"]
    assert unjudged.layout.xaxis.title.text == "Epoch"
    assert "yaxis2" not in unjudged.layout
