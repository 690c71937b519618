from datetime import UTC, datetime

import pytest

from kefu.feedback import JudgedMessage, Source, label_of

SURE = {"refund": 0.8, "login": 0.2}


def judged(**given) -> JudgedMessage:
    return JudgedMessage("m1", datetime(2026, 3, 14, tzinfo=UTC), "c1", text="where is my money", **given)


def test_an_agent_is_right_whatever_the_model_and_the_customer_said() -> None:
    message = judged(guesses=SURE, correction="login", thumb="up", out_of_scope=True, is_answer=True)
    assert label_of(message) == ("login", Source.AGENT)


def test_a_thumb_up_confirms_what_the_model_was_sure_of() -> None:
    assert label_of(judged(guesses=SURE, thumb="up")) == ("refund", Source.CUSTOMER)
    assert label_of(judged(guesses=SURE, thumb="up"), min_probability=0.9) == (None, Source.NOBODY)
    assert label_of(judged(guesses=SURE, thumb="up"), min_probability=0.8)[0] == "refund"


@pytest.mark.parametrize(
    "given",
    [
        {"guesses": SURE},
        {"guesses": SURE, "thumb": "down"},
        {"guesses": SURE, "thumb": "up", "out_of_scope": True},
        {"guesses": SURE, "thumb": "up", "is_answer": True},
        {"thumb": "up"},
    ],
)
def test_nobody_knows_the_label_of_the_others(given: dict) -> None:
    assert label_of(judged(**given)) == (None, Source.NOBODY)
