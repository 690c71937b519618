"""Conversations written down beforehand: what a customer sends, and what the assistant must say and do.

Scenarios are YAML files, a list of conversations each. They are run with a trained model, or with a stand-in that says
what is expected of it: then they try the playbooks and the policy alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from kefu.assistant.conversation import Conversation, respond
from kefu.assistant.grounding import Knowledge
from kefu.assistant.messages import Act, HandOverReason, Message, Reply, Understanding
from kefu.assistant.replies import Generate
from kefu.assistant.scenario_media import DrawnPicture, SpokenWords, draw, record
from kefu.assistant.shop import Shop
from kefu.assistant.understanding import Judge, ReadPicture, Understander
from kefu.assistant.yaml_files import ShopError, read_yaml
from kefu.knowledge import Article
from kefu.knowledge.articles import Language
from kefu.parameters import Parameters
from kefu.speech import Transcript
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    from kefu.assistant.ears import ShopEars
    from kefu.predictor import RawTicket

_STAND_IN_PROBABILITY = 0.9


class Customer(Parameters):
    """What the customer sends at once."""

    text: str = Field("", description="What he writes")
    image: DrawnPicture | None = Field(None, description="A picture: drawn, or a file")
    audio: SpokenWords | None = Field(None, description="A recording: spoken, or a file")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.text and self.image is None and self.audio is None:
            raise ValueError("the customer sends nothing; give text, image or audio")
        return self


class ExpectedAction(Parameters):
    """What should be proposed or done."""

    name: str = Field(description="Of the action")
    status: Literal["proposed", "confirmed", "declined"] = Field(description="What becomes of it in this turn")
    arguments: Mapping[str, str] = Field(default_factory=dict, description="Those that matter")


class Expected(Parameters):
    """What must be true of the reply; what is left out is not looked at."""

    intent: str | None = Field(None, description="The matter after this turn; 'none' for none")
    reply_contains: tuple[str, ...] = Field((), description="Each must be said; a|b for either, capitals aside")
    reply_lacks: tuple[str, ...] = Field((), description="None of these may be said")
    cites: tuple[str, ...] = Field((), description="Articles that must be cited")
    asks: str | None = Field(None, description="The slot that is asked for; 'none' for none")
    action: ExpectedAction | None = Field(None, description="What is proposed, confirmed or declined")
    no_action: bool = Field(False, description="Whether nothing may be proposed or done")
    hand_over: HandOverReason | Literal["none"] | None = Field(None, description="Why a person takes over, or none")
    silent: bool = Field(False, description="Whether nothing may be said")
    suggestions: tuple[str, ...] = Field((), description="Answers that must be offered to be tapped")
    acts: tuple[Act, ...] = Field((), description="Acts that must be understood")
    slots: Mapping[str, str] = Field(default_factory=dict, description="Details that must be known")
    within_ms: float | None = Field(None, gt=0, description="Time for understanding and answering")


class ScenarioTurn(Parameters):
    """A message and what must come of it."""

    customer: Customer = Field(description="What the customer sends")
    expect: Expected = Field(default_factory=Expected, description="What must come of it")
    judged: Mapping[str, float] = Field(
        default_factory=dict, description="Probabilities that the model is taken to give; without them it is asked"
    )
    foreign: bool = Field(False, description="Whether the model is taken to find it out of scope; with `judged`")


class Scenario(Parameters):
    """A conversation from its first message."""

    name: str = Field(min_length=1, description="What it shows, in a few words")
    language: Language = Field(description="Of the customer")
    today: date = Field(date(2026, 3, 20), description="What 'yesterday' is reckoned from")
    articles: tuple[Article, ...] = Field((), description="Articles that the knowledge base has besides its own")
    turns: tuple[ScenarioTurn, ...] = Field(min_length=1, description="One after another")


@dataclass(frozen=True)
class Cast:
    """Who takes part besides the customer.

    Attributes:
        shop: whose playbooks are followed.
        knowledge: makes a knowledge base of its articles and some more.
        judge: the trained model; None for the stand-in.
        ears: recognisers of speech; None, or a language that they do not hear, for a stand-in that hears what is
            spoken.
        read_picture: reads text in pictures; None for a stand-in that reads the words that were drawn.
        generate: words answers from passages.
    """

    shop: Shop
    knowledge: Callable[[Sequence[Article]], Knowledge]
    judge: Judge | None = None
    ears: "ShopEars | None" = None
    read_picture: ReadPicture | None = None
    generate: Generate | None = None


@dataclass(frozen=True)
class Outcome:
    """How a scenario went."""

    name: str
    language: Language
    file: Path
    faults: tuple[str, ...] = field(default=())
    """What was expected and what came, a line each; empty: it passed."""
    milliseconds: tuple[float, ...] = field(default=())
    """Of each turn: understanding and answering."""


def read_scenarios(folder: Path) -> dict[Path, tuple[Scenario, ...]]:
    """Read all scenarios of a folder, by file.

    Raises:
        ShopError: there is none, a file is wrong, or two have one name; the message names file, line and field.
    """
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise ShopError(f"{folder}: there are no scenarios (*.yml); docs/assistant.md says how they are written")
    found = {file: read_yaml(file, tuple[Scenario, ...]) for file in files}
    seen: dict[str, Path] = {}
    for file, scenarios in found.items():
        for scenario in scenarios:
            if scenario.name in seen:
                raise ShopError(f"{file}: '{scenario.name}' is also in {seen[scenario.name]}; give it another name")
            seen[scenario.name] = file
    return found


def run_scenario(scenario: Scenario, file: Path, cast: Cast) -> Outcome:
    """Play a scenario to its end, and compare every turn with what was expected.

    Raises:
        ShopError: a picture or recording of it cannot be had, or the ears cannot decode it.
        SpeechUnavailableError: there is no synthesiser for what the customer says.
    """
    knowledge = cast.knowledge(scenario.articles)
    ears = cast.ears if cast.ears is not None and scenario.language in cast.ears.languages else None
    state = Conversation()
    faults: list[str] = []
    milliseconds = []
    for number, turn in enumerate(scenario.turns, start=1):
        message = _send(turn.customer, scenario.language, file.parent, ears)
        understander = _understander(turn, scenario.language, cast, ears)
        start = perf_counter()
        understood = understander.understand(message, today=scenario.today, language=state.language)
        state, reply = respond(state, understood, cast.shop, knowledge, generate=cast.generate)
        milliseconds.append(1000 * (perf_counter() - start))
        told = list(_compare(turn.expect, state, understood, reply, milliseconds[-1]))
        if told and ears is not None and understood.heard is not None:
            told.append(_tell_heard(understood.heard))
        faults += [f"turn {number}: {fault}" for fault in told]
    return Outcome(scenario.name, scenario.language, file, tuple(faults), tuple(milliseconds))


def _send(customer: Customer, language: Language, folder: Path, ears: "ShopEars | None") -> Message:
    image = draw(customer.image, language, folder) if customer.image is not None else None
    audio = record(customer.audio, language, folder) if customer.audio is not None else None
    if audio is not None and ears is not None:
        try:
            audio = ears.decode(audio)
        except KefuError as error:
            assert customer.audio is not None
            raise ShopError(f"{folder / (customer.audio.file or customer.audio.say)}: {error}") from None
    return Message(text=customer.text, image=image, audio=audio)


def _tell_heard(heard: Transcript) -> str:
    return f"'{heard.text}' was heard, by {heard.recogniser} with a confidence of {heard.confidence:.2f}"


def _understander(turn: ScenarioTurn, language: Language, cast: Cast, ears: "ShopEars | None") -> Understander:
    judge = cast.judge if cast.judge is not None and not turn.judged else _stand_in(turn, cast.shop)
    voice, picture = turn.customer.audio, turn.customer.image

    def hear(audio: bytes, _language: Language) -> Transcript:
        if ears is not None:
            return ears.hear(audio, language)  # the page, too, tells the customer's language with a recording
        said = voice.say if voice is not None else ""
        return Transcript(text=said, language=language, confidence=1.0, seconds=1.0, recogniser="stand-in")

    def read(_image: bytes) -> tuple[str, ...]:
        return picture.words if picture is not None else ()

    return Understander(judge, cast.shop, hear=hear, read_picture=cast.read_picture or read)


def _stand_in(turn: ScenarioTurn, shop: Shop) -> Judge:
    """Return a model that says what the turn says it does, or is sure of the intent that is expected."""
    intent = turn.expect.intent
    is_known = intent is not None and intent in shop.playbooks
    given = dict(turn.judged) or ({intent: _STAND_IN_PROBABILITY} if intent is not None and is_known else {})
    others = [label for label in shop.playbooks if label not in given]
    rest = max(0.0, 1 - sum(given.values())) / max(1, len(others))
    probabilities = {**given, **dict.fromkeys(others, rest)}
    best = max(probabilities, key=probabilities.__getitem__)
    is_broken = turn.customer.image is not None and turn.customer.image.broken
    from kefu.predictor import Prediction

    def judge(ticket: "RawTicket") -> Prediction:
        return Prediction(
            label=best,
            confidence=probabilities[best],
            probabilities=probabilities,
            label_set=(best,),
            out_of_scope=turn.foreign,
            out_of_scope_score=None,
            used=("text",),
            not_used={"image": "truncated"} if is_broken and ticket.image is not None else {},
        )

    return judge


def _compare(
    expected: Expected, state: Conversation, understood: Understanding, reply: Reply, milliseconds: float
) -> Iterator[str]:
    """Yield a line for each expectation that is not met."""
    yield from _compare_understanding(expected, state, understood)
    yield from _compare_words(expected, state, reply)
    yield from _compare_action(expected, reply)
    if expected.hand_over is not None:
        got = reply.hand_over.value if reply.hand_over is not None else "none"
        wanted = expected.hand_over.value if isinstance(expected.hand_over, HandOverReason) else "none"
        if got != wanted:
            yield f"hand-over {wanted} expected, {got} came ('{_said(reply)}')"
    if expected.within_ms is not None and milliseconds > expected.within_ms:
        yield f"an answer within {expected.within_ms:g} ms expected, it took {milliseconds:.0f} ms"


def _compare_understanding(expected: Expected, state: Conversation, understood: Understanding) -> Iterator[str]:
    if expected.intent is not None and (state.intent or "none") != expected.intent:
        guesses = ", ".join(f"{guess.label} {guess.probability:.2f}" for guess in understood.intents[:3])
        yield f"intent {expected.intent} expected, {state.intent or 'none'} came (model: {guesses or 'not asked'})"
    for act in expected.acts:
        if act not in understood.acts:
            yield f"the act {act.value} expected; understood were: {', '.join(sorted(understood.acts)) or 'none'}"
    for name, value in expected.slots.items():
        if state.slots.get(name) != value:
            yield f"{name} {value} expected, {state.slots.get(name, 'none')} is known"


def _compare_words(expected: Expected, state: Conversation, reply: Reply) -> Iterator[str]:
    said = _said(reply)
    plain = said.casefold()
    for phrase in expected.reply_contains:
        if not any(one.strip().casefold() in plain for one in phrase.split("|")):
            yield f"'{phrase}' expected in the reply '{said}'"
    for phrase in expected.reply_lacks:
        if phrase.casefold() in plain:
            yield f"'{phrase}' must not be in the reply '{said}'"
    cited = {article_id for sentence in reply.sentences for article_id in sentence.citations}
    shown = {passage.article_id for passage in reply.passages}
    for article_id in expected.cites:
        if article_id not in cited & shown:
            yield f"{article_id} must be cited; cited are: {', '.join(sorted(cited)) or 'none'}"
    if expected.asks is not None and (state.asked or "none") != expected.asks:
        yield f"a question for {expected.asks} expected, {state.asked or 'none'} is asked for ('{said}')"
    if expected.silent and said:
        yield f"silence expected, '{said}' came"
    for suggestion in expected.suggestions:
        if suggestion not in reply.suggestions:
            yield f"'{suggestion}' should be offered; offered are: {', '.join(reply.suggestions) or 'none'}"


def _said(reply: Reply) -> str:
    return " ".join(sentence.text for sentence in reply.sentences)


def _compare_action(expected: Expected, reply: Reply) -> Iterator[str]:
    got = f"{reply.action.name} {reply.action.status}" if reply.action is not None else "none"
    if expected.no_action and reply.action is not None:
        yield f"no action expected, {got} came"
    if expected.action is None:
        return
    wanted = f"{expected.action.name} {expected.action.status}"
    if reply.action is None or wanted != got:
        yield f"action {wanted} expected, {got} came"
        return
    for name, value in expected.action.arguments.items():
        if reply.action.arguments.get(name) != value:
            yield f"argument {name} of {wanted}: {value} expected, {reply.action.arguments.get(name)} came"
