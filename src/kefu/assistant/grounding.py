"""Passages that answer a question, told from passages that were merely found."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from kefu.assistant.acts import split_words
from kefu.knowledge import Article, Passage
from kefu.knowledge.articles import Language

_HAN = re.compile("[\u3400-\u9fff]+")
_MARKDOWN = re.compile(r"^\s*(?:#{1,6}\s+.*$|[-*+]\s+|\d+\.\s+|>\s*)|[*_`]{1,3}|!?\[([^\]]*)\]\([^)]*\)", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])|(?<=[。！？；])\s*|\n+")
_STOP_WORDS = (
    "a about after all am an and any are as at be been before but by can could did do does for from get got had has "
    "have hello hi how i i'd i'll i'm i've if in is it it's its just let long may me more much my need no not of on or "
    "our please should so some tell thank thanks that the their them then there they this to too up us very want was "
    "we were what when where which who why will with would you your"
)
_STOPPED = frozenset(_STOP_WORDS.split())
_STOP_CHARACTERS = frozenset(
    "的了吗呢啊吧呀哦嗯我你您他它是在有和与就都也还把被让给对这那个请问一下想要能可以会多少怎么什么"
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "y", "e")


class Knowledge(Protocol):
    """What is asked of a knowledge base; :class:`kefu.knowledge.KnowledgeBase` is one."""

    def search(self, query: str, language: Language, limit: int = 5, intent: str | None = None) -> Sequence[Passage]:
        """Return the passages that fit best, the best first."""

    def article(self, article_id: str, language: Language) -> Article | None:
        """Return an article, in the other language where there is none in this one; None where there is neither."""


def coverage(question: str, passage: Passage) -> float:
    """Return the share of the question's words that stand in the passage or its title: 0 to 1.

    Words are levelled (no endings, no articles and the like); of Chinese the pairs of neighbouring characters count.
    Less than two words in common is 0: one word is no proof.
    """
    asked = _terms(question)
    shared = asked & _terms(f"{passage.title} {passage.text}")
    return len(shared) / len(asked) if len(shared) >= min(2, max(1, len(asked))) else 0.0


def find_answers(
    knowledge: Knowledge, question: str, language: Language, *, min_coverage: float, intent: str | None = None
) -> list[Passage]:
    """Return passages that answer the question, the best first; none where that is not sure."""
    if not question.strip():
        return []
    found = knowledge.search(question, language, limit=5, intent=intent)
    return [passage for passage in found if coverage(question, passage) >= min_coverage]


def quote(passage: Passage, question: str, max_sentences: int) -> tuple[str, ...]:
    """Return the neighbouring sentences of a passage that have most words in common with the question."""
    sentences = split_sentences(passage.text)
    asked = _terms(question)
    shared = [len(asked & _terms(sentence)) for sentence in sentences]
    starts = range(max(1, len(sentences) - max_sentences + 1))
    best = max(starts, key=lambda start: (sum(shared[start : start + max_sentences]), -start))
    return tuple(sentences[best : best + max_sentences])


def split_sentences(text: str) -> list[str]:
    """Return the sentences of Markdown in English or Chinese, without headings and marks."""
    plain = _MARKDOWN.sub(lambda mark: mark.group(1) or "", text)
    return [sentence.strip() for sentence in _SENTENCE.split(plain) if sentence and sentence.strip()]


def _terms(text: str) -> set[str]:
    words = {_stem(word) for word in split_words(text) if word.isascii() and word not in _STOPPED}
    for run in _HAN.findall(text):
        kept = [character for character in run if character not in _STOP_CHARACTERS]
        words |= {a + b for a, b in pairwise(kept)} if len(kept) > 1 else set(kept)
    return words


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
