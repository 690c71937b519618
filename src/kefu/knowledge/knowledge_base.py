"""A shop's articles in memory, and the passages of them that answer a question."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kefu.knowledge.articles import Article, Language, Passage
from kefu.knowledge.dense import Embedder, embed_once
from kefu.knowledge.lexical import LexicalIndex, Scores
from kefu.knowledge.passages import Section, split_article
from kefu.knowledge.reading import LANGUAGES, read_articles
from kefu.modalities.text.language import detect_language

logger = logging.getLogger(__name__)

TITLE_WEIGHT, ASKED_WEIGHT = 2, 2
"""How often the words of a title count, and those of :attr:`~kefu.knowledge.articles.Article.asked`."""

MEANING_WEIGHT = 2.0
"""How much a cosine of 1 counts, beside the words of the article that shares most of them."""

INTENT_WEIGHT = 1.25
"""How much more an article counts that answers the intent of the customer."""


_NO_VECTORS = np.zeros((0, 1), dtype=np.float32)


class KnowledgeBase:
    """Articles in English and Chinese, searched in both.

    English words of a question are looked for in English articles and Chinese characters in Chinese ones. An article
    and its twin are one topic: found in either, it is given in the language asked for, if it has that.

    With an embedder the meaning of the English part of a question counts, too, which finds other words for the same
    thing. Chinese is found by its characters alone.

    Attributes:
        articles: All of them, by id, then by language.
        faults: What :func:`~kefu.knowledge.reading.read_articles` left out and why, a line each.
    """

    def __init__(
        self,
        articles: Sequence[Article],
        faults: Sequence[str] = (),
        embedder: Embedder | None = None,
        cache: Path | None = None,
    ) -> None:
        self.articles = tuple(sorted(articles, key=lambda article: (article.article_id, article.language)))
        self.faults = tuple(faults)
        self._by_id = {(article.article_id, article.language): article for article in self.articles}
        self._topics = list(dict.fromkeys(article.article_id for article in self.articles))
        number = {topic: position for position, topic in enumerate(self._topics)}
        self._shelves = {
            language: _Shelf([article for article in self.articles if article.language == language], number)
            for language in LANGUAGES
        }
        self._embedder = embedder
        texts = [f"{section.title}\n{section.text}" for section in self._shelves["en"].sections]
        self._vectors = embed_once(embedder, texts, cache) if embedder is not None and texts else _NO_VECTORS
        self._answering: dict[str, NDArray[np.bool_]] = {}
        for article in self.articles:
            for intent in article.intents:
                known = self._answering.setdefault(intent, np.zeros(len(number), dtype=bool))
                known[number[article.article_id]] = True

    @classmethod
    def load(cls, folder: Path, embedder: Embedder | None = None, cache: Path | None = None) -> Self:
        """Read the articles of a folder and index them; a warning tells each that was left out.

        Args:
            folder: See :mod:`kefu.knowledge.reading`.
            embedder: What finds by meaning, as :func:`~kefu.knowledge.dense.installed_embedder`; None: words alone.
            cache: File in which the embedder's vectors are kept, since making them takes minutes for thousands of
                articles.

        Raises:
            KnowledgeError: There is no such folder, or no article in it that can be read.
        """
        reading = read_articles(folder)
        for fault in reading.faults:
            logger.warning("Left out of the knowledge base: %s", fault)
        return cls(reading.articles, reading.faults, embedder, cache)

    def article(self, article_id: str, language: Language) -> Article | None:
        """Return an article in a language, else its twin in the other one; None if there is neither."""
        return self._by_id.get((article_id, language)) or self._by_id.get((article_id, _other(language)))

    def search(self, query: str, language: Language, limit: int = 5, intent: str | None = None) -> list[Passage]:
        """Find the passages that fit a question best, at most one of each article.

        Args:
            query: What the customer said, in either language or both.
            language: The language of the passages; an article that lacks it comes in the other one.
            limit: The most passages that are returned.
            intent: A label of the model. Its articles are preferred; the others can be found all the same.

        Returns:
            Passages by falling score, equals by article id. None where no word of the question is in any article.
        """
        of_passages = {name: shelf.index.score(query) for name, shelf in self._shelves.items()}
        scores = self._of_topics(of_passages)
        if (
            self._embedder is not None
            and len(self._vectors)
            and scores.any()
            and detect_language(query) in ("en", "mixed")
        ):
            cosines = self._vectors @ self._embedder.embed([query])[0]
            of_passages["en"] += MEANING_WEIGHT * scores.max() * cosines.clip(min=0)
            scores = self._of_topics(of_passages)
        if intent in self._answering:
            scores[self._answering[intent]] *= INTENT_WEIGHT
        return [self._passage(topic, language, of_passages, float(scores[topic])) for topic in _highest(scores, limit)]

    def _of_topics(self, of_passages: Mapping[Language, Scores]) -> Scores:
        scores = np.zeros(len(self._topics), dtype=np.float32)
        for language, shelf in self._shelves.items():
            scores[shelf.topics] += shelf.best_of_articles(of_passages[language])
        return scores

    def _passage(self, topic: int, language: Language, of_passages: Mapping[Language, Scores], score: float) -> Passage:
        other = _other(language)
        if topic not in self._shelves[language].number:
            language, other = other, language
        shelf = self._shelves[language]
        passages = shelf.passages_of(topic)
        best = int(np.argmax(of_passages[language][passages]))
        if not of_passages[language][passages].any():
            # the words stand in the twin alone, whose passages follow one another as here
            twin = self._shelves[other].passages_of(topic)
            best = min(int(np.argmax(of_passages[other][twin])), passages.stop - passages.start - 1)
        section = shelf.sections[passages.start + best]
        return Passage(
            article_id=self._topics[topic], language=language, title=section.title, text=section.text, score=score
        )


class _Shelf:
    """The articles of one language, cut into passages.

    Attributes:
        topics: The topic of each article (A,).
        number: Which article each topic is.
        sections: The passages, article by article.
        index: Finds passages.
    """

    def __init__(self, articles: Sequence[Article], topics: Mapping[str, int]) -> None:
        parts = [split_article(article) for article in articles]
        self.topics = np.array([topics[article.article_id] for article in articles], dtype=np.int64)
        self.number = {int(topic): position for position, topic in enumerate(self.topics)}
        self.sections = [section for part in parts for section in part]
        self.index = LexicalIndex(
            [_searched(article, section) for article, part in zip(articles, parts, strict=True) for section in part]
        )
        self._starts = np.cumsum([0, *map(len, parts)])

    def passages_of(self, topic: int) -> slice:
        """Return where the passages of a topic stand in :attr:`sections`."""
        article = self.number[topic]
        return slice(int(self._starts[article]), int(self._starts[article + 1]))

    def best_of_articles(self, scores: Scores) -> Scores:
        """Return the highest score (A,) among the passages (P,) of each article."""
        return np.maximum.reduceat(scores, self._starts[:-1]) if len(self.topics) else scores


def _searched(article: Article, section: Section) -> str:
    return "\n".join([*[section.title] * TITLE_WEIGHT, *article.asked * ASKED_WEIGHT, section.text])


def _highest(scores: Scores, limit: int) -> list[int]:
    """Return where the highest scores stand, best first, equals in order, zeros never."""
    if limit < 1 or not len(scores):
        return []
    least = np.partition(scores, -limit)[-limit] if limit < len(scores) else 0
    candidates = np.flatnonzero((scores >= least) & (scores > 0))
    order = np.argsort(-scores[candidates], kind="stable")[:limit]
    return [int(topic) for topic in candidates[order]]


def _other(language: Language) -> Language:
    return "zh" if language == "en" else "en"
