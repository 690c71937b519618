import pytest

from kefu.modalities.contract import Part
from kefu.modalities.text.clean import Cleaning
from kefu.modalities.text.parts import Parts, hide_part, split_parts


def names(text: str, **params) -> list[str]:
    return [part.name for part in split_parts(text, Cleaning(), Parts(**params))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Where's my re-fund, 12 days?", ["Where's", "my", "re-fund", "12", "days"]),
        ("我要退款！", ["我", "我要", "要退", "退款", "款"]),
        ("T恤太大", ["T", "恤", "恤太", "太大", "大"]),
        ("the The THE", ["the"]),
        ("good 👍", ["good", "👍"]),
        ("好", ["好"]),
        ("?!", []),
    ],
)
def test_words_and_pairs_of_characters(text, found):
    assert names(text) == found


def test_places_are_in_the_text():
    text = "please 退款 now"
    assert all(text[p.place["start"] : p.place["end"]] == p.name for p in split_parts(text, Cleaning(), Parts()))


def test_many_words_are_hidden_several_at_a_time():
    assert names("a b c d e", max_parts=2) == ["a b c", "d e"]
    assert names("a b c d e", max_parts=5) == list("abcde")
    assert len(names(" ".join(f"w{i}" for i in range(1000)))) <= Parts().max_parts


def test_a_word_is_hidden_wherever_it_stands():
    refund = Part("Refund", {"start": 0, "end": 6})
    assert hide_part("Refund, refunds and refund", refund, Cleaning()) == ", refunds and "
    pair = Part("退款", {"start": 0, "end": 2})
    assert hide_part("退款！还不退款", pair, Cleaning()) == "！还不"
    assert hide_part("a b c a", Part("a b", {"start": 0, "end": 3}), Cleaning()) == " c a"
