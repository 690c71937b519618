import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from kefu.assistant.ears import ShopEars
from kefu.assistant.scenarios import Cast, Outcome, Scenario, read_scenarios, run_scenario
from kefu.assistant.shop import Shop
from kefu.assistant.yaml_files import ShopError
from kefu.knowledge import Article
from kefu.knowledge.knowledge_base import KnowledgeBase
from kefu.predictor import Predictor
from kefu.speech import SAMPLE_RATE_HZ, Samples, Transcript
from kefu.speech.decoding import RecordingDecoder
from kefu.speech.wav import encode_wav

ROOT = Path(__file__).parents[2]
DEMO_SHOP = ROOT / "conf/assistant/demo"
BUNDLES = ROOT / "data/06_models/demo/versions/fused"
DEMO_SCENARIOS = [
    (scenario, file) for file, found in read_scenarios(DEMO_SHOP / "scenarios").items() for scenario in found
]


@pytest.fixture(scope="module")
def demo_cast() -> Cast:
    base = KnowledgeBase.load(DEMO_SHOP / "knowledge")
    return Cast(Shop.load(DEMO_SHOP), lambda more: KnowledgeBase([*base.articles, *more]) if more else base)


@pytest.mark.parametrize(("scenario", "file"), DEMO_SCENARIOS, ids=[scenario.name for scenario, _ in DEMO_SCENARIOS])
def test_the_demo_shop_gets_it_right(demo_cast: Cast, scenario: Scenario, file: Path) -> None:
    outcome = run_scenario(scenario, file, demo_cast)
    # the clock is for a quiet machine, not for a test run
    assert [fault for fault in outcome.faults if "an answer within" not in fault] == []


@pytest.mark.slow
def test_the_demo_shop_gets_it_right_with_the_trained_model(demo_cast: Cast) -> None:
    bundles = sorted(BUNDLES.glob("*/fused"))
    if not bundles:
        pytest.skip("no demo model: make run")
    predictor = Predictor.load(bundles[-1])
    cast = Cast(demo_cast.shop, demo_cast.knowledge, judge=lambda ticket: predictor.predict_raw([ticket])[0])
    outcomes = [run_scenario(scenario, file, cast) for scenario, file in DEMO_SCENARIOS]
    failed = [f"{outcome.name}: {fault}" for outcome in outcomes for fault in outcome.faults]
    assert sum(not outcome.faults for outcome in outcomes) >= 0.9 * len(outcomes), "\n".join(failed)


def test_the_demo_shop_is_tried_in_both_languages_with_pictures_voices_and_attacks() -> None:
    for language in ("en", "zh"):
        own = [scenario for scenario, _ in DEMO_SCENARIOS if scenario.language == language]
        sent = [turn.customer for scenario in own for turn in scenario.turns]
        assert len(own) >= 20
        assert sum(customer.image is not None for customer in sent) >= 4
        assert sum(customer.audio is not None for customer in sent) >= 2
        assert any(customer.image is not None and "SYSTEM" in " ".join(customer.image.words) for customer in sent)
        assert any(scenario.articles for scenario in own)


@pytest.fixture(scope="module")
def cast(shop: Shop, knowledge: Any) -> Cast:
    return Cast(shop, lambda more: type(knowledge)([*knowledge.articles, *more]))


def play(cast: Cast, tmp_path: Path, *turns: dict[str, Any], **fields: Any) -> Outcome:
    scenario = Scenario.model_validate({"name": "a", "language": "en", "turns": turns, **fields})
    return run_scenario(scenario, tmp_path / "a.yml", cast)


LATE = {"customer": {"text": "where is my parcel A12345?"}, "judged": {"late_delivery": 0.9}}


