import re

import numpy as np

from kefu.demo.phrases import draw_phrases


def test_phrases_are_filled_in_and_tell_their_template() -> None:
    phrases = list(draw_phrases(400, np.random.default_rng(0)))
    assert len(phrases) == 400
    assert not [phrase.text for phrase in phrases if re.search(r"[{}\[\]|]", phrase.text)]
    assert len({phrase.source for phrase in phrases}) > 60
    assert len({phrase.text for phrase in phrases}) > 300
    assert any(re.search(r"(A|B|K|SH|WX)\d{5,6}", phrase.text) for phrase in phrases)
    assert any(re.search(r"\d+月\d+号", phrase.text) for phrase in phrases)


def test_phrases_repeat_and_differ_by_seed() -> None:
    first, again, other = (list(draw_phrases(20, np.random.default_rng(seed))) for seed in (0, 0, 1))
    assert first == again != other
