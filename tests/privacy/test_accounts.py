import pytest

from kefu.privacy.accounts import find_ibans


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_ibans(text)]


@pytest.mark.parametrize(
    "iban",
    [
        *(
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "de89 3704 0044 0532 0130 00",
            "DE89-3704-0044-0532-0130-00",
        ),
        *("GB82WEST12345698765432", "FR14 2004 1010 0505 0001 3M02 606", "NL91ABNA0417164300", "NO9386011117947"),
    ],
)
def test_ibans(iban: str) -> None:
    assert found(f"to {iban}, please") == [iban]
    assert found(f"账户{iban}谢谢") == [iban]
    assert found(f"{iban} thanks") == [iban]


@pytest.mark.parametrize(
    "text",
    [
        "DE88370400440532013000",  # wrong check digits
        "DE8937040044053201300",
        "DE893704004405320130000",
        "XDE89370400440532013000",
        "ZZ89370400440532013000",
        "DE89",
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(text) == []
