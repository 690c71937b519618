from itertools import pairwise

from kefu.privacy.checksums import is_resident_id


def test_check_characters_of_resident_cards() -> None:
    right = [
        next(char for char in "0123456789X" if is_resident_id(f"1101051949123100{digit}{char}"))
        for digit in "0123456789"
    ]
    # weight 2 of the last digit: the check character falls by two, and from 0 or 1 goes round
    order = "10X98765432"
    places = [order.index(char) for char in right]
    assert [(after - before) % 11 for before, after in pairwise(places)] == [2] * 9
    assert is_resident_id("11010519491231002X")
    assert len(set(right)) == 10
