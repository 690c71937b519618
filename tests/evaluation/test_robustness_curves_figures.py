import numpy as np
import pytest

from kefu import modalities
from kefu.evaluation.analysis import Analysis
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.corruption_samples import picture_samples, text_samples
from kefu.evaluation.report import read_words, render_report
from kefu.evaluation.robustness_curves import ALONE, FUSION, Curve, area_table, score_curve, weakest
from kefu.evaluation.robustness_curves_figures import draw_curve

HOSTILE = "<script>alert('连衣裙')</script> 我要退款"


def scored_curve(levels=(0.0, 10.0, 20.0), num_customers=60):
    """Every severity costs another fifth of the answers; a modality alone is right half of the time."""
    targets = np.arange(60) % 3
    falling = [np.where(np.arange(60) < 12 * severity, (targets + 1) % 3, targets) for severity in range(len(levels))]
    half = np.where(np.arange(60) < 30, targets, (targets + 1) % 3)
    answers = {FUSION: np.array(falling)[:, None], ALONE: np.array([half] * len(levels))[:, None]}
    axis = np.array(levels)
    curve = Curve(
        "text",
        "typos",
        "Mistyped characters, %",
        tuple(levels),
        tuple(f"{level:g}" for level in levels),
        (axis - axis[0]) / (axis[-1] - axis[0]),
        targets,
        np.arange(60) % num_customers,
        answers,
        guess=0,
    )
    return score_curve(curve, 3, Resampling(resamples=50))


@pytest.fixture
def scored():
    return scored_curve()


@pytest.fixture
def shown():
    picture = np.full((8, 8, 3), 90, np.uint8)
    return {"text": [("t1", HOSTILE)], "image": [("t1", picture)], "audio": [("t1", np.ones(9, np.float32))]}


def test_a_curve_shows_both_models_with_bands_and_the_guess(scored):
    figure = draw_curve(scored)
    named = {trace.name: trace for trace in figure.data if trace.name}
    assert set(named) == {"Fusion", "Text alone", "Mere guess"}
    assert list(named["Fusion"].y) == scored.points["macro_f1"][:3].tolist()
    assert len({trace.line.dash for trace in named.values()}) == 3, "not told apart by colour alone"
    assert sum(trace.fill == "toself" for trace in figure.data) == 2
    assert figure.layout.title.text == "Text: typos"


def test_worse_is_always_to_the_right():
    falling = draw_curve(scored_curve(levels=(100, 50, 5)))
    assert falling.layout.xaxis.range[0] > falling.layout.xaxis.range[1]


def test_levels_too_close_to_read_are_not_named():
    figure = draw_curve(scored_curve(levels=(0, 2, 20, 28, 30)))
    assert list(figure.layout.xaxis.ticktext) == ["0", "", "20", "", "30"]


def test_few_customers_have_no_band():
    figure = draw_curve(scored_curve(num_customers=3))
    assert not [trace for trace in figure.data if trace.fill]


def test_samples_show_pictures_and_texts_and_leave_out_sounds(shown):
    sheets = picture_samples(shown, seed=0)
    assert list(sheets) == ["samples_image"]
    corruptions = modalities.get("image").CORRUPTIONS
    assert len(sheets["samples_image"].layout.images) == sum(1 + len(one.levels) for one in corruptions)
    table = text_samples(shown, seed=0)
    assert table["level"].tolist() == ["0", "2", "5", "10", "20", "30"]
    assert table["sample"][0] == HOSTILE
    assert table["sample"][5] != HOSTILE
    assert picture_samples({"image": [], "text": []}, 0) == {}
    assert text_samples({}, 0).empty


def test_the_section_escapes_what_users_wrote_and_renders_without_a_curve(usual, scored, shown):
    metrics = {"tickets": 60, "of": 70, "draws": 10, "weakest": weakest([scored])}
    tables = {"areas": area_table([scored]), "samples": text_samples(shown, 0)}
    full = Analysis(metrics, {"text_typos": draw_curve(scored)} | picture_samples(shown, 0), tables)
    none = {"areas": area_table([]), "samples": text_samples({}, 0)}
    for found in (full, Analysis(metrics | {"weakest": None}, {}, none)):
        page = render_report(
            usual, title="t", synthetic=False, contact_sheets={}, facts={}, analyses={"robustness_curves": found}
        )
        assert 'id="robustness_curves"' in page
        assert "<script>alert(" not in page
        if found is full:
            assert "60 of 70 tickets" in page
            assert "文本：错别字" in page
            assert page.count('data-figure="figure-robustness_curves-') == 2


def test_everything_is_there_in_chinese_too(scored):
    words = read_words()
    columns = [name for name in area_table([scored]) if not name.endswith(("_low", "_high"))]
    assert {*columns, "level", "sample"} <= words["columns"].keys()
    for name in modalities.MODALITIES:
        assert f"{name.capitalize()} alone" in words["charts"]
        assert f"{name.capitalize()}: missing" in words["charts"]
        for corruption in modalities.get(name).CORRUPTIONS:
            assert {corruption.axis, f"{name.capitalize()}: {corruption.name}"} <= words["charts"].keys()
            assert set(corruption.name.split()) <= words["cells"].keys()
    assert {"Any modality: missing", "Missing, %", "Fusion", "Mere guess"} <= words["charts"].keys()
