"""The demo shop's mind, as the desk uses it."""

from datetime import date
from pathlib import Path

import pytest

from kefu.assistant.messages import Action, Message, Reply
from kefu.assistant.shop import Shop
from kefu.predictor import Prediction, RawTicket
from kefu.service.conversations.shop_mind import ShopMind
from kefu.service.models import ServedPrediction

SHOP = Shop.load(Path(__file__).parents[3] / "conf/assistant/demo")


class Model:
    """Is sure that everything is about a refund, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, str]] = []

    def judge(self, ticket: RawTicket, conversation_id: str) -> ServedPrediction:
        self.asked.append((ticket.text, conversation_id))
        found = Prediction("refund", 0.9, {"refund": 0.9, "login": 0.1}, ("refund",), False, 0.0, ("text",), {})
        return ServedPrediction(found, "demo", f"v{len(self.asked)}")


def test_each_conversation_is_judged_by_its_own_model() -> None:
    model = Model()
    mind = ShopMind(model.judge, SHOP, None, today=lambda: date(2026, 3, 14))
    understood = mind.understand("talk-1", Message(text="please refund order A12345"), None, None)
    understanding = understood.understanding
    assert model.asked == [("please refund order A12345", "talk-1")]
    assert understanding.intents[0].label == "refund"
    assert [entity.value for entity in understanding.entities] == ["A12345"]
    assert (understood.model, understood.model_version) == ("demo", "v1")


def test_a_message_that_no_model_judged_names_none() -> None:
    model = Model()
    understood = ShopMind(model.judge, SHOP, None).understand("t", Message(text="hello"), None, None)
    assert model.asked == []
    assert (understood.model, understood.model_version) == (None, None)


def test_of_a_picture_the_model_that_saw_the_whole_message_is_named() -> None:
    model = Model()
    mind = ShopMind(model.judge, SHOP, None)
    understood = mind.understand("t", Message(text="it is broken", image=b"picture"), None, None)
    assert [text for text, _ in model.asked] == ["it is broken", None]
    assert understood.model_version == "v1"


def test_memory_goes_on_as_json() -> None:
    mind = ShopMind(Model().judge, SHOP, None)
    memory, _ = mind.respond(
        None, mind.understand("t", Message(text="refund my order A12345"), None, None).understanding
    )
    assert memory["slots"]["order_number"] == "A12345"
    later, _ = mind.respond(memory, mind.understand("t", Message(text="what now"), None, memory).understanding)
    assert later["slots"]["order_number"] == "A12345"
    assert len(later["turns"]) > len(memory["turns"])


@pytest.mark.parametrize(
    ("language", "title", "remedy"), [("en", "damaged", "A new one"), ("zh", "坏了", "换一个新的")]
)
def test_an_action_is_shown_in_the_customers_words(language: str, title: str, remedy: str) -> None:
    mind = ShopMind(Model().judge, SHOP, None)
    action = Action(
        name="settle_damage", arguments={"order_number": "A12345", "remedy": "replacement"}, status="proposed"
    )
    shown = mind.show_action(Reply(language=language, sentences=(), action=action))  # type: ignore[arg-type]
    assert shown is not None
    assert title in shown["title"]
    assert (shown["status"], shown["details"]) == ("proposed", ["A12345", remedy])
    assert mind.show_action(Reply(language="en", sentences=())) is None


def test_an_action_of_a_playbook_that_is_gone_is_shown_as_it_is() -> None:
    action = Action(name="old_action", arguments={"x": "1"}, status="confirmed")
    shown = ShopMind(Model().judge, SHOP, None).show_action(Reply(language="en", sentences=(), action=action))
    assert shown == {"status": "confirmed", "title": "old_action", "details": ["1"]}
