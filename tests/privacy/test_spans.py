from kefu.privacy.numbers import find_numbers
from kefu.privacy.spans import fold, lower


def test_lengths_stay() -> None:
    for text in ("İSTANBUL", "１２，ａ", "一三八零零一三", "[phone] A"):
        assert len(lower(text)) == len(text)
        assert len(fold(text)) == len(text)


def test_seven_chinese_digits_are_a_number_and_four_are_a_year() -> None:
    assert fold("六五五二九九八") == "6552998"
    assert fold("二零二四年") == "二零二四年"


def test_triple_is_three() -> None:
    said = "oh seven seven triple oh nine oh one two"
    assert [kind for kind, _ in find_numbers(f"it is {said}")] == ["phone"]
