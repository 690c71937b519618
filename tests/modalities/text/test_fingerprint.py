import pytest

from kefu.modalities.text.fingerprint import digest, simhash

ENGLISH = "The zip of my coat broke after two days, please send me another one or give me my money back."
CHINESE = "我买的外套拉链两天就坏了，请给我换一件或者退款，谢谢！"


def distance(one: str, other: str) -> int:
    return (int(simhash(one), 16) ^ int(simhash(other), 16)).bit_count()


def test_values_never_change() -> None:
    assert digest("coat") == "3cb9ec6188195953"
    assert simhash("coat") == "dcdb528b203b07f3"


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, "ok", "好", "👍"])
def test_form(text: str) -> None:
    for fingerprint in (digest(text), simhash(text)):
        assert len(fingerprint) == 16
        int(fingerprint, 16)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ENGLISH, ENGLISH.upper()),
        (ENGLISH, ENGLISH.replace(" ", "  ").replace(",", " - ")),
        (ENGLISH, ENGLISH.replace(" ", "")),
        (CHINESE, CHINESE.replace("，", " ").replace("！", "。")),
    ],
)
def test_simhash_ignores_case_spaces_and_punctuation(one: str, other: str) -> None:
    assert simhash(one) == simhash(other)
    assert digest(one) != digest(other)


def test_simhash_of_like_texts_is_near_and_of_others_far() -> None:
    assert distance(ENGLISH, ENGLISH.replace("two days", "three days")) <= 12
    assert distance(CHINESE, CHINESE.replace("两天", "三天")) <= 14
    assert distance(ENGLISH, "These shorts are soft, well made and true to size; I bought a second pair at once.") > 16
    assert distance(CHINESE, "裙子颜色和图片上完全不一样，客服一直没有回复我的消息。") > 16


def test_simhash_tells_short_texts_apart() -> None:
    assert len({simhash(text) for text in ("ok", "no", "好", "不", "👍", "👎", "20391", "20392")}) == 8
