import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.assistant.acts import Phrases, own_words, split_words
from kefu.assistant.messages import Act
from kefu.assistant.shop import Shop


@pytest.fixture(scope="module")
def phrases(shop: Shop) -> Phrases:
    return shop.phrases


@pytest.mark.parametrize(
    ("text", "acts"),
    [
        ("Hello!", {Act.GREETING}),
        ("您好", {Act.GREETING}),
        ("Thanks a lot, bye", {Act.THANKS, Act.GOODBYE}),
        ("谢谢，再见", {Act.THANKS, Act.GOODBYE}),
        ("Yes, please!", {Act.YES}),
        ("Hello, yes", {Act.GREETING, Act.YES}),
        ("Thanks. Yes.", {Act.THANKS, Act.YES}),
        ("ＯＫ", {Act.YES}),
        ("Yes, please refund it to my card", {Act.YES}),
        ("没错，帮我办理", {Act.YES}),
        ("好的，谢谢", {Act.YES, Act.THANKS}),
        ("No thanks", {Act.NO}),
        ("不用了", {Act.NO}),
        ("不是", {Act.NO}),
        ("I want to talk to a person", {Act.PERSON}),
        ("转人工！", {Act.PERSON}),
        ("This is ridiculous", {Act.ANGER}),
        ("气死我了", {Act.ANGER}),
        ("and this one?", {Act.FOLLOW_UP}),
        ("那这个呢？", {Act.FOLLOW_UP}),
    ],
)
def test_acts_are_found(phrases: Phrases, text: str, acts: set[Act]) -> None:
    assert phrases.find(text) == acts


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("I am not angry at all", Act.ANGER),
        ("I'm not even a bit angry", Act.ANGER),
        ("我没有生气", Act.ANGER),
        ("并不想投诉", Act.ANGER),
        ("No need to talk to a person", Act.PERSON),
        ("不用转人工", Act.PERSON),
        ("Not yet, yes", Act.YES),
        ("The reset mail got no answer", Act.NO),
        ("I got a yes from my bank", Act.YES),
        ("yes, but to another address", Act.YES),
        ("yes?", Act.YES),
        ("好的，不过先等一下", Act.YES),
        ("可以吗？", Act.YES),
        ("对了，不是这个地址", Act.YES),
        ("right now it is lost", Act.YES),
        ("sure you have not lost it", Act.YES),
        ("要等三天", Act.YES),
        ("My colleague said yes", Act.YES),
        ("“Yes” is what you want to hear", Act.YES),
        ('"yes"', Act.YES),
        ("> Yes, please\nthat is what I wrote", Act.YES),
        ("「好的」", Act.YES),
        ("-----Original Message-----\nyes", Act.YES),
        ("The operatorless shop", Act.PERSON),
        ("国道上的包裹", Act.YES),
    ],
)
def test_what_only_looks_like_an_act_is_none(phrases: Phrases, text: str, absent: Act) -> None:
    assert absent not in phrases.find(text)


@pytest.mark.parametrize("text", ["hello, yes please", "it is", "订单号是", "Thank you!", "", "好的，谢谢", "..."])
def test_pure_messages_say_nothing_else(phrases: Phrases, text: str) -> None:
    assert phrases.is_pure(text)


@pytest.mark.parametrize("text", ["hello, my mug is broken", "好的，杯子呢", "this is a scam", "yes the lamp"])
def test_other_messages_are_not_pure(phrases: Phrases, text: str) -> None:
    assert not phrases.is_pure(text)


@settings(deadline=None)
@given(text=st.text(max_size=80))
def test_a_yes_is_never_a_no(shop: Shop, text: str) -> None:
    assert not {Act.YES, Act.NO} <= shop.phrases.find(text)


@settings(deadline=None)
@given(text=st.text(max_size=40), marks=st.sampled_from(["“{}”", "「{}」", "> {}"]))
def test_quotations_hold_no_acts(shop: Shop, text: str, marks: str) -> None:
    quoted = marks.format(text.translate({ord(mark): None for mark in "”」\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"}))
    assert not shop.phrases.find(quoted)


def test_own_words_are_what_is_left_of_quotations() -> None:
    assert own_words("I said 'no'\n> yes\nIt's mine").split() == ["I", "said", "It's", "mine"]


def test_words_are_levelled() -> None:
    assert split_words("I’M Ｎot 好的!") == ["i'm", "not", "好", "的"]
