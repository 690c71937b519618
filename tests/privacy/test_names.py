import pytest

from kefu.privacy.names import find_names


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_names(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My name is Ann Lee and I wait", "Ann Lee"),
        ("my name is ann lee and i wait", "ann lee"),
        ("My name's Zoë O'Neil-Smith, hi", "Zoë O'Neil-Smith"),
        ("My full name is Ludwig van Beethoven.", "Ludwig van Beethoven"),
        ("name: Ann Lee, size M", "Ann Lee"),
        ("Customer name: Ann", "Ann"),
        ("recipient: J. R. Smith", "J. R. Smith"),
        ("the name on the order is Peter Parker", "Peter Parker"),
        ("booked under the name of Ann Lee.", "Ann Lee"),
        ("I am Ann speaking", "Ann"),
        ("Hello, this is Ann Lee, I ordered", "Ann Lee"),
        ("Please ask for Ann at the door", "Ann"),
        ("Mr Smith called", "Smith"),
        ("mr smith called", "smith"),
        ("Dear Ms. Ann Lee,", "Ann Lee"),
        ("for Dr. van Dijk", "van Dijk"),
        ("it is torn. Kind regards,\nAnn Lee", "Ann Lee"),
        ("my wife Ann signed", "Ann"),
        ("registered to Ann Lee", "Ann Lee"),
        ("c/o Ann Lee", "Ann Lee"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert found(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "my name is wrong on the invoice",
            "my name is not there",
            "name: n/a",
            "product name: Blue Shirt",
            "username: ann77",
        ),
        *(
            "I am Sorry.",
            "I am Happy to wait",
            "It's Monday",
            "this is Unacceptable!",
            "I miss you",
            "Dr. Martens size 8",
        ),
        *(
            "registered for email",
            "thanks for nothing",
            "call me back",
            "call me Monday",
            "ask for a refund",
            "Ann Lee",
            "items for 5",
        ),
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(text) == []
