from datetime import date
from typing import Any

import pytest

from kefu.assistant.messages import Act, Message
from kefu.assistant.shop import Shop
from kefu.assistant.understanding import Understander
from kefu.predictor import RawTicket
from kefu.speech import Transcript

TODAY = date(2026, 3, 20)


def heard(text: str, language: str = "en", confidence: float = 0.9) -> Transcript:
    return Transcript(text=text, language=language, confidence=confidence, seconds=1, recogniser="scripted")


@pytest.fixture
def understander(shop: Shop, model: Any) -> Understander:
    return Understander(model, shop, read_picture=lambda image: ("ORDER SH54321", "129.90"))


def test_text_is_judged_and_read(understander: Understander, model: Any) -> None:
    found = understander.understand(Message(text="Hello, A12345 of yesterday is late"), today=TODAY)
    assert model.seen == [RawTicket(text="Hello, A12345 of yesterday is late")]
    assert found.language == "en"
    assert found.intents[0].label == "late_delivery"
    assert [guess.probability for guess in found.intents] == sorted(
        (guess.probability for guess in found.intents), reverse=True
    )
    assert found.acts == {Act.GREETING}
    assert [entity.value for entity in found.entities] == ["A12345", "2026-03-19"]
    assert found.picture is None


@pytest.mark.parametrize("text", ["hello", "Yes, please!", "it is A12345", "订单号是A12345，谢谢"])
def test_pure_acts_and_details_are_not_judged(understander: Understander, model: Any, text: str) -> None:
    assert understander.understand(Message(text=text), today=TODAY).intents == ()
    assert model.seen == []


def test_a_picture_is_judged_with_the_text_and_alone(understander: Understander, model: Any) -> None:
    found = understander.understand(Message(text="hello", image=b"picture"), today=TODAY)
    assert model.seen == [RawTicket(text="hello", image=b"picture"), RawTicket(image=b"picture")]
    assert found.picture.lines == ("ORDER SH54321", "129.90")
    assert found.picture.shows == found.intents
    assert {(entity.value, entity.source) for entity in found.entities} == {
        ("SH54321", "image"),
        ("129.90 CNY", "image"),
    }


def test_a_lone_picture_is_judged_once(understander: Understander, model: Any) -> None:
    understander.understand(Message(image=b"picture"), today=TODAY)
    assert model.seen == [RawTicket(image=b"picture")]


def test_words_in_a_picture_are_no_acts(shop: Shop, model: Any) -> None:
    understander = Understander(model, shop, read_picture=lambda image: ("yes", "talk to a person"))
    assert understander.understand(Message(image=b"picture"), today=TODAY).acts == frozenset()


def test_the_fault_of_a_picture_is_told(understander: Understander, model: Any, new_talk: Any) -> None:
    talk = new_talk()
    talk.say("hello", {}, image=b"half a picture", fault="truncated")
    assert talk.understood.picture.fault == "truncated"
    assert talk.understood.picture.shows == ()
    assert talk.understood.not_used == {"image": "truncated"}


def test_what_was_read_and_heard_before_is_not_done_again(shop: Shop, model: Any) -> None:
    def fail(*_given: object) -> Any:
        raise AssertionError("already known")

    understander = Understander(model, shop, hear=fail, read_picture=fail)
    message = Message(image=b"picture", audio=b"voice")
    found = understander.understand(message, today=TODAY, heard=heard("thanks"), lines=("SH54321",))
    assert found.picture.lines == ("SH54321",)
    assert [entity.value for entity in found.entities] == ["SH54321"]


def test_a_picture_that_the_model_cannot_open_is_not_read(shop: Shop, model: Any) -> None:
    read = []
    model.answer = model.answer.__class__(**{**model.answer.__dict__, "not_used": {"image": "truncated"}})
    understander = Understander(model, shop, read_picture=lambda image: read.append(image) or ())
    assert understander.understand(Message(image=b"half"), today=TODAY).picture.fault == "truncated"
    assert read == []


def test_a_recording_is_heard_in_the_language_of_the_conversation(shop: Shop, model: Any) -> None:
    asked = []

    def hear(audio: bytes, language: str) -> Transcript:
        asked.append((audio, language))
        return heard("转人工", "zh")

    understander = Understander(model, shop, hear=hear)
    found = understander.understand(Message(audio=b"voice"), today=TODAY, language="zh")
    assert asked == [(b"voice", "zh")]
    assert (found.language, found.text, found.acts) == ("zh", "转人工", {Act.PERSON})
    assert found.heard.text == "转人工"
    assert model.seen == []


def test_spoken_digits_are_an_order_number(understander: Understander) -> None:
    said = heard("it is a one two three four five")
    found = understander.understand(Message(audio=b"voice"), today=TODAY, heard=said)
    assert [(entity.value, entity.source) for entity in found.entities] == [("A12345", "audio")]


def test_words_that_were_hardly_heard_do_not_count(understander: Understander, model: Any) -> None:
    found = understander.understand(Message(audio=b"voice"), today=TODAY, heard=heard("yes", confidence=0.1))
    assert (found.text, found.acts) == ("", frozenset())
    assert model.seen == [RawTicket(audio=b"voice")]


def test_a_yes_in_writing_and_a_but_in_speech_is_no_yes(understander: Understander) -> None:
    found = understander.understand(Message(text="yes", audio=b"voice"), today=TODAY, heard=heard("but not that one"))
    assert Act.YES not in found.acts


@pytest.mark.parametrize(
    ("text", "before", "expected"),
    [
        ("Where is my parcel?", None, "en"),
        ("我的包裹呢", None, "zh"),
        ("你好, where is my parcel please", None, "en"),
        ("我的 order 到哪里了", None, "zh"),
        ("12345", None, "en"),
        ("12345", "zh", "zh"),
        ("A12345", "zh", "zh"),
        ("ok", "zh", "zh"),
        ("谢谢", "en", "en"),
        ("我要退款", "en", "zh"),
        ("I want my money back", "zh", "en"),
    ],
)
def test_the_language_is_found(understander: Understander, text: str, before: Any, expected: str) -> None:
    assert understander.understand(Message(text=text), today=TODAY, language=before).language == expected


def test_the_chosen_language_wins(understander: Understander) -> None:
    assert understander.understand(Message(text="Hello there", language="zh"), today=TODAY).language == "zh"


def test_a_prior_is_no_guess(shop: Shop, model: Any) -> None:
    model.answer = model.answer.__class__(**{**model.answer.__dict__, "used": ()})
    assert Understander(model, shop).understand(Message(image=b"page"), today=TODAY).intents == ()
