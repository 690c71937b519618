from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.assistant.grounding import coverage, find_answers, quote, split_sentences
from kefu.knowledge import Passage


def passage(text: str, title: str = "", language: str = "en") -> Passage:
    return Passage(article_id="a", language=language, title=title, text=text, score=1)


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Is the mug dishwasher safe?", "Mugs go into the dishwasher.", 2 / 3),
        ("Is the mug dishwasher safe?", "The mug is blue.", 0),
        ("mug", "The mug is blue.", 1),
        ("refunds?", "A refund takes a week.", 1),
        ("杯子能进洗碗机吗", "杯子能进洗碗机。", 1),
        ("你好吗", "杯子能进洗碗机", 0),
        ("", "anything", 0),
    ],
)
def test_coverage_is_the_share_of_the_questions_words(question: str, text: str, expected: float) -> None:
    assert coverage(question, passage(text)) == pytest.approx(expected)


def test_the_title_counts() -> None:
    assert coverage("dishwasher mug", passage("It goes in.", title="Mug and dishwasher")) == 1


def test_only_sure_answers_are_returned(knowledge: Any) -> None:
    found = find_answers(knowledge, "is the mug fit for the dishwasher", "en", min_coverage=0.5)
    assert [one.article_id for one in found] == ["products/mug"]
    assert find_answers(knowledge, "who won the match", "en", min_coverage=0.5) == []
    assert find_answers(knowledge, "  ", "en", min_coverage=0.0) == []


def test_the_fitting_sentences_are_quoted() -> None:
    found = quote(
        passage("# Mug\nIt is blue. It holds tea. It goes into the **dishwasher**. Yes."), "dishwasher tea", 2
    )
    assert found == ("It holds tea.", "It goes into the dishwasher.")


def test_markdown_is_taken_off() -> None:
    assert split_sentences("## Head\n- one thing,\n- [another](http://x)\n\n1. Third. Fourth!") == [
        "one thing,",
        "another",
        "Third.",
        "Fourth!",
    ]
    assert split_sentences("拍照发给我们。换新或退款。") == ["拍照发给我们。", "换新或退款。"]


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=30), st.integers(1, 3))
def test_any_text_is_fine(text: str, question: str, max_sentences: int) -> None:
    assert 0 <= coverage(question, passage(text)) <= 1
    assert len(quote(passage(text), question, max_sentences)) <= max_sentences
