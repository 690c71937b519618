import shutil
from pathlib import Path
from typing import Any

import pytest

from kefu.assistant.messages import Act, HandOverReason
from kefu.assistant.shop import Shop
from kefu.assistant.yaml_files import ShopError


def changed(shop_folder: Path, tmp_path: Path, more: str) -> Path:
    copy = tmp_path / "shop"
    shutil.copytree(shop_folder, copy)
    with (copy / "assistant.yml").open("a", encoding="utf-8") as file:
        file.write(more)
    return copy


def test_a_shop_adds_phrases_and_replaces_sayings(shop_folder: Path, tmp_path: Path) -> None:
    shop = Shop.load(
        changed(
            shop_folder,
            tmp_path,
            "phrases: {greeting: {en: [ahoy], zh: [老乡]}}\nsayings: {thanks: {en: [Any time.], zh: [应该的。]}}\n",
        )
    )
    assert shop.phrases.find("ahoy") == shop.phrases.find("hello") == {Act.GREETING}
    assert shop.say("thanks", "zh") == ("应该的。",)
    assert shop.say("goodbye", "en")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("phrases: {greetings: {en: [a], zh: [b]}}\n", "phrases.greetings: there are no such phrases; did you mean"),
        ("sayings: {hallo: {en: [a], zh: [b]}}\n", "sayings.hallo: there are no such sayings"),
        ("thresholds: {margin: 2}\n", "thresholds.margin: should be less than or equal to 1"),
    ],
)  # fmt: skip
def test_mistakes_in_the_shops_file_are_told(shop_folder: Path, tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(ShopError) as error:
        Shop.load(changed(shop_folder, tmp_path, more))
    assert message in str(error.value)


def test_every_hand_over_has_its_words(shop: Shop) -> None:
    for reason in HandOverReason:
        assert shop.say(f"hand_over_{reason.value}", "en")
        assert shop.say(f"hand_over_{reason.value}", "zh")


def test_every_act_has_phrases_in_both_languages(shop: Shop) -> None:
    for act in Act:
        phrases = shop.phrases.acts[act]
        assert any(phrase.isascii() for phrase in phrases)
        assert any(not phrase.isascii() for phrase in phrases)


def test_a_title_is_known_in_either_language(shop: Shop) -> None:
    assert shop.intent_of_title(" an Invoice ") == shop.intent_of_title("开发票") == "invoice"
    assert shop.intent_of_title("invoice?") is None


def test_examples_hold_the_words_of_options(shop: Shop) -> None:
    assert "A new one" in shop.examples("en")
    assert "换新的" in shop.examples("zh")


def test_a_citation_without_its_article_is_told(shop: Shop, knowledge: Any) -> None:
    shop.check_citations(knowledge)
    without = type(knowledge)([one for one in knowledge.articles if one.article_id != "delivery/late"])
    with pytest.raises(ShopError, match=r"playbooks/late_delivery.yml cites \[\[delivery/late\]\]"):
        shop.check_citations(without)


def test_an_example_counts_where_it_is_half_of_what_is_said(shop: Shop) -> None:
    assert shop.intent_of_example("Hello, I got no papers!") == "invoice"
    assert shop.intent_of_example("您好，没有票据") == "invoice"
    assert shop.intent_of_example("The kettle is broken, the box was crushed, and I got no papers") is None
    assert shop.intent_of_example("papers") is None


def test_a_recogniser_expects_what_customers_of_its_language_say(shop: Shop) -> None:
    english, chinese = set(shop.spoken("en")), set(shop.spoken("zh"))
    assert {"An invoice", "I got no papers", "A new one", "yes please"} <= english
    assert {"开发票", "没有票据", "换新的", "好的"} <= chinese
    assert not english & chinese


def test_a_number_alone_is_not_expected_in_english(shop: Shop) -> None:
    """Else an order number that is spoken would be taken for the complaint hotline, and so for anger."""
    assert "12315" in shop.phrases.acts[Act.ANGER]
    assert "12315" not in shop.spoken("en")
