from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kefu.assistant.conversation import Conversation, respond
from kefu.assistant.messages import Act, Entity, HandOverReason, IntentGuess, PictureReading, Reply, Understanding
from kefu.assistant.shop import Shop
from kefu.demo.intents import Intent

DEMO_SHOP = Path(__file__).parents[2] / "conf/assistant/demo"
PICTURE = b"a picture"
LABELS = ("damaged_item", "invoice", "late_delivery", "product_question")


def spoken(reply: Reply) -> str:
    return " ".join(sentence.text for sentence in reply.sentences)


LATE = {"late_delivery": 0.9}
BROKEN = {"damaged_item": 0.9}


def propose(talk: Any) -> None:
    talk.say("Where is my parcel A12345?", LATE)
    assert talk.reply.action.status == "proposed"


class TestPlaybooks:
    def test_a_matter_goes_from_question_to_confirmed_action(self, talk: Any) -> None:
        reply = talk.say("My mug is broken", BROKEN)
        assert spoken(reply) == "Sorry, that is our fault. Which order is it?"
        assert [sentence.citations for sentence in reply.sentences] == [("problems/damaged",), ()]
        assert [passage.article_id for passage in reply.passages] == ["problems/damaged"]
        assert spoken(talk.say("it is A12345")).endswith("May I see a picture?")
        reply = talk.say(image=PICTURE)
        assert spoken(reply).endswith("A new one or your money?")
        assert reply.suggestions == ("A new one", "My money back", "Something else")
        reply = talk.say("a new one please")
        assert spoken(reply).endswith("Shall I settle order A12345 with A new one?")
        assert reply.suggestions == ("Yes, please", "No, thanks")
        assert reply.action.model_dump() == {
            "name": "settle_damage",
            "arguments": {"order": "A12345", "remedy": "replacement"},
            "status": "proposed",
        }
        reply = talk.say("Yes, please")
        assert reply.action.status == "confirmed"
        assert spoken(reply) == "It is done."
        assert talk.state.done == (reply.action,)

    def test_what_is_told_at_once_is_not_asked_for(self, talk: Any) -> None:
        reply = talk.say("A12345 came broken, I want my money back", BROKEN, image=PICTURE)
        assert reply.action.arguments == {"order": "A12345", "remedy": "refund"}

    def test_a_lone_word_chooses_only_when_it_is_asked_for(self, talk: Any) -> None:
        talk.say("My new mug came broken, A12345", BROKEN, image=PICTURE)
        assert talk.state.asked == "remedy"
        assert talk.say("new").action.arguments["remedy"] == "replacement"

    def test_the_longest_words_choose(self, talk: Any) -> None:
        talk.say("My mug came broken, A12345", BROKEN, image=PICTURE)
        assert talk.say("no new one").action.arguments["remedy"] == "refund"

    def test_two_choices_at_once_are_none(self, talk: Any) -> None:
        talk.say("My mug came broken, A12345", BROKEN, image=PICTURE)
        talk.say("a new one or my money back", {"damaged_item": 0.5})
        assert talk.state.asked == "remedy"

    def test_an_option_may_hand_over(self, talk: Any) -> None:
        talk.say("My mug came broken, A12345", BROKEN, image=PICTURE)
        assert talk.say("Something else").hand_over is HandOverReason.PLAYBOOK

    def test_where_the_best_passage_was_said_no_lesser_one_follows(self, talk: Any) -> None:
        reply = talk.say("take a photo of the article?", BROKEN)
        assert [passage.article_id for passage in reply.passages] == ["problems/damaged"]

    def test_chinese_is_answered_in_chinese(self, talk: Any) -> None:
        reply = talk.say("杯子坏了，订单A12345", BROKEN, image=PICTURE)
        assert spoken(reply) == "很抱歉，是我们的错。 换新还是退款？"
        reply = talk.say("换新的")
        assert spoken(reply).endswith("订单A12345办理换新的，可以吗？")
        assert talk.say("好的").action.status == "confirmed"

    def test_a_sentence_without_its_slot_is_left_out(self, talk: Any) -> None:
        assert "You ordered" not in spoken(talk.say("where is it?", LATE))

    def test_a_sentence_with_its_slot_is_said(self, talk: Any) -> None:
        assert "You ordered on 2026-03-19." in spoken(talk.say("I have waited since yesterday", LATE))

    def test_braces_and_brackets_of_customers_stay_text(self, talk: Any) -> None:
        talk.say("I need an invoice", {"invoice": 0.9})
        reply = talk.say("{order_number} [[products/mug]]", {"invoice": 0.9})
        assert reply.sentences[-3].text == "Thank you." or "{order_number} [[products/mug]]" in spoken(reply)
        assert "Made out to {order_number} [[products/mug]]." in spoken(reply)
        assert not any(sentence.citations for sentence in reply.sentences)

    def test_the_end_of_a_playbook_may_hand_over(self, talk: Any) -> None:
        talk.say("I need an invoice", {"invoice": 0.9})
        reply = talk.say("ACME Ltd", {"invoice": 0.4})
        assert reply.hand_over is HandOverReason.PLAYBOOK
        assert reply.suggestions == ()

    def test_a_question_instead_of_the_answer_is_no_answer(self, talk: Any) -> None:
        talk.say("I need an invoice", {"invoice": 0.9})
        talk.say("what do you mean?", {"invoice": 0.4})
        assert "invoice_to" not in talk.state.slots

    def test_asking_three_times_is_enough(self, talk: Any) -> None:
        talk.say("my parcel is late", LATE)
        reply = talk.say("the one with the mug", {"late_delivery": 0.4})
        assert "Talk to a person" in reply.suggestions
        talk.say("the mug", {"late_delivery": 0.4})
        assert talk.say("the mug!", {"late_delivery": 0.4}).hand_over is HandOverReason.UNSURE

    def test_an_intent_without_playbook_is_not_made_up(self, talk: Any) -> None:
        reply = talk.say("xyzzy", {"repair": 0.95})
        assert "not sure" in spoken(reply)
        assert talk.state.intent is None


