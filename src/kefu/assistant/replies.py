"""Replies in the making: sentences with their slots filled and their citations looked up."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from kefu.assistant.grounding import Knowledge, find_answers, quote
from kefu.assistant.messages import Action, HandOverReason, Reply, Sentence
from kefu.assistant.playbooks import CITATION, SLOT
from kefu.assistant.shop import Shop
from kefu.knowledge import Passage
from kefu.knowledge.articles import Language

Generate = Callable[[str, Sequence[Passage], Language], tuple[Sentence, ...] | None]
"""Words an answer to a question from passages, with citations; None where it cannot be trusted."""

MAX_SUGGESTIONS = 8


class Draft:
    """A reply that grows, sentence by sentence. What it says comes from playbooks, sayings and articles alone.

    Args:
        shop: whose playbooks and sayings they are.
        language: of the reply.
        slots: what fills ``{slots}``; a sentence with a slot that nothing fills is left out.
        knowledge: the articles; without them nothing is cited.
        generate: words answers from passages, in place of quotations.
    """

    def __init__(
        self,
        shop: Shop,
        language: Language,
        slots: Mapping[str, str],
        knowledge: Knowledge | None,
        generate: Generate | None,
    ) -> None:
        self._shop, self._language, self._knowledge, self._generate = shop, language, knowledge, generate
        self.fill(slots)
        self._sentences: list[Sentence] = []
        self._passages: dict[str, Passage] = {}
        self._suggestions: list[str] = []
        self.action: Action | None = None
        self.hand_over: HandOverReason | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been said yet."""
        return not self._sentences

    def fill(self, slots: Mapping[str, str]) -> None:
        """Fill ``{slots}`` with these from now on."""
        self._slots = {**slots, "shop": self._shop.name.of(self._language)}

    def say(self, *names: str, **extra: str) -> None:
        """Add sayings by name, such as ``greeting``."""
        for name in names:
            self.add(self._shop.say(name, self._language), **extra)

    def add(self, templates: Iterable[str], **extra: str) -> None:
        """Add sentences with ``{slots}`` and ``[[article_id]]``."""
        slots = {**self._slots, **extra}
        for template in templates:
            wanted = SLOT.findall(template)
            if any(name not in slots for name in wanted):
                continue
            cited = tuple(dict.fromkeys(found.strip() for found in CITATION.findall(template)))
            # citations first: what fills a slot was written by a customer and cites nothing
            text = SLOT.sub(lambda found: slots[found.group(1)], CITATION.sub("", template)).strip()
            known = tuple(article_id for article_id in cited if self._look_up(article_id))
            self._sentences.append(Sentence(text=text, citations=known))

    def find(self, question: str, intent: str | None = None, *, of_intent_only: bool = False) -> list[Passage]:
        """Return passages that surely answer a question."""
        if self._knowledge is None:
            return []
        return find_answers(
            self._knowledge,
            question,
            self._language,
            min_coverage=self._shop.thresholds.coverage,
            intent=intent,
            of_intent_only=of_intent_only,
        )

    def answer(self, question: str, intent: str | None = None, *, of_intent_only: bool = False) -> bool:
        """Answer a question from the knowledge base, citing it; tell whether there was a sure answer that is new."""
        found = self.find(question, intent, of_intent_only=of_intent_only)
        fresh = [passage for passage in found if passage.article_id not in self._passages]
        if not fresh or fresh[0] is not found[0]:
            return False
        worded = self._generate(question, fresh, self._language) if self._generate is not None else None
        if worded:
            used = {article_id for sentence in worded for article_id in sentence.citations}
            self._passages |= {passage.article_id: passage for passage in fresh if passage.article_id in used}
            self._sentences += worded
            return True
        best = fresh[0]
        self._passages[best.article_id] = best
        self._sentences += [
            Sentence(text=text, citations=(best.article_id,))
            for text in quote(best, question, self._shop.thresholds.quoted_sentences)
        ]
        return True

    def suggest(self, *texts: str) -> None:
        """Add answers that can be tapped."""
        self._suggestions += [text for text in texts if text not in self._suggestions]

    def suggest_saying(self, *names: str) -> None:
        """Add sayings that can be tapped, such as ``tap_yes``."""
        for name in names:
            self.suggest(*self._shop.say(name, self._language))

    def finish(self) -> Reply:
        """Return the reply."""
        cited = {article_id for sentence in self._sentences for article_id in sentence.citations}
        return Reply(
            language=self._language,
            sentences=tuple(self._sentences),
            passages=tuple(passage for article_id, passage in self._passages.items() if article_id in cited),
            suggestions=tuple(self._suggestions[:MAX_SUGGESTIONS]) if self.hand_over is None else (),
            action=self.action,
            hand_over=self.hand_over,
        )

    def _look_up(self, article_id: str) -> bool:
        if article_id in self._passages:
            return True
        article = self._knowledge.article(article_id, self._language) if self._knowledge is not None else None
        if article is None:
            return False
        self._passages[article_id] = Passage(
            article_id=article_id, language=article.language, title=article.title, text=article.text, score=0.0
        )
        return True
