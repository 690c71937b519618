"""A conversation, turn by turn: what is remembered, and what is answered.

The policy is a pure function over state that can be written as JSON. Three things hold whatever is sent to it:
an action is confirmed only after it was proposed, by the customer's own yes in the very next message; text in pictures,
articles or quotations confirms nothing; after a hand-over nothing is said any more.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from kefu.assistant.acts import own_words, split_words
from kefu.assistant.grounding import Knowledge
from kefu.assistant.messages import Act, Action, Entity, Frozen, HandOverReason, Reply, Understanding
from kefu.assistant.playbooks import ENTITY_SLOTS, Ask, Playbook
from kefu.assistant.replies import Draft, Generate
from kefu.assistant.shop import Shop
from kefu.knowledge.articles import Language

_MAX_ANSWER_LENGTH = 300


class Turn(Frozen):
    """What one side said at once."""

    who: Literal["customer", "assistant"]
    text: str
    with_image: bool = False
    with_audio: bool = False


class Conversation(Frozen):
    """All that is remembered of a conversation; a new one is ``Conversation()``."""

    language: Language | None = None
    intent: str | None = Field(None, description="The matter at hand: a label of the model.")
    slots: Mapping[str, str] = Field(default_factory=dict, description="Details by name.")
    asked: str | None = Field(None, description="The slot that the last reply asked for.")
    times_asked: int = Field(0, description="How often in a row.")
    offered: tuple[str, ...] = Field((), description="The intents between which the customer was to choose.")
    proposed: Action | None = Field(None, description="What a yes in the next message confirms.")
    done: tuple[Action, ...] = Field((), description="Confirmed actions.")
    times_unsure: int = Field(0, description="Turns in a row that were not understood.")
    handed_over: HandOverReason | None = None
    turns: tuple[Turn, ...] = Field((), description="The whole transcript, for whoever takes over.")


def respond(
    conversation: Conversation,
    understanding: Understanding,
    shop: Shop,
    knowledge: Knowledge | None = None,
    *,
    generate: Generate | None = None,
) -> tuple[Conversation, Reply]:
    """Answer a message.

    Args:
        conversation: what is remembered from before.
        understanding: what was understood of the message.
        shop: whose playbooks are followed.
        knowledge: the articles that may be cited.
        generate: words answers from passages; it is given no say in what is done.

    Returns:
        The conversation with this turn in it, and the reply; without sentences once a person has taken over.
    """
    turn = _TurnOf(conversation, understanding, shop, knowledge, generate)
    return turn.answer()


class _TurnOf:
    """One turn in the making: the state after it, and the reply."""

    def __init__(
        self,
        before: Conversation,
        understanding: Understanding,
        shop: Shop,
        knowledge: Knowledge | None,
        generate: Generate | None,
    ) -> None:
        self.before, self.understood, self.shop = before, understanding, shop
        self.new_slots = _newest(understanding.entities)
        # what waits for an answer is given up here, and set again only by what is said now
        self.state = before.model_copy(
            update={
                "language": understanding.language,
                "slots": {**before.slots, **self.new_slots},
                "asked": None,
                "offered": (),
                "proposed": None,
            }
        )
        self.draft = Draft(shop, understanding.language, self._shown_slots(), knowledge, generate)

    def answer(self) -> tuple[Conversation, Reply]:
        if self.before.handed_over is None:
            self._decide()
        reply = self.draft.finish()
        understood = self.understood
        said = " ".join(sentence.text for sentence in reply.sentences)
        turns = [
            Turn(
                who="customer",
                text=understood.text,
                with_image=understood.picture is not None,
                with_audio=understood.heard is not None,
            )
        ]
        if said:
            turns.append(Turn(who="assistant", text=said))
        self._set(turns=(*self.before.turns, *turns))
        return self.state, reply

    def _decide(self) -> None:
        acts = self.understood.acts
        if self.understood.picture is not None and self.understood.picture.fault is not None:
            self.draft.say("picture_fault")
        if Act.PERSON in acts or self._tapped("tap_person"):
            self._hand_over(HandOverReason.ASKED)
        elif Act.ANGER in acts:
            self._hand_over(HandOverReason.ANGER)
        elif self.before.proposed is None or not self._settle(self.before.proposed):
            self._follow()

    # What was proposed

    def _settle(self, proposed: Action) -> bool:
        """Confirm, decline or renew what was proposed; return False where the message is about something else."""
        acts, playbook = self.understood.acts, self._playbook(self.before.intent)
        if playbook is None or playbook.action is None or self._other_intent() is not None:
            if Act.NO in acts:
                self.draft.action = proposed.model_copy(update={"status": "declined"})
            return False
        if self._arguments(playbook) != dict(proposed.arguments):
            self._propose(playbook)
            return True
        if Act.NO in acts or self._tapped("tap_no"):
            self.draft.action = proposed.model_copy(update={"status": "declined"})
            self.draft.say("declined")
            self.draft.suggest_saying("tap_person")
            return True
        best = self._best()
        is_on_topic = best is None or best[0] == self.before.intent
        if (Act.YES in acts and is_on_topic) or self._tapped("tap_yes"):
            confirmed = proposed.model_copy(update={"status": "confirmed"})
            self.draft.action = confirmed
            self._set(done=(*self.before.done, confirmed), times_unsure=0)
            self._conclude(playbook)
            return True
        if acts & {Act.YES, Act.THANKS} or not self.understood.text:
            self.draft.say("confirm_again")
            self._propose(playbook)
            return True
        return False

    def _other_intent(self) -> str | None:
        """Return the intent that the message is surely about, if it is not the matter at hand."""
        tapped = self.shop.intent_of_title(self.understood.text)
        if tapped is not None:
            return tapped if tapped != self.before.intent else None
        best = self._best()
        is_other = best is not None and best[0] != self.before.intent and best[1] >= self.shop.thresholds.switch
        return best[0] if best is not None and is_other and not self.understood.out_of_scope else None

    # What the message is about

    def _follow(self) -> None:
        """Find the matter and go on with it, or say why not."""
        thresholds, understood, before = self.shop.thresholds, self.understood, self.before
        tapped = self.shop.intent_of_title(understood.text)
        if tapped is not None:
            self._play(tapped)
        elif self._answers_question():
            self._play(str(before.intent), is_answer=True)
        elif Act.FOLLOW_UP in understood.acts and before.intent is not None and self._other_intent() is None:
            self._follow_up(before.intent)
        elif not understood.intents:
            self._small_talk()
        elif (example := self._by_example()) is not None:
            self._play(example)
        elif self._is_foreign():
            self._beyond_playbooks("out_of_scope")
        else:
            best = self._best()
            if best is None or best[1] < thresholds.confidence:
                self._unclear()
            else:
                rival = self._rival()
                if rival is None:
                    self._play(best[0])
                elif before.intent in (best[0], rival):
                    self._play(str(before.intent))
                else:
                    self._clarify(best[0], rival)

    def _best(self) -> tuple[str, float] | None:
        guess = self.understood.intents[0] if self.understood.intents else None
        return (guess.label, guess.probability) if guess is not None else None

    def _rival(self) -> str | None:
        """Return the second intent where it comes too close to the first, and both have playbooks."""
        if len(self.understood.intents) < 2:
            return None
        first, second = self.understood.intents[:2]
        is_close = first.probability - second.probability < self.shop.thresholds.margin
        return second.label if is_close and {first.label, second.label} <= self.shop.playbooks.keys() else None

    def _by_example(self) -> str | None:
        """Return the intent of which the customer says an example, where the model is not sure of another one."""
        best = self._best()
        is_sure = best is not None and best[1] >= self.shop.thresholds.switch and not self.understood.out_of_scope
        return None if is_sure else self.shop.intent_of_example(own_words(self.understood.text))

    def _is_foreign(self) -> bool:
        """Whether the message belongs to no intent: the model says so, and nothing speaks against it.

        Against it speak a high probability, an open question on the same matter, and an article of the intent that
        answers the message: short messages look odd to a model of whole tickets.
        """
        best = self._best()
        if not self.understood.out_of_scope or best is None:
            return False
        intent, probability = best
        if probability >= self.shop.thresholds.in_scope or (
            self.before.asked is not None and intent == self.before.intent
        ):
            return False
        return not self.draft.find(self._question(), intent, of_intent_only=True)

    def _answers_question(self) -> bool:
        """Whether the message fills the slot that was asked for; it is filled then."""
        playbook = self._playbook(self.before.intent)
        asked = next((ask for ask in playbook.ask if ask.slot == self.before.asked), None) if playbook else None
        if asked is None or self._other_intent() is not None:
            return False
        value = self._value_of(asked)
        if value is None:
            return False
        self._set(slots={**self.state.slots, asked.slot: value})
        return True

    def _value_of(self, ask: Ask) -> str | None:
        text = own_words(self.understood.text).strip()
        match ask.kind:
            case "picture":
                picture = self.understood.picture
                return "received" if picture is not None and picture.fault is None else None
            case "choice":
                return self._choose(ask, is_asked=True)
            case "text":
                is_answer = text and not self.understood.acts & {Act.NO, Act.PERSON} and "?" not in text
                return text[:_MAX_ANSWER_LENGTH] if is_answer and "？" not in text else None
        return self.new_slots.get(ask.slot)

    def _follow_up(self, intent: str) -> None:
        has_something_new = self.new_slots or self.understood.picture is not None
        playbook = self.shop.playbooks[intent]
        if has_something_new or self._asks_more(playbook):
            self._forget_answers(playbook)
            self._play(intent, is_answer=True)
        else:
            self.draft.say("which_one")
            if any(ask.slot == "order_number" for ask in playbook.ask):
                self._set(asked="order_number", times_asked=1)

    def _asks_more(self, playbook: Playbook) -> bool:
        """Answer `and the blue one?` from the knowledge base, in the light of the question before."""
        if not playbook.prefer_knowledge:
            return False
        asked_before = [turn.text for turn in self.before.turns if turn.who == "customer"][-1:]
        question = " ".join([*asked_before, self.understood.text])
        return self.draft.answer(question)

    # What is said

    def _play(self, intent: str, *, is_answer: bool = False) -> None:
        """Go on with the playbook of an intent: say, ask, propose or conclude."""
        playbook = self._playbook(intent)
        if playbook is None:
            self._beyond_playbooks("unsure")
            return
        is_new = intent != self.before.intent
        if is_new:
            self._forget_answers(playbook)
            self._set(intent=intent)
        self._take_in(playbook)
        self._set(times_unsure=0)
        if is_answer:
            if self.draft.is_empty:
                self.draft.say("acknowledged")
        else:
            self._open(playbook, intent, is_new)
        missing = next((ask for ask in playbook.ask if ask.slot not in self.state.slots), None)
        if self._needs_person(playbook):
            self._hand_over(HandOverReason.PLAYBOOK)
        elif missing is not None:
            self._ask(missing)
        elif playbook.action is not None:
            self._propose(playbook)
        else:
            self._conclude(playbook)

    def _open(self, playbook: Playbook, intent: str, is_new: bool) -> None:
        question = self._question()
        if playbook.prefer_knowledge:
            if not self.draft.answer(question, intent) and is_new:
                self.draft.add(playbook.say.of(self.understood.language))
            return
        if is_new:
            self.draft.add(playbook.say.of(self.understood.language))
        self.draft.answer(question, intent, of_intent_only=True)

    def _ask(self, ask: Ask) -> None:
        language = self.understood.language
        is_repeated = self.before.asked == ask.slot
        times = self.before.times_asked + 1 if is_repeated else 1
        if times > self.shop.thresholds.times_asked:
            self._hand_over(HandOverReason.UNSURE)
            return
        if is_repeated and self.draft.is_empty:
            self.draft.say("ask_again")
        self.draft.add([ask.question.of(language)])
        self.draft.suggest(*(option.words.of(language)[0] for option in ask.options))
        if is_repeated:
            self.draft.suggest_saying("tap_person")
        self._set(asked=ask.slot, times_asked=times)

    def _propose(self, playbook: Playbook) -> None:
        assert playbook.action is not None
        action = Action(name=playbook.action.name, arguments=self._arguments(playbook), status="proposed")
        if any((done.name, done.arguments) == (action.name, action.arguments) for done in self.before.done):
            self.draft.say("already_done")
            self.draft.suggest(*playbook.suggestions.of(self.understood.language))
            return
        self.draft.add([playbook.action.confirm.of(self.understood.language)])
        self.draft.suggest_saying("tap_yes", "tap_no")
        self.draft.action = action
        self._set(proposed=action)

    def _conclude(self, playbook: Playbook) -> None:
        language = self.understood.language
        self.draft.add(playbook.then.of(language))
        if playbook.hand_over:
            self._hand_over(HandOverReason.PLAYBOOK)
            return
        if self.draft.is_empty:
            self.draft.say("what")
        self.draft.suggest(*playbook.suggestions.of(language))

    def _clarify(self, first: str, second: str) -> None:
        if self._is_unsure_again():
            return
        titles = [self.shop.playbooks[intent].title.of(self.understood.language) for intent in (first, second)]
        self.draft.say("clarify", first=titles[0], second=titles[1])
        self.draft.suggest(*titles)
        self.draft.suggest_saying("tap_person")
        self._set(offered=(first, second))

    def _unclear(self) -> None:
        """Go on with the matter at hand where there is an open question, else look into the knowledge base."""
        playbook = self._playbook(self.before.intent)
        if playbook is not None and (self.before.asked is not None or self.before.proposed is not None):
            self._play(str(self.before.intent))
        else:
            self._beyond_playbooks("unsure")

    def _beyond_playbooks(self, saying: str) -> None:
        if self.draft.answer(self._question()):
            self._set(times_unsure=0)
            return
        if self._is_unsure_again():
            return
        is_deaf = self.understood.heard is not None and not self.understood.text
        self.draft.say("not_heard" if is_deaf else saying)
        likely = [guess.label for guess in self.understood.intents if guess.label in self.shop.playbooks][:3]
        if saying == "unsure" and not is_deaf:
            self.draft.suggest(*(self.shop.playbooks[label].title.of(self.understood.language) for label in likely))
        self.draft.suggest_saying("tap_person")

    def _small_talk(self) -> None:
        """Answer what says nothing about any matter: greetings, thanks, a lone detail."""
        acts, before = self.understood.acts, self.before
        playbook = self._playbook(before.intent)
        waits = playbook is not None and (before.asked is not None or before.proposed is not None)
        if playbook is not None and before.intent is not None and (self.new_slots or (waits and not acts & _POLITE)):
            self._play(before.intent, is_answer=bool(self.new_slots))
        elif before.offered and Act.NO in acts:
            self._beyond_playbooks("unsure")
        elif Act.THANKS in acts:
            self.draft.say("thanks")
            self._keep_waiting()
        elif Act.GOODBYE in acts or (Act.NO in acts and before.turns):
            self.draft.say("goodbye")
        elif self.new_slots:
            self.draft.say("noted", details=self._details())
            self.draft.say("what")
            self._suggest_all()
        elif Act.GREETING in acts and not before.turns:
            self.draft.say("greeting")
            self._suggest_all()
        elif self.understood.heard is not None and not self.understood.text:
            self._beyond_playbooks("not_heard")
        elif self.draft.is_empty:
            self.draft.say("what")
            self._keep_waiting()
            self._suggest_all()

    def _keep_waiting(self) -> None:
        """Let an open question stay open; a proposal lapses all the same."""
        self._set(asked=self.before.asked, times_asked=self.before.times_asked, offered=self.before.offered)

    def _suggest_all(self) -> None:
        self.draft.suggest(*(playbook.title.of(self.understood.language) for playbook in self.shop.playbooks.values()))

    def _is_unsure_again(self) -> bool:
        """Count a turn that was not understood, and hand over after too many of them."""
        times = self.before.times_unsure + 1
        self._set(times_unsure=times)
        if times >= self.shop.thresholds.times_unsure:
            self._hand_over(HandOverReason.UNSURE)
            return True
        return False

    def _hand_over(self, reason: HandOverReason) -> None:
        self.draft.say(f"hand_over_{reason.value}")
        self.draft.hand_over = reason
        self._set(handed_over=reason, asked=None, offered=(), proposed=None)

    # What is known

    def _take_in(self, playbook: Playbook) -> None:
        """Fill slots with what the message says unasked: a picture, a word of a choice."""
        found = {}
        for ask in playbook.ask:
            if ask.slot in self.state.slots:
                continue
            if ask.kind == "choice":
                value = self._choose(ask, is_asked=False)
            else:
                value = self._value_of(ask) if ask.kind == "picture" else None
            if value is not None:
                found[ask.slot] = value
        if found:
            self._set(slots={**self.state.slots, **found})

    def _forget_answers(self, playbook: Playbook) -> None:
        """Forget answers to a playbook's own questions; details such as an order number stay."""
        own = {ask.slot for ask in playbook.ask} - set(ENTITY_SLOTS)
        self._set(slots={name: value for name, value in self.state.slots.items() if name not in own})

    def _choose(self, ask: Ask, *, is_asked: bool) -> str | None:
        """Return the option that the customer names; None where he names none or several.

        Unasked, a lone word, a yes or a no chooses nothing: `my new mug` is no wish for a new one.
        """
        said = f" {' '.join(split_words(own_words(self.understood.text)))} "
        named: dict[str, str] = {}
        for option in ask.options:
            for phrase in option.words.all():
                words = split_words(phrase)
                is_telling = len(words) > 1 and not self.shop.phrases.find(phrase) & {Act.YES, Act.NO}
                if (is_asked or is_telling) and f" {' '.join(words)} " in said:
                    named[" ".join(words)] = option.value
        # `not charged` holds `charged`
        longest = {value for phrase, value in named.items() if not any(phrase in o for o in named if o != phrase)}
        return longest.pop() if len(longest) == 1 else None

    def _needs_person(self, playbook: Playbook) -> bool:
        return any(
            option.hand_over and self.state.slots.get(ask.slot) == option.value
            for ask in playbook.ask
            for option in ask.options
        )

    def _arguments(self, playbook: Playbook) -> dict[str, str]:
        assert playbook.action is not None
        return {name: self.state.slots.get(slot, "") for name, slot in playbook.action.arguments.items()}

    def _details(self) -> str:
        marks = "、" if self.understood.language == "zh" else ", "
        named = []
        for name in self.new_slots:
            template = self.shop.say(f"detail_{name}", self.understood.language)[0]
            named.append(template.replace(f"{{{name}}}", self.new_slots[name]))
        return marks.join(named)

    def _question(self) -> str:
        """Return what the knowledge base is asked: the customer's words, else those in his picture."""
        picture = self.understood.picture
        return self.understood.text or (" ".join(picture.lines) if picture is not None else "")

    def _playbook(self, intent: str | None) -> Playbook | None:
        return self.shop.playbooks.get(intent) if intent is not None else None

    def _tapped(self, saying: str) -> bool:
        typed = self.understood.text.strip().casefold()
        return typed in {text.casefold() for text in self.shop.sayings[saying].all()}

    def _set(self, **changes: object) -> None:
        self.state = self.state.model_copy(update=changes)
        if changes.keys() & {"slots", "intent"}:
            self.draft.fill(self._shown_slots())

    def _shown_slots(self) -> dict[str, str]:
        """Return the slots as the customer reads them: options by the words that he could tap."""
        shown = dict(self.state.slots)
        playbook = self._playbook(self.state.intent)
        for ask in playbook.ask if playbook is not None else ():
            for option in ask.options:
                if shown.get(ask.slot) == option.value:
                    shown[ask.slot] = option.words.of(self.understood.language)[0]
        return shown


_POLITE = frozenset({Act.THANKS, Act.GREETING, Act.GOODBYE})


def _newest(entities: tuple[Entity, ...]) -> dict[str, str]:
    """Return the last detail of each kind; what a customer writes or says counts before what stands in a picture."""
    ranked = sorted(entities, key=lambda entity: entity.source != "image")
    return {entity.kind: entity.value for entity in ranked if entity.kind in ENTITY_SLOTS}
