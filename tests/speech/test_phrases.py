"""English as it is spoken."""

import pytest

from kefu.speech.phrases import spoken_words, written


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("Where's my parcel?", ("where's", "my", "parcel")),
        ("Where’s it", ("where's", "it")),
        ("a PDF", ("a", "spelled_p", "spelled_d", "spelled_f")),
        ("12 days, 0 left", ("twelve", "days", "zero", "left")),
        ("40 or 42", ("forty", "or", "forty", "two")),
        ("order 705", ("order", "seven", "zero", "five")),
        ("05", ("zero", "five")),
        ("我要退款 …", ()),
    ],
)
def test_phrases_are_read_out(phrase: str, words: tuple[str, ...]) -> None:
    assert spoken_words(phrase) == words


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (("a", "spelled_p", "spelled_d", "spelled_f", "please"), "a PDF please"),
        (("i", "think", "i'm", "in"), "I think I'm in"),
        ((), ""),
    ],
)
def test_what_was_heard_is_written(words: tuple[str, ...], phrase: str) -> None:
    assert written(words) == phrase
