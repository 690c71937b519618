"""What a message does in a conversation, apart from what it is about: told by phrases, never by a model."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from kefu.assistant.messages import Act

_WORD = re.compile(r"[a-z0-9']+|[^\W_a-z0-9']")
_SENTENCE_END = re.compile(r"[.!?;。！？；\n]+")
_CLAUSE_END = re.compile(r"[.!?;:,。！？；：，、\n]+|\s[-–—]+\s")
_QUOTED = re.compile(
    r"^[ \t]*[>＞|].*$"  # lines of an earlier message
    r"|“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|«[^»]*»|\"[^\"]*\"|(?<!\w)'[^'\n]*'(?!\w)",
    re.MULTILINE,
)
_FORWARDED = re.compile(
    r"^[ \t]*(?:-{2,}\s*(?:original message|forwarded message|原始邮件|转发邮件)"
    r"|on\s.{3,80}\swrote:|转发[:：]|原文[:：])",
    re.MULTILINE | re.IGNORECASE,
)
_NEGATED_WITHIN = 3
"""Words between a negation and what it negates: `not at all that angry`."""


def own_words(text: str) -> str:
    """Leave out what a customer quotes: lines after ``>``, words in quotation marks, forwarded messages."""
    forwarded = _FORWARDED.search(text)
    return _QUOTED.sub(" ", text[: forwarded.start()] if forwarded else text)


@dataclass(frozen=True)
class Phrases:
    """Phrases by which acts are known.

    Attributes:
        acts: what customers say, by act.
        negations: words that turn what follows into its contrary, such as ``not``.
        fillers: words that say nothing by themselves, such as ``please`` or ``order number``.
        hedges: words that take a yes back, such as ``but``.
    """

    acts: Mapping[Act, tuple[str, ...]]
    negations: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    hedges: tuple[str, ...] = ()

    def find(self, text: str) -> frozenset[Act]:
        """Return the acts of what a customer says himself; what he quotes is not his.

        Yes and no count only where a message begins with them, after a greeting perhaps, and a yes only where nothing
        else is said in the same breath: `Yes, please`, but not `I got no answer` or `right now it is lost`. A yes with
        a hedge in the message (`yes, but`, `好的，不过`) is none.
        """
        own = own_words(text)
        acts: set[Act] = {
            act
            for sentence in _SENTENCE_END.split(own)
            for act, at, words in self._matches(split_words(sentence))
            if act not in {Act.YES, Act.NO} and not self._is_negated(words, at)
        }
        answer = self._leading_answer(own)
        if answer is not None and not (answer is Act.YES and self.hedged(text)):
            acts.add(answer)
        return frozenset(acts)

    def _leading_answer(self, own: str) -> Act | None:
        for clause in _CLAUSE_END.split(own):
            words = split_words(clause)
            is_pure = not self._without(words, self._known_words)
            if self._begins_with(words, Act.NO):
                return Act.NO
            if self._begins_with(words, Act.YES):
                return Act.YES if is_pure else None
            if not is_pure:
                return None
        return None

    def hedged(self, text: str) -> bool:
        """Tell whether a yes in the text would be taken back or put off."""
        words = self._without(split_words(own_words(text)), self._acts.get(Act.YES, []))
        return "?" in text or "？" in text or any(_find(words, hedge) for hedge in self._hedges)

    def is_pure(self, text: str) -> bool:
        """Tell whether a text holds nothing but acts and fillers; anger is about something, so it does not count."""
        return not any(self._without(split_words(clause), self._known_words) for clause in _CLAUSE_END.split(text))

    def _matches(self, words: list[str]) -> Iterator[tuple[Act, int, list[str]]]:
        for act, phrases in self._acts.items():
            yield from ((act, at, words) for phrase in phrases for at in _find(words, phrase))

    def _is_negated(self, words: list[str], at: int) -> bool:
        before = words[max(0, at - _NEGATED_WITHIN - 1) : at]
        return any(_find(before, negation) for negation in self._negations)

    def _begins_with(self, words: list[str], act: Act) -> bool:
        openings = [opening for kind in (Act.GREETING, Act.THANKS) for opening in self._acts.get(kind, ())]
        start = max((len(one) for one in openings if words[: len(one)] == one), default=0)
        return any(words[start : start + len(phrase)] == phrase for phrase in self._acts.get(act, ()))

    def _without(self, words: list[str], phrases: list[list[str]]) -> list[str]:
        rest, at = [], 0
        while at < len(words):
            length = max((len(one) for one in phrases if words[at : at + len(one)] == one), default=0)
            if not length:
                rest.append(words[at])
            at += max(1, length)
        return rest

    @cached_property
    def _acts(self) -> Mapping[Act, list[list[str]]]:
        return {act: [split_words(phrase) for phrase in phrases] for act, phrases in self.acts.items()}

    @cached_property
    def _negations(self) -> list[list[str]]:
        return [split_words(phrase) for phrase in self.negations]

    @cached_property
    def _hedges(self) -> list[list[str]]:
        return [split_words(phrase) for phrase in self.hedges]

    @cached_property
    def _known_words(self) -> list[list[str]]:
        pure = [phrase for act, phrases in self._acts.items() if act is not Act.ANGER for phrase in phrases]
        return [*pure, *(split_words(phrase) for phrase in self.fillers)]


def split_words(text: str) -> list[str]:
    """Return English words in lower case, and other letters one by one; marks and full width are levelled."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'")
    return _WORD.findall(plain)


def _find(words: list[str], phrase: list[str]) -> list[int]:
    """Return where the phrase starts among the words."""
    return [at for at in range(len(words) - len(phrase) + 1) if phrase and words[at : at + len(phrase)] == phrase]
