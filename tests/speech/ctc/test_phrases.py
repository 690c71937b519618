import pytest

from kefu.speech.ctc.phrases import PhraseParameters, find_clauses, gather_phrases

ARTICLE = """---
article_id: refunds/how-long
title: 退款多久到账
---

退款一般三天到账，**信用卡**要久一些。See [[refunds/missing]] or call us。
订单{order_number}已退款
"""
PLAYBOOK = 'examples:\n  en: [I want my money back]\n  zh:\n    - 我要退款\n    - "请把钱退给我"\n'


def test_clauses_are_found_in_any_format() -> None:
    assert list(find_clauses([ARTICLE])) == ["退款多久到账", "退款一般三天到账", "信用卡", "要久一些"]
    assert list(find_clauses([PLAYBOOK])) == ["- 我要退款", "请把钱退给我"]
    assert list(find_clauses(["question,language\n退款呢,zh"])) == ["退款呢"]


def test_places_paths_and_foreign_words_are_not_said() -> None:
    texts = ["订单{order_number}到了，看 conf/退款，发到a@b.cn，下载Kefubox吧，换XL码"]
    assert list(find_clauses(texts)) == ["换XL码"]
    assert list(find_clauses(["", "No Chinese at all.", "12345，"])) == []


def customers(count: int) -> list[tuple[str, str]]:
    return [(f"等了{number}天", "等了{days}天") for number in range(1, count)] + [
        (f"我要退款{number}元", "我要退款{amount}元") for number in range(1, count)
    ]


def test_what_has_one_source_is_in_one_split() -> None:
    phrases = gather_phrases([ARTICLE], customers(30), PhraseParameters(drill_phrases=0), 0)
    splits: dict[str, set[str]] = {}
    for phrase in phrases:
        splits.setdefault(phrase.source, set()).add(phrase.split)
    assert len(splits) == 6
    assert all(len(found) == 1 for found in splits.values())
    assert len({phrase.spoken for phrase in phrases}) == len(phrases)


def test_shares_are_kept_and_another_seed_is_another_split() -> None:
    texts = ["，".join(f"退款{'一二三四五六七八九'[i % 9]}{'天号元个块月年次件'[i // 9 % 9]}" for i in range(81))]
    params = PhraseParameters(test_share=0.3, validation_share=0.2, drill_phrases=0)
    first, again, other = (gather_phrases(texts, [], params, seed) for seed in (0, 0, 1))
    assert first == again != other
    share = sum(phrase.split == "test" for phrase in first) / len(first)
    assert 0.15 < share < 0.45
    assert {phrase.split for phrase in first} == {"train", "validation", "test"}


def test_what_is_too_long_too_short_or_cannot_be_said_is_left_out() -> None:
    params = PhraseParameters(min_symbols=3, max_symbols=5, drill_phrases=0)
    phrases = gather_phrases(["退款，我要退款，我要退款到银行卡，小孩儿，十八元"], [], params, 0)
    assert [phrase.spoken for phrase in phrases] == ["我要退款", "十八元"]


def test_the_first_source_of_a_phrase_counts() -> None:
    phrases = gather_phrases(["我要退款"], [("我要退款！", "我要{what}")], PhraseParameters(drill_phrases=0), 0)
    assert [(phrase.spoken, phrase.source, phrase.kind) for phrase in phrases] == [("我要退款", "我要退款", "shop")]
    assert gather_phrases([], [], PhraseParameters(), 0) == []


def test_no_drill_is_a_phrase_or_said_twice() -> None:
    few = ["，".join(f"{a}{b}{c}" for a in "二三四" for b in "二三四" for c in "二三四")]
    phrases = gather_phrases(few, [], PhraseParameters(drill_phrases=100, test_share=0.3, max_symbols=4), 0)
    assert len({phrase.spoken for phrase in phrases}) == len(phrases)
    assert {len(phrase.spoken) for phrase in phrases if phrase.kind == "drill"} == {4}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"test_share": 0.5, "validation_share": 0.5}, "must be less than 1, or nothing is left to train on"),
        ({"min_symbols": 5, "max_symbols": 4}, "min_symbols must not exceed max_symbols"),
    ],
)
def test_parameters_that_leave_nothing_are_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PhraseParameters.model_validate(given)


def test_drills_are_of_what_training_says() -> None:
    params = PhraseParameters(drill_phrases=50, test_share=0.4)
    phrases = gather_phrases([ARTICLE, PLAYBOOK], customers(9), params, 0)
    drills = [phrase for phrase in phrases if phrase.kind == "drill"]
    known = {symbol for p in phrases if p.kind != "drill" and p.split == "train" for symbol in p.spoken}
    assert len(drills) > 30
    assert all(drill.split == "train" and set(drill.spoken) <= known for drill in drills)
    assert len({phrase.split for phrase in phrases}) > 1
