import re

import numpy as np
import pytest

from kefu.demo import chinese, english
from kefu.demo.intents import CONFUSIONS, VAGUE, Evidence, Intent
from kefu.demo.text import draw_matter, write_text

ALL_EVIDENCE = [frozenset({intent}) for intent in Intent] + [*CONFUSIONS["text"], VAGUE]


def write(evidence: Evidence, language: str, seed: int, typo_share: float = 0.3) -> str:
    rng = np.random.default_rng(seed)
    return write_text(evidence, language, draw_matter(rng), typo_share, rng)


@pytest.mark.parametrize("grammar", [english, chinese])
def test_both_languages_can_say_everything(grammar: object) -> None:
    assert set(grammar.TEXT) == set(ALL_EVIDENCE)
    assert set(grammar.SPOKEN) == {frozenset({intent}) for intent in Intent} | {*CONFUSIONS["audio"], VAGUE}
    assert set(grammar.PRODUCTS) == set(english.PRODUCTS)
    assert set(grammar.COLOURS) == set(english.COLOURS)


@pytest.mark.parametrize("grammar", [english, chinese])
def test_no_sentence_stands_for_two_kinds_of_evidence(grammar: object) -> None:
    for table in (grammar.TEXT, grammar.SPOKEN):
        sentences = [sentence for choices in table.values() for sentence in choices]
        assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_of_the_grammar_is_left_in_the_text(language: str) -> None:
    for seed in range(300):
        text = write(ALL_EVIDENCE[seed % len(ALL_EVIDENCE)], language, seed)
        assert text.strip()
        assert not re.search(r"[\[\]{}|]", text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_are_various(language: str) -> None:
    texts = {write(frozenset({Intent.REFUND}), language, seed) for seed in range(200)}
    assert len(texts) > 190


def test_languages_look_their_part() -> None:
    han = re.compile("[一-鿿]")
    chinese_texts = [write(frozenset({Intent.LOGIN}), "zh", seed) for seed in range(50)]
    assert all(len(han.findall(text)) >= 4 for text in chinese_texts)
    english_texts = [write(frozenset({Intent.LOGIN}), "en", seed) for seed in range(50)]
    assert all(len(han.findall(text)) <= 4 for text in english_texts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_typos_change_some_texts_and_only_if_asked_for(language: str) -> None:
    evidence = frozenset({Intent.PAYMENT_FAILED})
    changed = [write(evidence, language, seed, 1.0) != write(evidence, language, seed, 0.0) for seed in range(60)]
    assert sum(changed) > 40
