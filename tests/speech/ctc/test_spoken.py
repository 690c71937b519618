import pytest

from kefu.speech.ctc.spoken import say_cardinal, say_digits, to_spoken, to_written


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "零"), (7, "七"), (10, "十"), (15, "十五"), (20, "二十"), (105, "一百零五"), (110, "一百一十"),
     (1005, "一千零五"), (9999, "九千九百九十九"), (3000, "三千")],
)  # fmt: skip
def test_numbers_are_said_as_people_say_them(number: int, said: str) -> None:
    assert say_cardinal(number) == said


@pytest.mark.parametrize("number", [-1, 10_000])
def test_numbers_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="is not from 0 to 9999"):
        say_cardinal(number)


def test_digits_are_said_one_by_one() -> None:
    assert say_digits("2050") == "二零五零"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("你好，我要退款！", "你好我要退款"),
        ("订单号sh204518", "订单号SH二零四五一八"),
        ("订单A105", "订单A一零五"),
        ("付了¥123.45", "付了一百二十三点四五元"),
        ("3月15号，2个", "三月十五号两个"),
        ("２天", "两天"),
        ("电话010", "电话零一零"),
        ("12天", "十二天"),
        ("", ""),
    ],
)
def test_texts_are_read_out(text: str, spoken: str) -> None:
    assert to_spoken(text) == spoken


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("订单号SH二零四五幺八", "订单号SH204518"),
        ("二零四五一八", "204518"),
        ("三月十五号", "3月15号"),
        ("付了一百二十三点四五元", "付了123.45元"),
        ("三百零五块", "305块"),
        ("两千元", "2000元"),
        ("两天了一起买", "两天了一起买"),
        ("一块坏了", "一块坏了"),
        ("等了三五天", "等了三五天"),
    ],
)
def test_numbers_that_matter_are_written_in_digits(spoken: str, written: str) -> None:
    assert to_written(spoken) == written
