import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.assistant.numerals import parse_chinese, parse_digits, parse_english

DIGITS = "零一二三四五六七八九"


def to_chinese(number: int) -> str:
    """Write a number below 100 million by the rules of grammar books."""
    if number >= 10_000:
        upper, rest = divmod(number, 10_000)
        gap = "零" if 0 < rest < 1000 else ""
        return f"{to_chinese(upper)}万{gap}{to_chinese(rest) if rest else ''}"
    if number == 0:
        return "零"
    written, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            written += ("零" if gap and written else "") + DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return written


_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL, TENS = _SMALL.split(), _TENS.split()


def to_english(number: int) -> str:
    if number >= 1000:
        upper, rest = divmod(number, 1000)
        return f"{to_english(upper)} thousand" + (f" {to_english(rest)}" if rest else "")
    if number >= 100:
        upper, rest = divmod(number, 100)
        return f"{SMALL[upper]} hundred" + (f" and {to_english(rest)}" if rest else "")
    if number < 20:
        return SMALL[number]
    return TENS[number // 10 - 2] + (f"-{SMALL[number % 10]}" if number % 10 else "")


@settings(deadline=None)
@given(st.integers(0, 99_999_999))
def test_chinese_numbers_are_read_as_they_are_written(number: int) -> None:
    assert parse_chinese(to_chinese(number)) == number


@settings(deadline=None)
@given(st.integers(0, 999_999))
def test_english_numbers_are_read_as_they_are_written(number: int) -> None:
    assert parse_english(to_english(number)) == number


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("三百二十", 320),
        ("三百二", 320),
        ("一万二", 12_000),
        ("三百零二", 302),
        ("两千零五", 2005),
        ("十五", 15),
        ("二十", 20),
        ("一亿零三万", 100_030_000),
        ("二零二六", 2026),
        ("幺零零八六", 10_086),
        ("三三百", None),
        ("你好", None),
        ("", None),
    ],
)
def test_chinese_as_it_is_spoken(numeral: str, value: int | None) -> None:
    assert parse_chinese(numeral) == value


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("a hundred", 100), ("Twenty Five", 25), ("one two", None), ("five twenty", None), ("mug", None), ("", None)],
)
def test_english_as_it_is_spoken(numeral: str, value: int | None) -> None:
    assert parse_english(numeral) == value


@pytest.mark.parametrize(
    ("spoken", "digits"),
    [("two oh double five", "2055"), ("Triple nine", "999"), ("二零三九幺", "20391"), ("20 three 九1", "20391")],
)
def test_digits_that_are_read_out(spoken: str, digits: str) -> None:
    assert parse_digits(spoken) == digits


def test_a_word_among_digits_is_refused() -> None:
    with pytest.raises(KeyError):
        parse_digits("two mugs")
