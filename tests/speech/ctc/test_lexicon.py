from kefu.speech.ctc.lexicon import make_lexicon
from kefu.speech.ctc.pronunciation import Syllable

LONG, GROW, FIELD = Syllable("ts.h", "AN", "35"), Syllable("ts.", "AN", "214"), Syllable("ts.h", "AN", "214")


def test_pronunciations_come_by_frequency_and_units_are_sorted() -> None:
    lexicon = make_lexicon([("长长", [GROW, LONG]), ("长场", [LONG, FIELD])], "syllables")
    assert lexicon.pronunciations == {"长": [("ts.hAN",), ("ts.AN",)], "场": [("ts.hAN",)]}
    assert lexicon.units == ("ts.AN", "ts.hAN")


def test_the_tree_leads_from_units_to_symbols() -> None:
    lexicon = make_lexicon([("长长场", [GROW, LONG, FIELD])], "initials_finals")
    assert lexicon.units == ("AN", "ts.-", "ts.h-")
    first = lexicon.tree.follows[3]
    assert first.symbols == []
    assert first.follows[1].symbols == ["场", "长"]
    assert lexicon.tree.follows.keys() == {2, 3}
