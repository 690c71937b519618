"""How English words sound."""

import re
from pathlib import Path

import pytest

from kefu.speech import pronunciation
from kefu.speech.pronunciation import ARPABET, pronounce


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("paypal", "P EY P AE L"),
        ("kefu", "K EH F UW"),
        ("shoes", "SH UW Z"),
        ("it's", "IH T S"),
        ("button", "B AH T AH N"),
        ("wire", "W AY ER"),
        ("order", "AO R D ER"),
        ("giroir", "JH AY R W AA R"),
        ("croissant", "K W AA S AA N"),
    ],
)
def test_words_are_pronounced(word: str, phonemes: str) -> None:
    assert " ".join(pronounce(word) or ()) == phonemes


@pytest.mark.parametrize("nothing", ["", " ", "-", "'", "…"])
def test_nothing_to_say_has_no_sound(nothing: str) -> None:
    assert pronounce(nothing) is None


def test_a_sound_that_english_lacks_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pronunciation, "phonemes", lambda word, voice: ["k", "ˈyː"])
    assert pronounce("cue") is None


def test_stress_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pronunciation, "phonemes", lambda word, voice: ["ˈɛ", "n", "ˌiː"])
    assert pronounce("any") == ("EH", "N", "IY")


def entries() -> list[tuple[str, tuple[str, ...]]]:
    """Words of pocketsphinx's dictionary with their phonemes."""
    sphinx = pytest.importorskip("pocketsphinx")
    lines = Path(sphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines()
    return [(word, tuple(sounds.split())) for word, _, sounds in (line.partition(" ") for line in lines)]


def test_phonemes_are_those_that_pocketsphinx_knows() -> None:
    known = {phoneme for _, sounds in entries() for phoneme in sounds}
    assert {phoneme for sounds in ARPABET.values() for phoneme in sounds} == known


def test_words_of_the_dictionary_are_pronounced_nearly_as_it_says() -> None:
    common = [(word, sounds) for word, sounds in entries()[::40] if re.fullmatch("[a-z]+", word)]
    guessed = [pronounce(word) for word, _ in common]
    assert len(common) > 2000
    assert None not in guessed
    wrong = sum(distance(guess or (), sounds) for guess, (_, sounds) in zip(guessed, common, strict=True))
    assert wrong / sum(len(sounds) for _, sounds in common) < 0.13


def distance(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """Return how many phonemes must be put in, left out or replaced."""
    row = list(range(len(second) + 1))
    for place, one in enumerate(first, start=1):
        above, row[0] = row[0], place
        for column, other in enumerate(second, start=1):
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, above + (one != other))
    return row[-1]