@pytest.mark.parametrize(
    ("expect", "fault"),
    [
        ({"intent": "invoice"}, "intent invoice expected, late_delivery came (model: late_delivery 0.90"),
        ({"reply_contains": ["nonsense|rubbish"]}, "'nonsense|rubbish' expected in the reply"),
        ({"reply_lacks": ["SORRY"]}, "'SORRY' must not be in the reply"),
        ({"cites": ["products/mug"]}, "products/mug must be cited; cited are: delivery/late"),
        ({"asks": "order_number"}, "a question for order_number expected, none is asked for"),
        ({"action": {"name": "ask_courier", "status": "confirmed"}}, "ask_courier confirmed expected, ask_courier pro"),
        (
            {"action": {"name": "ask_courier", "status": "proposed", "arguments": {"order": "A1"}}},
            "argument order of ask_courier proposed: A1 expected, A12345 came",
        ),
        ({"no_action": True}, "no action expected, ask_courier proposed came"),
        ({"hand_over": "asked"}, "hand-over asked expected, none came"),
        ({"silent": True}, "silence expected"),
        ({"suggestions": ["An invoice"]}, "'An invoice' should be offered; offered are: Yes, please, No, thanks"),
        ({"acts": ["greeting"]}, "the act greeting expected; understood were: none"),
        ({"slots": {"order_number": "A1"}}, "order_number A1 expected, A12345 is known"),
        ({"within_ms": 0.0001}, "an answer within 0.0001 ms expected"),
    ],
)  # fmt: skip
def test_what_is_otherwise_than_expected_is_told(
    cast: Cast, tmp_path: Path, expect: dict[str, Any], fault: str
) -> None:
    [told] = play(cast, tmp_path, {**LATE, "expect": expect}).faults
    assert told.startswith("turn 1: ")
    assert fault in told


def test_what_is_as_expected_is_not_told(cast: Cast, tmp_path: Path) -> None:
    expect = {
        "intent": "late_delivery",
        "reply_contains": ["nonsense|sorry"],
        "cites": ["delivery/late"],
        "asks": "none",
        "action": {"name": "ask_courier", "status": "proposed", "arguments": {"order": "A12345"}},
        "hand_over": "none",
        "suggestions": ["Yes, please"],
        "slots": {"order_number": "A12345"},
    }
    outcome = play(cast, tmp_path, {**LATE, "expect": expect})
    assert outcome.faults == ()
    assert len(outcome.milliseconds) == 1


def test_pictures_and_voices_reach_the_assistant(cast: Cast, tmp_path: Path) -> None:
    outcome = play(
        cast,
        tmp_path,
        {**LATE, "customer": {"image": {"words": ["ORDER SH54321"]}}, "expect": {"slots": {"order_number": "SH54321"}}},
        {"customer": {"audio": {"say": "yes"}}, "expect": {"action": {"name": "ask_courier", "status": "confirmed"}}},
    )
    assert outcome.faults == ()


def test_a_scenario_may_bring_articles(cast: Cast, tmp_path: Path) -> None:
    article = Article(
        article_id="own", language="en", title="Opening hours", text="Opening hours are from nine to five."
    )
    turn = {"customer": {"text": "opening hours?"}, "judged": {"invoice": 0.3}, "expect": {"cites": ["own"]}}
    assert play(cast, tmp_path, turn, articles=[article]).faults == ()
    assert play(cast, tmp_path, turn).faults != ()


def test_the_model_is_asked_unless_its_answer_is_prescribed(shop: Shop, cast: Cast, model: Any, tmp_path: Path) -> None:
    with_model = Cast(shop, cast.knowledge, judge=model)
    play(with_model, tmp_path, {"customer": {"text": "where is it?"}}, LATE)
    assert [ticket.text for ticket in model.seen] == ["where is it?"]


class FakeRecogniser:
    """Hears the same in everything."""

    name = "fake"
    languages = frozenset({"en"})

    def __init__(self, text: str, confidence: float) -> None:
        self.heard = Transcript(text=text, language="en", confidence=confidence, seconds=0, recogniser=self.name)

    def recognise(self, samples: Samples, language: str) -> Transcript:
        return self.heard


def hearing(cast: Cast, text: str, confidence: float) -> Cast:
    return replace(cast, ears=ShopEars([RecordingDecoder()], {"en": FakeRecogniser(text, confidence)}))


