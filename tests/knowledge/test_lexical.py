import math
import sys

import numpy as np
import pytest

from kefu.knowledge.lexical import LexicalIndex
from kefu.tickets.errors import KefuError


def test_scores_are_those_of_the_formula():
    """Robertson and Zaragoza 2009, with Lucene's idf: log(1 + (N - n + 0.5) / (n + 0.5))."""
    index = LexicalIndex(["red cup cup", "cup under lamp", "lamp"])
    k1, b, length = 1.2, 0.5, 7 / 3

    def weight(count, size, containing):
        idf = math.log(1 + (3 - containing + 0.5) / (containing + 0.5))
        return idf * count / (count + k1 * (1 - b + b * size / length))

    expected = [weight(2, 3, 2), weight(1, 3, 2) + weight(1, 3, 2), weight(1, 1, 2)]
    np.testing.assert_allclose(index.score("lamp cup unknown cup"), expected, rtol=1e-5)


@pytest.mark.parametrize("texts", [[], ["…"], ["cup"]])
def test_nothing_in_common_is_nought(texts):
    scores = LexicalIndex(texts).score("lamp ?")
    assert scores.shape == (len(texts),)
    assert not scores.any()


def test_without_the_extra_the_mend_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(KefuError, match=r"pip install 'kefu\[assistant\]'"):
        LexicalIndex(["cup"])
