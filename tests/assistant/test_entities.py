from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kefu.assistant.entities import OrderNumbers, find_entities

TODAY = date(2026, 3, 20)
SHOP = OrderNumbers(prefixes=("A", "B", "K", "SH", "WX"))
ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
CHINESE = "零一二三四五六七八九"


def details(text: str, source: str = "text", numbers: OrderNumbers = SHOP) -> list[tuple[str, str, str]]:
    found = find_entities(text, source, today=TODAY, order_numbers=numbers)
    assert all(entity.source == source for entity in found)
    return [(entity.kind, entity.value, entity.written) for entity in found]


def values(text: str, kind: str, **given: object) -> list[str]:
    return [value for found, value, _ in details(text, **given) if found == kind]


@settings(deadline=None)
@given(st.sampled_from(SHOP.prefixes), st.integers(10_000, 999_999), st.integers(0, 5))
def test_an_order_number_is_found_however_it_is_typed_or_said(prefix: str, number: int, way: int) -> None:
    digits = str(number)
    said = (
        f"{prefix}{digits}",
        f"{prefix.lower()}-{digits}",
        f"{prefix} {digits}",
        f"{' '.join(prefix.lower())} {' '.join(ENGLISH[int(digit)] for digit in digits)}",
        f"{prefix}{''.join(CHINESE[int(digit)] for digit in digits)}",
        f"{prefix} {' '.join(digits)}",
    )[way]
    assert values(f"it is {said}, thank you", "order_number") == [f"{prefix}{digits}"]
    assert values(f"订单号是{said}，谢谢", "order_number") == [f"{prefix}{digits}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A12345 2 days late", ["A12345"]),
        ("s h one two double three five", ["SH12335"]),
        ("Ａ１２３４５", ["A12345"]),
        ("WX 123 456", ["WX123456"]),
        ("订单A二零三九幺，三百块", ["A20391"]),
        ("A12345 and B23456", ["A12345", "B23456"]),
        ("A1234567", []),
        ("A1234", []),
        ("XA12345", []),
        ("A12345b", []),
        ("page 12345", []),
    ],
)
def test_order_numbers_end_where_they_end(text: str, expected: list[str]) -> None:
    assert values(text, "order_number") == expected


def test_a_number_without_letters_is_an_order_only_where_it_is_nothing_else() -> None:
    plain = OrderNumbers(prefixes=("",), min_digits=4, max_digits=8)
    assert details("20391 for 12345 EUR on 2026-03-14", numbers=plain) == [
        ("order_number", "20391", "20391"),
        ("amount", "12345.00 EUR", "12345 EUR"),
        ("date", "2026-03-14", "2026-03-14"),
    ]


def test_the_separator_of_the_shop_is_put_in() -> None:
    assert values("kf20391", "order_number", numbers=OrderNumbers(prefixes=("KF",), separator="-")) == ["KF-20391"]


@pytest.mark.parametrize("wrong", [{"prefixes": ["K1"]}, {"prefixes": []}, {"min_digits": 7}, {"prefixes": ["单"]}])
def test_order_numbers_that_cannot_be_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        OrderNumbers.model_validate(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it cost £129.90", "129.90 GBP"),
        ("1,299.00 USD", "1299.00 USD"),
        ("12,50 €", "12.50 EUR"),
        ("EUR 12", "12.00 EUR"),
        ("¥88.8", "88.80 CNY"),
        ("￥88", "88.00 CNY"),
        ("88 rmb", "88.00 CNY"),
        ("twenty euros", "20.00 EUR"),
        ("three hundred and twenty dollars", "320.00 USD"),
        ("twenty pounds fifty", "20.50 GBP"),
        ("5 pounds and 20 pence", "5.20 GBP"),
        ("三百二十块", "320.00 CNY"),
        ("三百二十元", "320.00 CNY"),
        ("三块五", "3.50 CNY"),
        ("12块5毛", "12.50 CNY"),
        ("十二元五角三分", "12.53 CNY"),
        ("一万二千元", "12000.00 CNY"),
        ("一块钱", "1.00 CNY"),
        ("50美元", "50.00 USD"),
    ],
)
def test_an_amount_is_found(text: str, expected: str) -> None:
    assert values(text, "amount") == [expected]


@pytest.mark.parametrize("text", ["碎了一块", "两块坏了", "a European mug", "12 months", "no dollars", "$"])
def test_what_is_no_amount_is_left(text: str) -> None:
    assert values(text, "amount") == []


def test_a_bare_amount_counts_on_a_receipt_alone() -> None:
    assert values("TOTAL 129.90\n12:30.00 1.2.2026", "amount", source="image") == ["129.90 CNY"]
    assert values("TOTAL 129.90", "amount") == []


@settings(deadline=None)
@given(st.decimals(min_value="0.01", max_value="99999.99", places=2), st.sampled_from(["EUR", "USD", "GBP", "CNY"]))
def test_an_amount_survives_being_written(amount: object, currency: str) -> None:
    assert values(f"I paid {amount} {currency} for it", "amount") == [f"{amount} {currency}"]


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(["text", "image", "audio"]))
def test_any_text_is_fine(text: str, source: str) -> None:
    for _, value, written in details(text, source):
        assert written in text
        assert value
