"""A shop: a folder that says who it is, how its order numbers look, and what is done about every intent."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from pydantic import Field

from kefu.assistant.acts import Phrases, split_words
from kefu.assistant.entities import OrderNumbers
from kefu.assistant.grounding import Knowledge
from kefu.assistant.messages import Act
from kefu.assistant.playbooks import Line, Lines, Playbook, read_playbooks
from kefu.assistant.yaml_files import ShopError, read_yaml
from kefu.knowledge.articles import Language
from kefu.parameters import Parameters
from kefu.tickets.errors import did_you_mean

FILE = "assistant.yml"
_WORDS = Path(__file__).with_name("words.yml")
_OTHER_PHRASES = ("negations", "hedges", "fillers")


class Thresholds(Parameters):
    """Where the assistant stops being sure."""

    confidence: float = Field(0.5, ge=0, le=1, description="Probability of an intent below which it is not acted on")
    margin: float = Field(
        0.2, ge=0, le=1, description="Two intents closer than this are both offered, and the customer chooses"
    )
    switch: float = Field(
        0.75, ge=0, le=1, description="Probability from which another intent takes over in the middle of a matter"
    )
    in_scope: float = Field(
        0.75, ge=0, le=1, description="Probability from which a message counts as known although the model finds it odd"
    )
    heard: float = Field(0.4, ge=0, le=1, description="Confidence of a transcript below which its words do not count")
    coverage: float = Field(
        0.5, ge=0, le=1, description="Share of the question's words that a passage must hold to answer it"
    )
    times_unsure: int = Field(2, ge=1, description="After so many unsure turns in a row a person takes over")
    times_asked: int = Field(3, ge=1, description="After so many questions for one detail a person takes over")
    quoted_sentences: int = Field(2, ge=1, description="Sentences of an article that are said at most")


class Words(Parameters):
    """Phrases of customers and sayings of the assistant, by name."""

    phrases: Mapping[str, Lines] = Field(default_factory=dict, description="What customers say, added to the usual")
    sayings: Mapping[str, Lines] = Field(default_factory=dict, description="What the assistant says, instead")


class AssistantFile(Words):
    """What ``assistant.yml`` says."""

    name: Line = Field(description="The shop's name")
    order_numbers: OrderNumbers = Field(default_factory=OrderNumbers, description="What its order numbers look like")
    currency: str = Field("CNY", min_length=3, max_length=3, description="Of amounts that name none, ISO 4217")
    generator: Path | None = Field(
        None, description="Folder of a language model (safetensors) that words answers; beside this file, or absolute"
    )
    thresholds: Thresholds = Field(default_factory=Thresholds, description="Where the assistant stops being sure")


@dataclass(frozen=True)
class Shop:
    """All that a shop's folder says, checked."""

    name: Line
    order_numbers: OrderNumbers
    currency: str
    thresholds: Thresholds
    phrases: Phrases
    sayings: Mapping[str, Lines]
    playbooks: Mapping[str, Playbook]
    generator: Path | None = None

    @classmethod
    def load(cls, folder: str | Path) -> "Shop":
        """Read a shop's folder: ``assistant.yml`` and ``playbooks/*.yml``.

        Raises:
            ShopError: a file is missing or wrong; the message names the file, line and field.
        """
        folder = Path(folder)
        own = read_yaml(folder / FILE, AssistantFile)
        usual = _usual_words()
        for kind, given, known in (
            ("phrases", own.phrases, usual.phrases),
            ("sayings", own.sayings, usual.sayings),
        ):
            for name in given.keys() - known.keys():
                hint = did_you_mean(name, known) or f" (there are: {', '.join(known)})"
                raise ShopError(f"{folder / FILE}: {kind}.{name}: there are no such {kind}{hint}")
        phrases = {name: (*lines.all(), *own.phrases.get(name, Lines()).all()) for name, lines in usual.phrases.items()}
        return cls(
            name=own.name,
            order_numbers=own.order_numbers,
            currency=own.currency,
            thresholds=own.thresholds,
            phrases=Phrases(
                acts={Act(name): found for name, found in phrases.items() if name not in _OTHER_PHRASES},
                **{name: phrases[name] for name in _OTHER_PHRASES},
            ),
            sayings={**usual.sayings, **own.sayings},
            playbooks=read_playbooks(folder / "playbooks"),
            generator=folder / own.generator if own.generator is not None else None,
        )

    def say(self, name: str, language: Language) -> tuple[str, ...]:
        """Return what the assistant says outside playbooks, such as ``greeting``."""
        return self.sayings[name].of(language)

    def intent_of_title(self, text: str) -> str | None:
        """Return the intent whose title was tapped, in either language; None where it is none."""
        typed = text.strip().casefold()
        for intent, playbook in self.playbooks.items():
            if typed in {title.casefold() for title in playbook.title.all()}:
                return intent
        return None

    def intent_of_example(self, text: str) -> str | None:
        """Return the one intent of which an example stands in the text and is half of it at least; else None."""
        words = split_words(text)
        said = f" {' '.join(words)} "
        found = {
            intent
            for intent, examples in self._example_words.items()
            for example in examples
            if example in said and 2 * len(example.split()) >= len(words)
        }
        return found.pop() if len(found) == 1 else None

    @cached_property
    def _example_words(self) -> Mapping[str, tuple[str, ...]]:
        return {
            intent: tuple(f" {' '.join(split_words(example))} " for example in playbook.examples.all())
            for intent, playbook in self.playbooks.items()
        }

    def examples(self, language: Language) -> tuple[str, ...]:
        """Return what customers say in a language: examples of all playbooks, their options, answers and acts."""
        found: dict[str, None] = {}
        for playbook in self.playbooks.values():
            found.update(dict.fromkeys(playbook.examples.of(language)))
            for ask in playbook.ask:
                for option in ask.options:
                    found.update(dict.fromkeys(option.words.of(language)))
        return tuple(found)

    def spoken(self, language: Language) -> tuple[str, ...]:
        """Return what a recogniser of speech should expect: examples, titles, greetings, yes and no."""
        acts = (phrase for phrases in self.phrases.acts.values() for phrase in phrases)
        own = [phrase for phrase in acts if _is_english(phrase) == (language == "en")]
        titles = (playbook.title.of(language) for playbook in self.playbooks.values())
        return tuple(dict.fromkeys([*self.examples(language), *titles, *own]))

    def check_citations(self, knowledge: Knowledge) -> None:
        """Check that all articles that playbooks cite are there, in both languages.

        Raises:
            ShopError: one is not.
        """
        for intent, playbook in self.playbooks.items():
            for article_id in playbook.cited():
                for language in ("en", "zh"):
                    if knowledge.article(article_id, language) is None:
                        raise ShopError(
                            f"playbooks/{intent}.yml cites [[{article_id}]], and the knowledge base has no such article"
                            f" in '{language}'; write it, or leave the citation out"
                        )


def _is_english(phrase: str) -> bool:
    """Tell a phrase of customers from a Chinese one, which may be a number alone: the hotline `12315`."""
    return phrase.isascii() and any(map(str.isalpha, phrase))


@cache
def _usual_words() -> Words:
    return read_yaml(_WORDS, Words)
