"""English as it is spoken."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.speech.phrases import spelled_letter, spoken_words, written

WORDS = st.from_regex(r"[a-z]{1,8}('[a-z]{1,2})?", fullmatch=True)
ABBREVIATIONS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=4)


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("Where's my parcel?", ("where's", "my", "parcel")),
        ("Where’s it, don‘t you know", ("where's", "it", "don't", "you", "know")),
        ("'quoted' and “quoted”", ("quoted", "and", "quoted")),
        ("a PDF", ("a", "spelled_p", "spelled_d", "spelled_f")),
        ("my T-shirt, USB-C", ("my", "t", "shirt", "spelled_u", "spelled_s", "spelled_b", "c")),
        ("REFUND it", ("refund", "it")),
        ("I'M ANGRY, IT'S BROKEN", ("i'm", "angry", "it's", "broken")),
        ("naïve café, cafe\u0301", ("naive", "cafe", "cafe")),
        ("12 days, 0 left", ("twelve", "days", "zero", "left")),
        ("40 or 42", ("forty", "or", "forty", "two")),
        ("10 20 30 50 60", ("ten", "twenty", "thirty", "fifty", "sixty")),
        ("70 80 90 11 13", ("seventy", "eighty", "ninety", "eleven", "thirteen")),
        ("order 705", ("order", "seven", "zero", "five")),
        ("SH204", ("spelled_s", "spelled_h", "two", "zero", "four")),
        ("5.99", ("five", "ninety", "nine")),
        ("05", ("zero", "five")),
        ("我要退款 …", ()),
        ("我的PDF发票", ("spelled_p", "spelled_d", "spelled_f")),
        ("", ()),
    ],
)
def test_phrases_are_read_out(phrase: str, words: tuple[str, ...]) -> None:
    assert spoken_words(phrase) == words


def test_numbers_below_a_hundred_are_told_apart_and_built_from_tens_and_units() -> None:
    said = [spoken_words(str(number)) for number in range(100)]
    assert len(set(said)) == 100
    assert all(len(words) == 1 for words in said[:20])
    composed = [number for number in range(21, 100) if number % 10]
    assert all(said[number] == (*said[number // 10 * 10], *said[number % 10]) for number in composed)


@given(st.integers(100, 10**12))
def test_longer_numbers_are_said_digit_by_digit(number: int) -> None:
    assert spoken_words(str(number)) == tuple(word for digit in str(number) for word in spoken_words(digit))


@settings(deadline=None)
@given(st.text() | st.text("aZ'’é0 I-"))
def test_words_are_small_letters_or_the_names_of_single_ones(phrase: str) -> None:
    for word in spoken_words(phrase):
        assert re.fullmatch(r"[a-z]+('[a-z]+)*|spelled_[a-z]", word), word
        assert (spelled_letter(word) is not None) == word.startswith("spelled_")


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (("a", "spelled_p", "spelled_d", "spelled_f", "please"), "a PDF please"),
        (("i", "think", "i'm", "in"), "I think I'm in"),
        (("if", "it", "is"), "if it is"),
        (("spelled_i", "spelled_d"), "ID"),
        ((), ""),
    ],
)
def test_what_was_heard_is_written(words: tuple[str, ...], phrase: str) -> None:
    assert written(words) == phrase


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, ABBREVIATIONS | st.just(""))))
def test_what_is_written_is_read_out_as_it_was_heard(parts: list[tuple[str, str]]) -> None:
    """Words between, since abbreviations side by side are written as one."""
    heard = spoken_words(" ".join(f"{word} {abbreviation}" for word, abbreviation in parts))
    assert spoken_words(written(heard)) == heard
