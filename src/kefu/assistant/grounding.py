"""Passages that answer a question, told from passages that were merely found."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from kefu.assistant.acts import split_words
from kefu.knowledge import Article, Passage
from kefu.knowledge.articles import Language

_HAN = re.compile("[\u3400-\u9fff]+")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
_MARKDOWN = re.compile(r"^\s*(?:#{1,6}\s+.*$|[-*+]\s+|\d+[.)]\s+|>\s*)|[*_`]{1,3}|!?\[([^\]]*)\]\([^)]*\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])|(?<=[。！？])(?![。！？”’」』）])")
_STOP_WORDS = (
    "a about after all am an and any are as at be been before but by can could did do does for from get got had has "
    "have hello hi how i i'd i'll i'm i've if in is it it's its just let long may me more much my need no not of on or "
    "our please should so some tell thank thanks that the their them then there they this to too up us very want was "
    "we were what when where which who why will with would you your "
    # of any shop, so that they tell nothing
    "order orders article articles problem question help customer shop"
)
_STOPPED = frozenset(_STOP_WORDS.split())
_STOPPED_CHINESE = re.compile(
    "什么时候|为什么|怎么样|怎么办|怎么|怎样|什么|多少|多久|多长时间|哪里|哪个|哪些|可不可以|能不能|是不是|有没有|可以|请问|"
    "一下|一个|时候|问题|订单|你们|我们|[的了吗呢啊吧呀哦嗯我你您他她它是有在和与跟就都也还把被让给对这那想要能会几]"
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

    Words are levelled (no endings, no articles and the like); of Chinese the pairs of neighbouring characters count
    that no question word or particle divides.
    Less than two words in common is 0, unless the question has no more: one word is no proof.
    """
    asked = _terms(question)
    shared = asked & _terms(f"{passage.title} {passage.text}")
    return len(shared) / len(asked) if len(shared) >= min(2, max(1, len(asked))) else 0.0


def find_answers(
    knowledge: Knowledge,
    question: str,
    language: Language,
    *,
    min_coverage: float,
    intent: str | None = None,
    of_intent_only: bool = False,
) -> list[Passage]:
    """Return passages that answer the question, the best first; none where that is not sure.

    Args:
        knowledge: where to look.
        question: the customer's words.
        language: that the passages should be in.
        min_coverage: share of the question's words that a passage must hold (:func:`coverage`).
        intent: a label whose articles are preferred.
        of_intent_only: whether other articles are left out.
    """
    if not question.strip():
        return []
    found = knowledge.search(question, language, limit=5, intent=intent)
    if of_intent_only:
        found = [passage for passage in found if _answers(knowledge, passage, intent)]
    return [passage for passage in found if coverage(question, passage) >= min_coverage]


def _answers(knowledge: Knowledge, passage: Passage, intent: str | None) -> bool:
    article = knowledge.article(passage.article_id, passage.language)
    return article is not None and intent in article.intents


def quote(passage: Passage, question: str, max_sentences: int) -> tuple[str, ...]:
    """Return the neighbouring sentences of a passage that have most words in common with the question."""
    sentences = split_sentences(passage.text)
    asked = _terms(question)
    shared = [len(asked & _terms(sentence)) for sentence in sentences]
    starts = range(max(1, len(sentences) - max_sentences + 1))
    best = max(starts, key=lambda start: (sum(shared[start : start + max_sentences]), -start))
    return tuple(sentences[best : best + max_sentences])


def split_sentences(text: str) -> list[str]:
    """Return the sentences of Markdown in English or Chinese, without headings and marks.

    A list belongs to the sentence that leads to it with a colon.
    """
    sentences: list[str] = []
    is_list = False
    for line in text.splitlines():
        is_item = _ITEM.match(line) is not None
        plain = _MARKDOWN.sub(lambda mark: mark.group(1) or "", line).strip()
        if not plain:
            continue
        if is_item and sentences and (is_list or sentences[-1].endswith((":", "："))):
            is_list = True
            sentences[-1] += plain if "：" in sentences[-1] else f" {plain}"
            continue
        is_list = False
        sentences += [sentence.strip() for sentence in _SENTENCE.split(plain) if sentence.strip()]
    return sentences


def _terms(text: str) -> set[str]:
    words = {_stem(word) for word in split_words(text) if word.isascii() and word not in _STOPPED}
    for run in _HAN.findall(_STOPPED_CHINESE.sub(" ", text)):
        words |= {a + b for a, b in pairwise(run)} if len(run) > 1 else {run}
    return words


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