@pytest.fixture
def voice(tmp_path: Path) -> dict[str, Any]:
    """Customer whose recording is silent."""
    pytest.importorskip("pocketsphinx")
    (tmp_path / "yes.wav").write_bytes(encode_wav(np.zeros(44_100, dtype=np.float32), 44_100))
    return {"audio": {"say": "yes", "file": "yes.wav"}}


def test_the_words_that_count_are_those_that_were_heard(cast: Cast, tmp_path: Path, voice: dict[str, Any]) -> None:
    turns = (
        {**LATE, "expect": {"action": {"name": "ask_courier", "status": "proposed"}}},
        {"customer": voice, "expect": {"action": {"name": "ask_courier", "status": "confirmed"}}},
    )
    assert play(cast, tmp_path, *turns).faults == ()
    assert play(hearing(cast, "yes", 0.9), tmp_path, *turns).faults == ()
    assert play(hearing(cast, "no", 0.9), tmp_path, *turns).faults == (
        "turn 2: action ask_courier confirmed expected, ask_courier declined came",
        "turn 2: 'no' was heard, by fake with a confidence of 0.90",
    )


def test_words_that_were_hardly_heard_do_not_count(cast: Cast, tmp_path: Path, voice: dict[str, Any]) -> None:
    proposed = {**LATE, "expect": {"action": {"name": "ask_courier", "status": "proposed"}}}
    asked_again = {**proposed, "customer": voice}
    unsure = hearing(cast, "yes", cast.shop.thresholds.heard - 0.01)
    assert play(unsure, tmp_path, proposed, asked_again).faults == ()


def test_a_language_that_the_ears_lack_is_heard_as_written(cast: Cast, tmp_path: Path, voice: dict[str, Any]) -> None:
    turn = {"customer": {"audio": {**voice["audio"], "say": "你好"}}, "expect": {"acts": ["greeting"]}}
    assert play(hearing(cast, "goodbye", 0.9), tmp_path, turn, language="zh").faults == ()
    assert play(hearing(cast, "goodbye", 0.9), tmp_path, turn).faults != ()


def test_the_model_is_shown_what_the_service_would_show_it(
    cast: Cast, model: Any, tmp_path: Path, voice: dict[str, Any]
) -> None:
    play(replace(hearing(cast, "where is it", 0.9), judge=model), tmp_path, {"customer": voice})
    [ticket] = model.seen
    assert ticket.text == "where is it"
    assert soundfile.info(io.BytesIO(ticket.audio)).samplerate == SAMPLE_RATE_HZ


def test_a_file_that_is_no_recording_is_told(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "yes.wav").write_bytes(b"<html>")
    with pytest.raises(ShopError, match=r"yes\.wav: the recording cannot be used: not a recording"):
        play(hearing(cast, "yes", 0.9), tmp_path, {"customer": {"audio": {"say": "yes", "file": "yes.wav"}}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "should be a valid tuple"),
        (
            "- {name: a, language: en, turns: [{customer: {}}]}",
            "line 1: 0.turns.0.customer: the customer sends nothing",
        ),
        ("- {name: a, language: en, turns: [{customer: {txt: a}}]}", "there is no such field; did you mean 'text'?"),
        ("- {name: a, language: de, turns: [{customer: {text: a}}]}", "0.language: should be 'en' or 'zh' (got 'de')"),
        ("- {name: a, language: en, turns: [{customer: {image: {words: [码]}}}]}", "only Latin letters can be drawn"),
        ("- {name: a, language: en, turns: [{customer: {image: {seed: 1}}}]}", "give one of draw, words and file"),
        (2 * "- {name: a, language: en, turns: [{customer: {text: a}}]}\n", "'a' is also in"),
    ],
)
def test_mistakes_in_scenarios_are_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ShopError) as error:
        read_scenarios(tmp_path)
    assert message in str(error.value)


def test_a_folder_without_scenarios_is_told(tmp_path: Path) -> None:
    with pytest.raises(ShopError, match="there are no scenarios"):
        read_scenarios(tmp_path)