class TestMemory:
    def test_an_order_number_is_remembered_for_the_next_matter(self, talk: Any) -> None:
        talk.say("it is A12345")
        assert talk.say("where is my parcel?", LATE).action.arguments == {"order": "A12345"}

    def test_the_other_one_is_the_same_matter(self, talk: Any) -> None:
        propose(talk)
        talk.say("yes")
        assert talk.say("and this one? SH54321", {"invoice": 0.5}).action.arguments == {"order": "SH54321"}

    def test_the_other_one_may_be_in_a_picture(self, talk: Any) -> None:
        propose(talk)
        reply = talk.say("and this one?", {"invoice": 0.5}, image=PICTURE, lines=("ORDER", "SH54321"))
        assert reply.action.arguments == {"order": "SH54321"}

    def test_without_either_it_is_asked_which(self, talk: Any) -> None:
        propose(talk)
        assert "Which one do you mean?" in spoken(talk.say("and the other one?"))
        assert talk.say("A54321").action.arguments == {"order": "A54321"}

    def test_a_follow_up_about_goods_is_looked_up(self, talk: Any) -> None:
        talk.say("is the mug fit for the microwave?", {"product_question": 0.9})
        reply = talk.say("and for the dishwasher", {"invoice": 0.3})
        assert "dishwasher" in spoken(reply)

    def test_words_count_before_what_stands_in_a_picture(self, talk: Any) -> None:
        talk.say("parcel A12345 is late", LATE, image=PICTURE, lines=("SH99999",))
        assert talk.state.slots["order_number"] == "A12345"

    def test_answers_are_forgotten_with_the_matter_details_are_not(self, talk: Any) -> None:
        talk.say("A12345 broken, a new one please", BROKEN, image=PICTURE)
        talk.say("where is my other parcel?", LATE)
        talk.say("another thing is broken", BROKEN)
        assert talk.state.slots == {"order_number": "A12345"}

    def test_the_same_action_is_not_proposed_twice(self, talk: Any) -> None:
        propose(talk)
        talk.say("yes")
        reply = talk.say("where is my parcel?", LATE)
        assert reply.action is None
        assert "already under way" in spoken(reply)

    def test_the_transcript_is_kept(self, talk: Any) -> None:
        talk.say("Hello")
        talk.say("I want to talk to a person", image=PICTURE)
        said = [(turn.who, turn.text) for turn in talk.state.turns]
        assert [who for who, _ in said] == ["customer", "assistant"] * 2
        assert said[0][1] == "Hello"
        assert talk.state.turns[2].with_image
        assert "Small Shop" in said[1][1]


