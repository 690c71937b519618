"""What the assistant says, asks and does for an intent: a YAML file each, written by whoever runs the shop."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from kefu.assistant.yaml_files import ShopError, read_yaml
from kefu.knowledge.articles import Language
from kefu.parameters import Parameters

ENTITY_SLOTS = ("order_number", "amount", "date")
"""Slots that any message may fill, whoever asked."""

SLOT = re.compile(r"\{(\w*)\}")
CITATION = re.compile(r"\s*\[\[([^\[\]]*)\]\]")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Lines(Parameters):
    """Sentences in both languages; either may have more of them than the other."""

    en: tuple[str, ...] = Field((), description="English")
    zh: tuple[str, ...] = Field((), description="Chinese")

    @model_validator(mode="after")
    def _check_both(self) -> Self:
        for language, lines, other in (("en", self.en, self.zh), ("zh", self.zh, self.en)):
            if other and not lines:
                raise ValueError(f"there is nothing in '{language}'; both languages are needed")
            if any(not line.strip() for line in lines):
                raise ValueError(f"a sentence in '{language}' is empty; leave it out")
        return self

    def of(self, language: Language) -> tuple[str, ...]:
        """Return the sentences of a language."""
        return self.en if language == "en" else self.zh

    def all(self) -> tuple[str, ...]:
        """Return the sentences of both."""
        return (*self.en, *self.zh)


class Line(Parameters):
    """A sentence in both languages."""

    en: str = Field(min_length=1, description="English")
    zh: str = Field(min_length=1, description="Chinese")

    def of(self, language: Language) -> str:
        """Return the sentence of a language."""
        return self.en if language == "en" else self.zh

    def all(self) -> tuple[str, ...]:
        """Return the sentences of both."""
        return (self.en, self.zh)


class Option(Parameters):
    """One answer to a question of the kind ``choice``."""

    value: str = Field(min_length=1, description="What the slot becomes")
    words: Lines = Field(description="Words by which it is known; the first of each language is offered to be tapped")
    hand_over: bool = Field(False, description="Whether a person goes on once this is the answer")


class Ask(Parameters):
    """A detail that is needed before anything is done."""

    slot: str = Field(description="Its name in {slots} and in the action's arguments")
    kind: Literal["order_number", "amount", "date", "choice", "picture", "text"] = Field(
        description="How the answer is known: a detail, one of the options, any picture, or whatever is answered"
    )
    question: Line = Field(description="What the customer is asked")
    options: tuple[Option, ...] = Field((), description="Of a choice: at least two")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not _NAME.fullmatch(self.slot):
            raise ValueError(f"a slot is named by small letters, digits and _, not {self.slot!r}")
        if (self.kind in ENTITY_SLOTS or self.slot in ENTITY_SLOTS) and self.slot != self.kind:
            raise ValueError(f"the slot of the kind {self.kind} has a wrong name; call it so, too (got '{self.slot}')")
        if (self.kind == "choice") != (len(self.options) >= 2):
            raise ValueError("'options' belong to the kind choice, at least two of them")
        return self


class PlannedAction(Parameters):
    """Something that is done for the customer once he has confirmed it."""

    name: str = Field(description="What the shop's systems know it by, such as send_replacement")
    arguments: Mapping[str, str] = Field(default_factory=dict, description="Argument: the slot it comes from")
    confirm: Line = Field(description="The question that a yes confirms; it should say what is done, with {slots}")


class Playbook(Parameters):
    """All that is said and done about one intent."""

    title: Line = Field(description="The matter in a few words, to be tapped")
    say: Lines = Field(
        default_factory=Lines,
        description="Said first; with {slots} (a sentence without its slot is left out) and [[article_id]] behind",
    )
    prefer_knowledge: bool = Field(
        False, description="Whether a passage of the knowledge base that fits is said instead of `say`"
    )
    ask: tuple[Ask, ...] = Field((), description="Asked one after another")
    action: PlannedAction | None = Field(None, description="Proposed when everything is known")
    then: Lines = Field(default_factory=Lines, description="Said when the action is confirmed, or there is none")
    hand_over: bool = Field(False, description="Whether a person goes on at the end")
    suggestions: Lines = Field(default_factory=Lines, description="What the customer may go on with, to be tapped")
    examples: Lines = Field(default_factory=Lines, description="What customers say; recognisers of speech expect it")

    @model_validator(mode="after")
    def _check_slots(self) -> Self:
        asked = [ask.slot for ask in self.ask]
        if twice := {slot for slot in asked if asked.count(slot) > 1}:
            raise ValueError(f"'{min(twice)}' is asked twice")
        for text, known in self._texts():
            for slot in SLOT.findall(text):
                if slot not in known:
                    raise ValueError(f"nothing fills {{{slot}}} of {text!r}; ask for it, or leave it out")
            for cited in CITATION.findall(text):
                if not cited.strip():
                    raise ValueError(f"[[]] of {text!r} names no article")
        for argument, slot in self.action.arguments.items() if self.action else ():
            if slot not in asked:
                raise ValueError(f"action argument '{argument}' comes from '{slot}', which nothing asks for")
        return self

    def cited(self) -> Iterator[str]:
        """Yield the ids of all articles that it cites."""
        for text, _ in self._texts():
            yield from (found.strip() for found in CITATION.findall(text))

    def _texts(self) -> Iterator[tuple[str, set[str]]]:
        asked = [ask.slot for ask in self.ask]
        for text in (*self.say.all(), *self.then.all()):
            yield text, {*ENTITY_SLOTS, *asked}
        if self.action is not None:
            yield from ((text, set(asked)) for text in self.action.confirm.all())
        for place, ask in enumerate(self.ask):
            yield from ((text, {*asked[:place]}) for text in ask.question.all())


def read_playbooks(folder: Path) -> dict[str, Playbook]:
    """Read all playbooks of a folder, by intent: the names of the files, which are labels of the model.

    Raises:
        ShopError: there is none, or one of them is wrong; the message names the file, line and field.
    """
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise ShopError(f"{folder}: there are no playbooks; write one a label of the model, such as refund.yml")
    if strange := sorted(folder.glob("*.yaml")):
        raise ShopError(f"{strange[0]}: playbooks end in .yml; rename it")
    return {file.stem: read_yaml(file, Playbook) for file in files}
