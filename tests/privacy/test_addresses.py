import pytest

from kefu.privacy.addresses import find_addresses


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_addresses(text)]


@pytest.mark.parametrize(
    "address",
    [
        *(
            "12 High Street",
            "221B Baker St.",
            "12-14 Oak Lane",
            "1600 Pennsylvania Avenue NW",
            "4 Privet Drive",
            "12 N. Main St",
        ),
        *("12 High Street, London SW1A 1AA", "12 High Street, London, SW1A 1AA", "12 high street london sw1a 1aa"),
        *(
            "350 5th Ave, New York, NY 10118",
            "742 Evergreen Terrace, Apt 4B, Springfield, IL 62704-1234",
            "7 elm grove, leeds LS6 2AB",
        ),
        *("Flat 3, 12 High Street, Leeds", "Unit 4, 89 Queen's Road, Bristol BS8 1NS", "Rose House, 5 Mill Lane, Bath"),
        *(
            "Hauptstraße 12, 80331 München",
            "Musterstr. 5a",
            "Lange Straße 7, 70173 Stuttgart",
            "Am Markt 5, 04109 Leipzig",
        ),
        *(
            "5 Doyle terrace\nRobertville\nM13 9PL",
            "Flat 9\n45 Wheeler place\nHammondbury\nM13 9PL",
            "1 Main Plaza\nAustin, TX 78701",
        ),
        *("PO Box 1234, Austin, TX 78701", "P.O. Box 12"),
    ],
)
def test_streets(address: str) -> None:
    assert found(f"it went to {address}!")[0] == address
    assert found(f"{address}\nthank you")[0] == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Address: Rose Cottage, Mill Lane, Bath", "Rose Cottage, Mill Lane, Bath"),
        ("my address is 7 elm grove and nobody came", "7 elm grove"),
        ("please deliver to 5 Rue de la Paix, Paris instead", "5 Rue de la Paix, Paris"),
        ("I live at Willow Farm, Norwich NR4 7TJ.", "Willow Farm, Norwich NR4 7TJ"),
    ],
)
def test_places_that_words_announce(text: str, address: str) -> None:
    assert address in found(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "my address is wrong",
            "the address is not mine",
            "deliver to my neighbour",
            "I bought 2 red dresses on the high street",
        ),
        *(
            "size 10 Court Shoes",
            "5 stars for 2 long way socks",
            "2 days after I walked down the road",
            "SW1A 1AA",
            "90210",
        ),
        *(
            "order 12345 Street",
            "$12 High Street",
            "send it to me by 5",
            "address: 12345",
            "3 Monitor 27 inch",
            "12 shirts",
        ),
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(text) == []