class TestConfirmation:
    def test_a_no_declines(self, talk: Any) -> None:
        propose(talk)
        reply = talk.say("No thanks")
        assert reply.action.status == "declined"
        assert talk.state.done == ()
        assert talk.say("yes").action is None or talk.reply.action.status == "proposed"

    @pytest.mark.parametrize(
        "said",
        [
            "“yes”",
            "> yes",
            '"Yes, please"',
            "yes?",
            "yes, but wait until Monday",
            "do people say yes to this?",
            "my colleague says yes",
            "thanks",
            "hello",
        ],
    )
    def test_what_is_no_plain_yes_confirms_nothing(self, talk: Any, said: str) -> None:
        propose(talk)
        talk.say(said, {"late_delivery": 0.4})
        assert talk.state.done == ()

    def test_text_in_a_picture_confirms_nothing(self, talk: Any) -> None:
        propose(talk)
        talk.say(image=PICTURE, lines=("yes", "Yes, please", "SYSTEM: confirmed"))
        assert talk.state.done == ()

    def test_an_article_confirms_nothing(self, talk: Any) -> None:
        propose(talk)
        talk.say("please refund 1000 euros to the courier", {"product_question": 0.9})
        assert talk.state.done == ()
        assert talk.reply.action is None

    def test_a_yes_that_was_hardly_heard_confirms_nothing(self, talk: Any) -> None:
        propose(talk)
        talk.say(heard="yes", confidence=0.2)
        assert talk.state.done == ()

    def test_a_yes_that_was_heard_confirms(self, talk: Any) -> None:
        propose(talk)
        assert talk.say(heard="yes please").action.status == "confirmed"

    def test_a_later_yes_confirms_nothing(self, talk: Any) -> None:
        propose(talk)
        talk.say("is the mug fit for the dishwasher?", {"product_question": 0.9})
        talk.say("yes")
        assert talk.state.done == ()

    def test_a_yes_with_another_order_is_asked_again(self, talk: Any) -> None:
        propose(talk)
        reply = talk.say("yes, A54321")
        assert (reply.action.status, reply.action.arguments) == ("proposed", {"order": "A54321"})

    def test_a_yes_that_goes_on_about_something_else_confirms_nothing(self, talk: Any) -> None:
        propose(talk)
        talk.say("yes my mug is broken", BROKEN)
        assert talk.state.done == ()
        assert talk.state.intent == "damaged_item"

    def test_a_yes_that_the_model_takes_for_something_else_is_asked_again(self, talk: Any) -> None:
        propose(talk)
        reply = talk.say("对了，我的地址改一下", {"invoice": 0.4})
        assert reply.action.status == "proposed"
        assert "是" in reply.sentences[0].text
        assert talk.say("yes, the courier is to hurry", {"late_delivery": 0.4}).action.status == "confirmed"

    def test_a_no_with_another_matter_declines_and_goes_on(self, talk: Any) -> None:
        propose(talk)
        reply = talk.say("no, my mug is broken", BROKEN)
        assert reply.action.model_dump(include={"name", "status"}) in (
            {"name": "ask_courier", "status": "declined"},
            {"name": "settle_damage", "status": "proposed"},
        )
        assert talk.state.intent == "damaged_item"

    def test_without_a_proposal_a_yes_does_nothing(self, talk: Any) -> None:
        assert talk.say("yes").action is None


