import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.demo.intents import Intent
from kefu.knowledge import Article, KnowledgeBase

DEMO = Path(__file__).parents[2] / "conf" / "assistant" / "demo" / "knowledge"


def article(article_id, language, title, text, *intents):
    return Article(article_id=article_id, language=language, title=title, text=text, intents=intents)


@pytest.fixture(scope="module")
def knowledge():
    return KnowledgeBase(
        [
            article("refund", "en", "Refunds", "Money comes back in five days.", "refund"),
            article("refund", "zh", "退款", "五天到账。", "refund"),
            article(
                "kettle",
                "en",
                "Kettle",
                "Boils water in minutes.\n\n## Care\n\nDescale it monthly.",
                "product_question",
            ),
            article("kettle", "zh", "水壶", "几分钟烧开。\n\n## 保养\n\n每月除垢一次。", "product_question"),
            article("vat", "zh", "专票", "增值税专用发票要审核。", "invoice"),
            article("duty", "en", "Customs", "Customs may ask for money.", "invoice"),
        ]
    )


def found(passages):
    return [(passage.article_id, passage.language) for passage in passages]


def test_the_best_passage_of_each_article_comes_by_score(knowledge):
    passages = knowledge.search("descale the kettle, or money back", "en")
    assert found(passages) == [("kettle", "en"), ("refund", "en"), ("duty", "en")]
    assert passages[0].title == "Kettle: Care"
    assert passages[0].text == "Descale it monthly."
    assert [passage.score for passage in passages] == sorted((passage.score for passage in passages), reverse=True)


def test_words_of_the_title_count_for_more():
    cups = KnowledgeBase([article("a", "en", "Lamp", "cup"), article("b", "en", "Cup", "lamp")])
    assert found(cups.search("cup", "en")) == [("b", "en"), ("a", "en")]


def test_what_customers_say_is_searched_and_not_shown():
    lamp = article("a", "en", "Damage", "Send a picture.").model_copy(update={"asked": ("came in pieces",)})
    (passage,) = KnowledgeBase([lamp]).search("it is in pieces", "en")
    assert passage.title + passage.text == "DamageSend a picture."


def test_limit_is_kept(knowledge):
    assert found(knowledge.search("descale the kettle, or money back", "en", limit=1)) == [("kettle", "en")]
    assert knowledge.search("kettle", "en", limit=0) == []


def test_chinese_finds_chinese(knowledge):
    assert found(knowledge.search("退款几天到账？", "zh"))[0] == ("refund", "zh")


def test_what_is_found_in_one_language_is_given_in_the_other(knowledge):
    (passage,) = knowledge.search("descale", "zh")
    assert (passage.title, passage.text) == ("水壶：保养", "每月除垢一次。")
    (passage,) = knowledge.search("除垢", "en")
    assert passage.text == "Descale it monthly."


def test_both_languages_of_a_mixed_question_count(knowledge):
    assert found(knowledge.search("refund 除垢 kettle", "zh"))[0] == ("kettle", "zh")
    assert found(knowledge.search("refund 退款 kettle", "zh"))[0] == ("refund", "zh")


def test_without_a_twin_an_article_comes_as_it_is(knowledge):
    assert found(knowledge.search("customs duty", "zh")) == [("duty", "en")]
    assert found(knowledge.search("专票 审核", "en"))[0] == ("vat", "zh")


def test_an_intent_prefers_its_articles_and_bars_none(knowledge):
    by_words = [("duty", "en"), ("refund", "en")]
    assert found(knowledge.search("money", "en")) == by_words
    assert found(knowledge.search("money", "en", intent="refund")) == by_words[::-1]
    assert found(knowledge.search("money", "en", intent="unheard of")) == by_words


def test_equals_come_by_article_id():
    twins = KnowledgeBase([article(name, "en", "Cup", "red") for name in "cab"])
    assert found(twins.search("cup", "en", limit=2)) == [("a", "en"), ("b", "en")]


@pytest.mark.parametrize("query", ["", "   ", "zzz", "🙂", "?"])
def test_without_a_word_in_common_nothing_is_found(knowledge, query):
    assert knowledge.search(query, "en") == []


def test_articles_by_id(knowledge):
    assert knowledge.article("refund", "zh").title == "退款"
    assert knowledge.article("vat", "en").language == "zh"
    assert knowledge.article("nothing", "en") is None


@given(st.text(max_size=80), st.sampled_from(["en", "zh"]))
def test_any_question_is_fine(knowledge, query, language):
    passages = knowledge.search(query, language)
    assert len({passage.article_id for passage in passages}) == len(passages) <= 5
    assert all(passage.score > 0 for passage in passages)


def test_a_folder_is_loaded_and_what_is_left_out_is_logged(tmp_path, caplog):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.md").write_text("---\narticle_id: a\ntitle: Cups\n---\nRed cups.\n")
    (tmp_path / "en" / "b.md").write_text("")
    with caplog.at_level(logging.WARNING):
        knowledge = KnowledgeBase.load(tmp_path)
    assert found(knowledge.search("cup", "zh")) == [("a", "en")]
    assert knowledge.faults == ("en/b.md: is empty; write the article or delete the file",)
    assert "en/b.md: is empty" in caplog.text


class TestDemo:
    @pytest.fixture(scope="class")
    def demo(self):
        return KnowledgeBase.load(DEMO)

    def test_every_article_has_a_twin_of_the_same_intents(self, demo):
        assert demo.faults == ()
        by_language = {
            language: {item.article_id: item.intents for item in demo.articles if item.language == language}
            for language in ("en", "zh")
        }
        assert by_language["en"] == by_language["zh"]
        assert len(by_language["en"]) >= 40

    def test_every_label_has_articles_and_no_other(self, demo):
        assert {intent for item in demo.articles for intent in item.intents} == set(Intent)

    @pytest.mark.parametrize(
        ("query", "language", "article_id"),
        [
            ("my card was declined", "en", "payment/declined"),
            ("how do I descale the kettle", "en", "products/kettle"),
            ("收不到验证码", "zh", "account/code"),
            ("水壶能放电磁炉上吗", "zh", "products/kettle"),
        ],
    )
    def test_plain_questions_find_their_article(self, demo, query, language, article_id):
        assert demo.search(query, language)[0].article_id == article_id
