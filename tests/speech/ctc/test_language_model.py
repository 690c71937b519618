import math

import pytest

from kefu.speech.ctc.language_model import END, LanguageModel

PHRASES = ("我要退款", "我要退货", "我要发票")
SYMBOLS = sorted({*"".join(PHRASES), END})


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("before", ["", "我", "我要", "票货"])
def test_probabilities_sum_to_one(order: int, before: str) -> None:
    model = LanguageModel.fit(PHRASES, order)
    total = sum(math.exp(model.log_probability(symbol, model.context(before))) for symbol in SYMBOLS)
    assert total == pytest.approx(1)


def test_two_contexts_by_hand() -> None:
    model = LanguageModel.fit(["ab"], 2)
    # uniform 1/3; as unigram (1 + 3 * 1/3) / 6; behind a (1 + 1 * 1/3) / 2
    assert math.exp(model.log_probability("b", model.context(""))) == pytest.approx((0 + 1 * (1 / 3)) / 2)
    assert math.exp(model.log_probability("b", model.context("a"))) == pytest.approx((1 + 1 / 3) / 2)


def test_what_was_seen_is_more_probable_and_nothing_is_impossible() -> None:
    model = LanguageModel.fit(PHRASES, 3)
    context = model.context("我要")
    refund, never = (model.log_probability(symbol, context) for symbol in ("退", "们"))
    assert refund > model.log_probability("款", context) > -math.inf
    assert -math.inf < never < refund


def test_contexts_are_as_long_as_they_matter() -> None:
    model = LanguageModel.fit(PHRASES, 3)
    assert model.context("") == END * 2
    assert model.context("我") == f"{END}我"
    assert model.context("我要退") == "要退"
    assert LanguageModel.fit(PHRASES, 1).context("我要") == ""


def test_perplexity_is_lower_for_what_was_learned() -> None:
    model = LanguageModel.fit(PHRASES, 3)
    assert model.perplexity(PHRASES) < 3 < model.perplexity(["票货款我"])
    assert math.isnan(model.perplexity([]))


def test_it_comes_back_from_json() -> None:
    model = LanguageModel.fit(PHRASES, 3)
    again = LanguageModel.from_json(model.to_json())
    assert again == model
    assert again.log_probability("退", "我要") == model.log_probability("退", "我要")