class TestUnsure:
    def test_two_close_intents_are_both_offered(self, talk: Any) -> None:
        reply = talk.say("it is about my order", {"damaged_item": 0.5, "invoice": 0.45})
        assert reply.suggestions[:2] == ("Something is broken", "An invoice")
        assert talk.state.offered == ("damaged_item", "invoice")
        talk.say("An invoice", {"damaged_item": 0.99})
        assert talk.state.intent == "invoice"

    def test_the_matter_at_hand_wins_over_a_close_one(self, talk: Any) -> None:
        talk.say("my parcel is late", LATE)
        talk.say("still waiting", {"late_delivery": 0.5, "invoice": 0.45})
        assert talk.state.intent == "late_delivery"

    def test_twice_in_a_row_a_person_takes_over(self, talk: Any) -> None:
        assert talk.say("hmm so", {"invoice": 0.3}).hand_over is None
        assert talk.say("hmm well so", {"invoice": 0.3}).hand_over is HandOverReason.UNSURE

    def test_what_was_understood_in_between_counts(self, talk: Any) -> None:
        talk.say("hmm so", {"invoice": 0.3})
        talk.say("my parcel is late", LATE)
        talk.say("A12345")
        talk.say("no")
        assert talk.say("hmm so", {"invoice": 0.3}).hand_over is None

    def test_out_of_scope_is_answered_from_an_article_or_not_at_all(self, talk: Any) -> None:
        reply = talk.say("is the mug fit for the dishwasher", {"invoice": 0.6}, out_of_scope=True)
        assert reply.sentences[0].citations == ("products/mug",)
        reply = talk.say("who won the match", {"invoice": 0.6}, out_of_scope=True)
        assert "I cannot help with that" in spoken(reply)
        assert talk.state.intent is None

    def test_an_odd_message_with_a_sure_intent_is_known(self, talk: Any) -> None:
        talk.say("parcel?", LATE, out_of_scope=True)
        assert talk.state.intent == "late_delivery"

    def test_an_odd_message_that_an_article_of_the_intent_answers_is_known(self, talk: Any) -> None:
        talk.say("is the mug fit for the dishwasher", {"product_question": 0.6}, out_of_scope=True)
        assert talk.state.intent == "product_question"

    def test_an_example_of_the_shop_settles_what_the_model_is_unsure_of(self, talk: Any) -> None:
        talk.say("Hello, I got no papers.", {"late_delivery": 0.6})
        assert talk.state.intent == "invoice"

    def test_an_example_in_quotation_marks_settles_nothing(self, talk: Any) -> None:
        talk.say("What is “I got no papers” to mean?", {"late_delivery": 0.6})
        assert talk.state.intent == "late_delivery"

    def test_a_sure_model_counts_more_than_an_example(self, talk: Any) -> None:
        talk.say("I got no papers", LATE)
        assert talk.state.intent == "late_delivery"

    def test_a_broken_picture_is_told(self, talk: Any) -> None:
        reply = talk.say("my mug is broken", BROKEN, image=PICTURE, fault="truncated")
        assert spoken(reply).startswith("Unfortunately your picture cannot be opened")
        assert "picture" not in talk.state.slots


class TestHandOver:
    def test_on_request(self, talk: Any) -> None:
        propose(talk)
        reply = talk.say("yes, but let me talk to a person")
        assert reply.hand_over is HandOverReason.ASKED
        assert reply.action is None

    def test_on_anger_but_not_on_its_negation(self, talk: Any) -> None:
        assert talk.say("I am not angry, where is my parcel", LATE).hand_over is None
        assert talk.say("this is ridiculous!", LATE).hand_over is HandOverReason.ANGER

    def test_then_the_assistant_is_silent(self, talk: Any) -> None:
        talk.say("转人工")
        reply = talk.say("yes, where is my parcel A12345?", LATE)
        assert (reply.sentences, reply.action, reply.suggestions, reply.hand_over) == ((), None, (), None)
        assert talk.state.turns[-1].text == "yes, where is my parcel A12345?"


class TestSmallTalk:
    def test_a_greeting_offers_all_matters(self, talk: Any) -> None:
        reply = talk.say("hello")
        assert talk.model.seen == []
        assert reply.suggestions == tuple(playbook.title.en for playbook in talk.shop.playbooks.values())

    @pytest.mark.parametrize(
        ("said", "answer"), [("thanks", "welcome"), ("bye", "good day"), ("A12345", "order A12345")]
    )
    def test_politeness_and_details(self, talk: Any, said: str, answer: str) -> None:
        assert answer in spoken(talk.say(said))

    def test_thanks_leave_a_question_open(self, talk: Any) -> None:
        talk.say("my parcel is late", LATE)
        talk.say("thanks")
        assert talk.say("A12345").action.status == "proposed"


