import pytest

from kefu.speech.ctc.pronunciation import Syllable, pronounce, read_out, units_of


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


def test_letters_are_said_one_by_one() -> None:
    assert read_out("订单SH二") == "订单 S  H 二"
    said = pronounce("订单SH二")
    assert said is not None
    assert [syllable.final for syllable in said[2:4]] == ["S", "H"]
    assert said[4].final == "@r"


@pytest.mark.parametrize("spoken", ["小孩儿", "熊", "退，款"])
def test_what_is_not_said_by_the_character_has_no_pronunciation(spoken: str) -> None:
    assert pronounce(spoken) is None


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
