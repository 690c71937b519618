"""How English words sound."""

import pytest

from kefu.speech.pronunciation import pronounce


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [("paypal", "P EY P AE L"), ("kefu", "K EH F UW"), ("shoes", "SH UW Z")],
)
def test_words_are_pronounced(word: str, phonemes: str) -> None:
    assert " ".join(pronounce(word) or ()) == phonemes


def test_nothing_to_say_has_no_sound() -> None:
    assert pronounce("") is None
