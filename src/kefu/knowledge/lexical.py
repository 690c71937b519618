"""Passages ranked by the words that they share with a question: BM25."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kefu.knowledge.terms import find_terms
from kefu.tickets.errors import KefuError

Scores = NDArray[np.float32]

_K1, _B = 1.2, 0.5


class LexicalIndex:
    """BM25 (Robertson and Zaragoza 2009) over N texts, all scores computed beforehand (Lù 2024, BM25S).

    Raises:
        KefuError: The extra ``assistant`` is not installed.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        try:
            from bm25s import BM25
        except ImportError as error:
            raise KefuError(
                f"articles are searched by bm25s, which cannot be imported ({error}); `pip install 'kefu[assistant]'`"
            ) from error
        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it logs every step, whoever listens
        self.size = len(texts)
        self._index: Any = BM25(k1=_K1, b=_B, method="lucene")
        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in find_terms(text)] for text in texts]
        # a text without a single term has nothing to be found by
        self._is_empty = not vocabulary
        if not self._is_empty:
            self._index.index((ids, vocabulary), create_empty_token=False, show_progress=False)

    def score(self, query: str) -> Scores:
        """Return how well each text fits (N,): 0 where it shares no term with the query."""
        terms = [] if self._is_empty else self._index.get_tokens_ids(list(dict.fromkeys(find_terms(query))))
        if not terms:
            return np.zeros(self.size, dtype=np.float32)
        scores: Scores = self._index.get_scores_from_ids(terms)
        return scores
