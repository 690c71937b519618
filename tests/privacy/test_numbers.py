import pytest

from kefu.privacy.numbers import find_numbers
from kefu.privacy.spans import fold


def found(text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, (start, end) in find_numbers(fold(text))]


@pytest.mark.parametrize(
    "number",
    [
        *(
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111, 1111, 1111, 1111",
            "411111 1111111111",
        ),
        *("378282246310005", "3782 822463 10005", "6011111111111117", "5555.5555.5555.4444", "2223003122003222"),
        *("6222020000000000000", "6222 0200 0000 0000 000", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "3530111333300000"),
    ],
)
def test_cards(number: str) -> None:
    assert found(f"card {number}, exp") == [("card", number)]
    assert found(f"{number} 12/27") == [("card", number)]


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111112",  # a wrong check digit
        "1111111111111117",  # right, but of no issuer
        "0000000000000000",
        "41111111111111110",
        "4111 111 11 11 11 111",
    ],
)
def test_no_cards(number: str) -> None:
    assert found(number) == []


@pytest.mark.parametrize(
    "number",
    [
        *(
            "13812345678",
            "138 1234 5678",
            "138-1234-5678",
            "1 3 8 1 2 3 4 5 6 7 8",
            "+86 138 1234 5678",
            "86-13812345678",
        ),
        *("0086 13812345678", "010-65529988", "(010)65529988", "0571 8765 4321", "0571-8765432", "010-65529988-801"),
        *("0571-87654321转8012", "(415) 555-0132", "(415)555-0132", "415-555-0132", "415.555.0132", "1-415-555-0132"),
        *("415-555-0132 ext. 12", "+1 415 555 0132", "07700 900123", "07700900123", "020 7946 0958", "0161 496 0000"),
        *("+44 (0)20 7946 0958", "+44 7700 900123", "0044 7700 900123", "00447700900123", "+49 (0)171 2345678"),
        *("0171/2345678", "030 901820", "01712345678", "+33 6 12 34 56 78", "+852 9123 4567"),
    ],
)
def test_phones_by_themselves(number: str) -> None:
    assert found(number) == [("phone", number)]
    assert found(f"so {number}, please") == [("phone", number)]
    assert found(f"打{number}。") == [("phone", number)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("call me on 4155550132 please", "4155550132"),
        ("my number is 555 0132", "555 0132"),
        ("Tel.: 5550132", "5550132"),
        ("电话是65529988", "65529988"),
        ("座机：6552-9988。", "6552-9988"),
        ("tel13812345678", "13812345678"),
        ("Phone/07700 900123", "07700 900123"),
        ("call 4155550132 5 times", "4155550132"),
        ("phone 041 555 01 32 in the morning", "041 555 01 32"),
    ],
)
def test_phones_that_words_announce(text: str, number: str) -> None:
    assert found(text) == [("phone", number)]


@pytest.mark.parametrize(
    "text",
    [
        *("order number 07700900123", "订单号13812345678", "tracking no. 415-555-0132", "serial: 0123-4567-8901"),
        *("S/N 0967-3195-2579", "机身编号S/N 0967-3195-2579", "order 13812345678"),
    ],
)
def test_words_that_say_the_number_of_a_thing(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *("A12345", "20240315-88421", "202403158842", "114-1234567-1234567", "KF-13812345678", "SF1381234567890"),
        *(
            "1Z999AA10123456784",
            "2024-03-15 13:05:22",
            "05.12.2024 14:30",
            "1,299.00",
            "3.13812345678",
            "0000123456789",
        ),
        *("192.168.100.123", "978-3-16-148410-0", "4006381333931", "10 000 000 000", "13812345678kg", "1.0.22621.3155"),
        *(
            "2 10 12 14 16 18 20 22",
            "https://shop.org/item/13812345678",
            "+5 and -10",
            "9155550132",
            "62704-1234",
            "1381234567",
        ),
        *("138123456789", "415-155-0132", "0415", "my phone has 256 GB", "call 911", "001745370083"),
    ],
)
def test_harmless(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("one three eight one two three four five six seven eight", "phone"),
        ("Oh seven seven double oh nine oh oh one two three", "phone"),
        ("four one one one one one one one one one one one one one one one", "card"),
    ],
)
def test_numbers_that_are_said(text: str, kind: str) -> None:
    assert found(f"it is {text}, thanks") == [(kind, text)]
    assert found(f"order number {text}") == []


def test_a_short_number_that_is_said_needs_a_word_before_it() -> None:
    said = "five five five oh one three two"
    assert found(f"call {said}") == [("phone", said)]
    assert found(f"I need {said}") == []


def test_numbers_side_by_side() -> None:
    assert found("13812345678/13912345678") == [("phone", "13812345678"), ("phone", "13912345678")]
    assert found("2 13812345678 3") == [("phone", "13812345678")]
