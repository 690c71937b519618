import pytest

from kefu.privacy.identities import find_identities
from kefu.privacy.spans import fold


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_identities(fold(text))]


@pytest.mark.parametrize(
    "number",
    [
        *(
            "11010519491231002X",
            "11010519491231002x",
            "110105 19491231 002X",
            "110105-19491231-002X",
            "110105 1949 1231 002X",
        ),
        *("320311770706001", "123-45-6789", "123 45 6789", "AB 12 34 56 C", "AB123456C", "AB 123456C", "ab123456c"),
    ],
)
def test_numbers_that_tell_themselves(number: str) -> None:
    assert found(f"it is {number}.") == [number]
    assert found(f"号{number}，") == [number]


@pytest.mark.parametrize(
    "number",
    [
        "110105194912310021",  # a wrong check digit
        "11010519491331002X",
        "990105194912310025",
        "320311771306001",
        "490154203237518",  # of a telephone set
        *("000-45-6789", "666-45-6789", "123-00-6789", "123-45-0000", "123-45-67890", "1123-45-6789"),
        *("BG123456C", "AB123456E", "DA123456C", "XAB123456C", "SN-AB123456C"),
    ],
)
def test_numbers_that_are_none(number: str) -> None:
    assert found(number) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("passport no. E12345678, thanks", "E12345678"),
        ("my passport number is 533380006", "533380006"),
        ("Passport: C01X00T47", "C01X00T47"),
        ("护照号：EB1234567。", "EB1234567"),
        ("护照 G12345678", "G12345678"),
        ("SSN 123456789", "123456789"),
        ("身份证号是110105194912310021", "110105194912310021"),
        ("driving licence number 99123456", "99123456"),
    ],
)
def test_numbers_behind_the_name_of_a_paper(text: str, number: str) -> None:
    assert found(text) == [number]


@pytest.mark.parametrize(
    "text", ["my passport expired in 2024", "护照2024年到期", "serial number AB123456C", "order 123-45-6789"]
)
def test_other_numbers(text: str) -> None:
    assert found(text) == []
