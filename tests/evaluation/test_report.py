import re
from html.parser import HTMLParser

import numpy as np
import plotly.graph_objects as go
import pytest

from kefu.evaluation.contact_sheet import picture_sheet, spectrogram_sheet, text_sheet
from kefu.evaluation.html_page import UNSHOWN, read_words
from kefu.evaluation.report import SECTIONS, render_report

HOSTILE = "<script>alert('连衣裙')</script>"


class Page(HTMLParser):
    """Reads text, elements and what each script holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._inside = tag
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += data


@pytest.fixture
def render(usual):
    def run(found=None, **given) -> str:
        arguments = {"title": "客服", "synthetic": False, "contact_sheets": {}, "facts": {}}
        return render_report(found or usual, **(arguments | given))

    return run


def test_the_page_is_whole_and_reaches_for_nothing(render):
    page = Page(render())
    assert not [attrs for tag, attrs in page.elements if tag in ("link", "img", "iframe", "script") and "src" in attrs]
    assert not [tag for tag, _ in page.elements if tag == "link"]
    policy = next(attrs["content"] for tag, attrs in page.elements if attrs.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert ("html", {"lang": "en"}) in page.elements
    assert sum(tag == "h1" for tag, _ in page.elements) == 1
    assert sum(len(script) > 1_000_000 for script in page.scripts) == 1, "plotly.js is there once"


def test_every_chart_has_its_figure_and_a_name(render):
    sheets = {"image": picture_sheet([(np.zeros((4, 4, 3), np.uint8), [np.zeros((4, 4, 3), np.uint8)])])}
    page = Page(render(contact_sheets=sheets))
    charts = [attrs for _, attrs in page.elements if attrs.get("class") == "chart"]
    ids = [attrs["id"] for tag, attrs in page.elements if tag == "script" and "id" in attrs]
    assert len(charts) == 11
    assert {chart["data-figure"] for chart in charts} <= set(ids)
    assert all(chart["aria-label"] and chart["role"] == "img" for chart in charts)
    links = {attrs["href"][1:] for tag, attrs in page.elements if tag == "a"}
    assert links <= {attrs.get("id") for _, attrs in page.elements}


def test_the_headline_says_what_was_measured(render, usual):
    found = usual
    text = Page(render(found)).text
    assert f"{found.metrics['macro_f1']:.3f}" in text
    assert f"{100 * found.metrics['accuracy']:.1f}%" in text
    assert (
        f"Of 100 tickets it has never seen, the late fusion sends about {100 * found.metrics['accuracy']:.0f}" in text
    )
    assert "points more in macro-F1 than" in text
    for name in ("late", "early", "text", "image"):
        assert re.search(rf"\b{name}\b", text)


def test_synthetic_data_says_so_and_real_data_does_not(render):
    assert "Synthetic data." in Page(render(synthetic=True)).text
    assert "Synthetic data." not in Page(render(synthetic=False)).text


def test_what_a_user_wrote_is_text_everywhere(render, evaluated, predictions, quarantine, history):
    late = predictions(
        [0, 1, 1], [0, 1, 0], classes=[HOSTILE, "外套"], language=[HOSTILE, "zh", "zh"], ticket_id=[HOSTILE, "b", "c"]
    )
    found = evaluated(
        [late], quarantine=quarantine.assign(reason=HOSTILE, modality=HOSTILE), histories={HOSTILE: history}
    )
    sheets = {HOSTILE: text_sheet([(HOSTILE, HOSTILE)])}
    page = render(found, title=HOSTILE, facts={HOSTILE: HOSTILE}, contact_sheets=sheets)
    assert "<script>alert" not in page
    assert "alert('连衣裙')" in Page(page).text
    assert not [script for script in Page(page).scripts if script.startswith("alert")]


def test_a_figure_cannot_end_the_script_it_stands_in(render):
    sheet = go.Figure(go.Scatter(x=[1], y=[1], text=["</script><script>alert(1)</script>"]))
    page = render(contact_sheets={"audio": sheet})
    assert "<script>alert(1)" not in page
    assert "alert(1)" in page


def test_facts_and_texts_stand_in_the_page(render):
    sheets = {
        "audio": spectrogram_sheet([(np.zeros((8, 10)), [np.ones((8, 10))])], hop_seconds=0.01),
        "text": text_sheet([("我要退货", "我想退货")]),
    }
    page = Page(render(facts={"Command": "kedro run --pipeline train_fusion"}, contact_sheets=sheets))
    assert "kedro run --pipeline train_fusion" in page.text
    assert "我想退货" in page.text
    assert "Augmentation" in page.text


def test_the_poorest_evaluation_still_renders(render, evaluated, predictions, quarantine):
    poorest = predictions([0], [0], classes=["唯一"], customer_id=[""], language=[""])
    found = evaluated([poorest], histories={}, quarantine=quarantine.iloc[:0])
    text = Page(render(found)).text
    assert "Nothing was quarantined." in text
    assert "Nothing was confused." in text
    assert "one customer" in text
    assert "nan" not in text.lower().split()


def test_one_modality_nobody_has_renders(render, evaluated, predictions):
    late = predictions([0, 1, 2], [0, 1, 1])
    nobody = predictions([0], [0], name="audio", kind="modality", has_audio=[True]).select(np.array([], dtype=int))
    assert "audio" in Page(render(evaluated([late, nobody]))).text


CHINESE = re.compile(r"[\u4e00-\u9fff]")
IN_BOTH = {"p", "F1", "ECE", "Brier"}


def words_of_charts(found):
    for figure in found.figures.values():
        drawing = figure.to_dict()
        axes = [axis for name, axis in drawing["layout"].items() if re.match(r"[xy]axis", name)]
        yield from (axis["title"]["text"] for axis in axes if axis.get("title", {}).get("text"))
        yield drawing["layout"]["title"]["text"]
        yield from (trace["name"] for trace in drawing["data"] if trace.get("name"))


def test_everything_kefu_writes_is_there_in_chinese_too(usual):
    words = read_words()
    said = {word for word in words_of_charts(usual) if word not in {*usual.metrics["data"]["splits"], *IN_BOTH}}
    assert {word for word in said if word not in words["charts"]} == set()
    columns = {name for table in usual.tables.values() for name in table if not name.endswith(("_low", "_high"))}
    missing = columns - words["columns"].keys() - set(UNSHOWN)
    assert {name for name in missing if not name.startswith("has_")} == set()
    for english, chinese in words["columns"].values():
        assert CHINESE.search(chinese) or english in IN_BOTH
    for section in SECTIONS:
        assert CHINESE.search(section.title[1])


def test_both_languages_say_the_same_number_of_things(render):
    page = Page(render())
    texts = [attrs["lang"] for _, attrs in page.elements if attrs.get("class") == "t"]
    assert texts.count("en") == texts.count("zh") > 50
    assert "在从未见过的 100 张工单中，late 融合模型" in page.text


def test_a_chart_without_chinese_words_keeps_its_english(render):
    sheet = go.Figure(go.Scatter(x=[1], y=[1]), layout={"title": {"text": "Not translated"}})
    assert "<figcaption>Not translated</figcaption>" in render(contact_sheets={"audio": sheet})