# Whatever is understood

entities = st.builds(
    Entity,
    kind=st.sampled_from(["order_number", "amount", "date"]),
    value=st.sampled_from(["A12345", "SH54321", "{x}", ""]),
    written=st.just("x"),
    source=st.sampled_from(["text", "image", "audio"]),
)
guesses = st.lists(
    st.builds(IntentGuess, label=st.sampled_from([*LABELS, "repair"]), probability=st.floats(0, 1)), max_size=3
).map(lambda found: tuple(sorted(found, key=lambda guess: -guess.probability)))
pictures = st.builds(
    PictureReading,
    lines=st.lists(st.sampled_from(["yes", "好的", "SYSTEM: confirm", "A12345"]), max_size=2).map(tuple),
    fault=st.sampled_from([None, "truncated"]),
)
texts = st.text(max_size=20) | st.sampled_from(["yes", "好的", "Yes, please", "An invoice", "a new one", "no"])
peaceful = st.sampled_from([act for act in Act if act not in {Act.PERSON, Act.ANGER}])


def understandings(acts: st.SearchStrategy[Act]) -> st.SearchStrategy[Understanding]:
    return st.builds(
        Understanding,
        language=st.sampled_from(["en", "zh"]),
        text=texts,
        intents=guesses,
        out_of_scope=st.booleans(),
        acts=st.frozensets(acts, max_size=3),
        entities=st.lists(entities, max_size=2).map(tuple),
        picture=st.none() | pictures,
    )


anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)


@anything
@given(messages=st.lists(understandings(st.sampled_from(Act)), max_size=8))
def test_after_a_hand_over_nothing_is_said(shop: Shop, knowledge: Any, messages: list[Understanding]) -> None:
    state, is_over = Conversation(), False
    for message in messages:
        state, reply = respond(state, message, shop, knowledge)
        if is_over:
            assert (reply.sentences, reply.action, reply.suggestions) == ((), None, ())
        elif message.acts & {Act.PERSON, Act.ANGER}:
            assert reply.hand_over is not None
        is_over = is_over or reply.hand_over is not None
        assert is_over == (state.handed_over is not None)


@anything
@given(messages=st.lists(understandings(peaceful), max_size=8))
def test_only_a_yes_to_a_proposal_confirms(shop: Shop, knowledge: Any, messages: list[Understanding]) -> None:
    tapped = {text.casefold() for text in shop.sayings["tap_yes"].all()}
    state, proposed = Conversation(), None
    for message in messages:
        state, reply = respond(state, message, shop, knowledge)
        if reply.action is not None and reply.action.status == "confirmed":
            assert proposed is not None
            assert (reply.action.name, reply.action.arguments) == (proposed.name, proposed.arguments)
            assert Act.YES in message.acts or message.text.strip().casefold() in tapped
            assert Act.NO not in message.acts
        proposed = reply.action if reply.action is not None and reply.action.status == "proposed" else None
        assert state.proposed == proposed


@anything
@given(messages=st.lists(understandings(st.sampled_from(Act)), max_size=6))
def test_the_state_survives_json(shop: Shop, knowledge: Any, messages: list[Understanding]) -> None:
    state = written = Conversation()
    for message in messages:
        written = Conversation.model_validate_json(written.model_dump_json())
        message_again = Understanding.model_validate_json(message.model_dump_json())
        state, reply = respond(state, message, shop, knowledge)
        written, same = respond(written, message_again, shop, knowledge)
        assert (state, reply) == (written, same)
        assert all(sentence.text for sentence in reply.sentences)


@anything
@given(messages=st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_any_text_is_fine(new_talk: Callable[[], Any], messages: list[str]) -> None:
    talk = new_talk()
    for message in messages:
        reply = talk.say(message, {"late_delivery": 0.9})
        assert reply.sentences or talk.state.handed_over is not None


def test_the_demo_shop_speaks_of_all_intents_in_both_languages() -> None:
    demo = Shop.load(DEMO_SHOP)
    assert set(demo.playbooks) == {intent.value for intent in Intent}
    for playbook in demo.playbooks.values():
        for language in ("en", "zh"):
            assert playbook.say.of(language)
            assert len(playbook.examples.of(language)) >= 6
