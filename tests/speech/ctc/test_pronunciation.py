import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.speech.ctc.pronunciation import Syllable, Units, pronounce, read_out, units_of
from kefu.speech.espeak import spell_phonemes

CHARACTERS = "我要退款订单二零四五八号查一下包裹坏了的吗长行重发票安额而鸟袄那里脑电棉菜"
SYMBOLS = CHARACTERS + string.ascii_uppercase


def test_every_character_has_a_syllable() -> None:
    said = pronounce("我要退款")
    assert said == [
        Syllable("w", "o", "214"), Syllable("j", "Au", "51"), Syllable("th", "uei", "51"), Syllable("khw", "an", "214"),
    ]  # fmt: skip


def test_the_word_decides_how_a_character_is_said() -> None:
    long, grow = pronounce("长度"), pronounce("校长")
    assert long is not None
    assert grow is not None
    assert long[0].initial != grow[1].initial


def test_an_n_closes_a_syllable_or_begins_the_next() -> None:
    assert [syllable.final for syllable in pronounce("然而") or ()] == ["an", "@r"]
    assert [syllable.initial for syllable in pronounce("哪里") or ()] == ["n", "l"]
    assert [syllable.final for syllable in pronounce("电脑") or ()] == ["iEn", "Au"]
    assert [syllable.final[-1] for syllable in pronounce("重量") or ()] == ["g", "N"]


@pytest.mark.parametrize(
    ("word", "final", "initial"),
    [("棉袄", "iEn", ""), ("亲耳", "in", ""), ("菜鸟", "ai", "nj"), ("打鸟", "A", "nj"), ("然而", "an", "")],
)
def test_an_n_between_vowels_belongs_where_the_second_character_says(word: str, final: str, initial: str) -> None:
    assert len(spell_phonemes(word, "sit/cmn")) == 1 or word == "然而"
    first, second = pronounce(word) or ()
    assert (first.final, second.initial) == (final, initial)


def test_letters_are_said_one_by_one() -> None:
    assert read_out("订单SH二") == "订单 S  H 二"
    said = pronounce("订单SH二")
    assert said is not None
    assert [syllable.final for syllable in said[2:4]] == ["S", "H"]
    assert said[4].final == "@r"


@pytest.mark.parametrize("spoken", ["小孩儿", "熊", "退，款"])
def test_what_is_not_said_by_the_character_has_no_pronunciation(spoken: str) -> None:
    assert pronounce(spoken) is None


def test_a_weak_syllable_has_a_tone() -> None:
    assert [syllable.tone for syllable in pronounce("好了吗") or ()] == ["214", "11", "11"]


@pytest.mark.parametrize("pattern", ["{0}", "{0}一", "订{0}", "订{0}单", "{0}{0}", "{0}订{0}"])
def test_every_letter_is_said_at_any_place(pattern: str) -> None:
    for letter in string.ascii_uppercase:
        spoken = pattern.format(letter)
        said = pronounce(spoken)
        assert said is not None, spoken
        assert [syllable.final for syllable, symbol in zip(said, spoken, strict=True) if symbol == letter] == [
            letter
        ] * spoken.count(letter)


@settings(deadline=None)
@given(st.text(SYMBOLS, max_size=12))
def test_characters_have_a_tone_and_letters_none(spoken: str) -> None:
    said = pronounce(spoken)
    assert said is not None
    assert [syllable.tone == "" for syllable in said] == [symbol.isascii() for symbol in spoken]


@settings(deadline=None)
@given(st.text(CHARACTERS, max_size=12))
def test_no_phoneme_is_lost(spoken: str) -> None:
    phonemes = "".join(mark for word in spell_phonemes(spoken, "sit/cmn") for mark in word)
    assert sorted("".join("".join(syllable) for syllable in pronounce(spoken) or ())) == sorted(phonemes)


@settings(deadline=None)
@given(st.text(SYMBOLS, min_size=1, max_size=6), st.sampled_from(["syllables", "toned_syllables", "initials_finals"]))
def test_units_spell_the_syllable(spoken: str, kind: Units) -> None:
    for symbol, syllable in zip(spoken, pronounce(spoken) or (), strict=True):
        units = units_of(symbol, syllable, kind)
        expected = syllable.initial + syllable.final + (syllable.tone if kind == "toned_syllables" else "")
        assert "".join(units).replace("-", "") == expected.replace("-", "")


def test_nothing_is_said_of_nothing() -> None:
    assert pronounce("") == []


def test_a_symbol_consists_of_units() -> None:
    refund = Syllable("th", "uei", "51")
    assert units_of("退", refund, "syllables") == ("thuei",)
    assert units_of("退", refund, "toned_syllables") == ("thuei51",)
    assert units_of("退", refund, "initials_finals") == ("th-", "uei")
    assert units_of("二", Syllable("", "@r", "51"), "initials_finals") == ("@r",)
    assert units_of("退", refund, "characters") == ("退",)
    assert units_of("A", Syllable("", "A", ""), "initials_finals") == ("A",)
