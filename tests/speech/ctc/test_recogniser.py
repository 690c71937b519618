import numpy as np
import pytest

from kefu.speech import Recogniser
from kefu.speech.ctc import CtcRecogniser


class Hearing:
    """Stands in for a model: it hears an order number, however sure."""

    def hear(self, samples: np.ndarray) -> tuple[str, float]:
        return "订单A二零五一八", 0.75


@pytest.fixture
def recogniser() -> CtcRecogniser:
    return CtcRecogniser(Hearing())


def test_it_keeps_the_contract(recogniser: CtcRecogniser) -> None:
    kept: Recogniser = recogniser
    assert kept.name == "ctc (synthetic voices)"
    assert kept.languages == {"zh"}


def test_what_was_heard_is_written_down(recogniser: CtcRecogniser) -> None:
    transcript = recogniser.recognise(np.zeros(24_000, np.float32), "zh")
    assert transcript.text == "订单A20518"
    assert transcript.confidence == 0.75
    assert transcript.seconds == 1.5
    assert transcript.language == "zh"
    assert "synthetic" in transcript.recogniser


def test_nothing_is_heard_in_nothing(recogniser: CtcRecogniser) -> None:
    transcript = recogniser.recognise(np.zeros(0, np.float32), "zh")
    assert (transcript.text, transcript.confidence, transcript.seconds) == ("", 0.0, 0.0)


def test_another_language_is_refused(recogniser: CtcRecogniser) -> None:
    with pytest.raises(ValueError, match="hears zh, not 'en'"):
        recogniser.recognise(np.zeros(100, np.float32), "en")
