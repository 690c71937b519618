"""What goes into the assistant and what comes out of it, turn by turn. Everything but media can be written as JSON."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kefu.knowledge import Passage
from kefu.knowledge.articles import Language
from kefu.speech import Transcript


class Frozen(BaseModel):
    """A value that nobody changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Frozen):
    """What a customer sends at once; any part may be missing, not all."""

    text: str = ""
    image: bytes | None = Field(None, description="A picture file, as it was uploaded.")
    audio: bytes | None = Field(None, description="A WAV file: mono, 16 bit.")
    language: Language | None = Field(None, description="Chosen by the customer; without it found from what is said.")


class Act(StrEnum):
    """What a message does in the conversation, apart from what it is about."""

    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    YES = "yes"
    NO = "no"
    PERSON = "person"
    """asks for a person"""
    ANGER = "anger"
    FOLLOW_UP = "follow_up"
    """`and this one?`: the topic of before, something else"""


class Entity(Frozen):
    """A detail that a shop needs."""

    kind: str = Field(description="`order_number`, `amount`, `date`.")
    value: str = Field(description="Normalised: `KF-20391`, `129.90 EUR`, `2026-03-14`.")
    written: str = Field(description="As it stands in the message.")
    source: Literal["text", "image", "audio"]


class IntentGuess(Frozen):
    """One of the model's labels."""

    label: str
    probability: float = Field(ge=0, le=1)


class PictureReading(Frozen):
    """What is to be read and seen in a picture."""

    lines: tuple[str, ...] = Field((), description="Text in it, from top to bottom.")
    shows: tuple[IntentGuess, ...] = Field((), description="The model's opinion of the picture alone, best first.")
    fault: str | None = Field(None, description="Why it could not be read, such as `truncated (…)`.")


class Understanding(Frozen):
    """All that was understood of one message."""

    language: Language
    text: str = Field(description="What the customer said: written text, or what was heard.")
    intents: tuple[IntentGuess, ...] = Field((), description="Of the fused model, best first.")
    out_of_scope: bool = False
    acts: frozenset[Act] = frozenset()
    entities: tuple[Entity, ...] = ()
    picture: PictureReading | None = None
    heard: Transcript | None = None
    not_used: Mapping[str, str] = Field(default_factory=dict, description="Why the model left out a modality.")


class Sentence(Frozen):
    """A sentence of a reply, spoken and shown by itself."""

    text: str
    citations: tuple[str, ...] = Field((), description="Ids of the articles that it rests on.")


class Action(Frozen):
    """Something to be done for the customer; only a playbook proposes one, and only the customer's yes confirms it."""

    name: str
    arguments: Mapping[str, str] = Field(default_factory=dict)
    status: Literal["proposed", "confirmed", "declined"]


class HandOverReason(StrEnum):
    """Why a person takes over."""

    ASKED = "asked"
    UNSURE = "unsure"
    """low confidence twice in a row"""
    ANGER = "anger"
    PLAYBOOK = "playbook"
    """the playbook of the intent ends with a person"""


class Reply(Frozen):
    """What the assistant says and does; saying and doing are separate fields."""

    language: Language
    sentences: tuple[Sentence, ...] = Field(description="Nothing after a hand-over.")
    passages: tuple[Passage, ...] = Field((), description="What the citations point to.")
    suggestions: tuple[str, ...] = Field((), description="Answers that can be tapped.")
    action: Action | None = None
    hand_over: HandOverReason | None = Field(None, description="Set in the turn that hands over.")
