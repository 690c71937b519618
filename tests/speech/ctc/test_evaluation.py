import pandas as pd
import pytest

from kefu.evaluation.bootstrap import Resampling
from kefu.speech.ctc.card import write_card
from kefu.speech.ctc.evaluation import score_transcripts

FRAME = pd.DataFrame(
    {
        "spoken": ["我要退款", "我要退货", "发票", "登录不了"],
        "heard": ["我要退款", "我要腿货", "", "登录不了"],
        "source": ["a", "a", "b", "c"],
        "seen": [True, False, False, True],
        "confidence": [0.9, 0.8, 0.1, 0.7],
    }
)


def test_errors_are_counted_by_group() -> None:
    scores = score_transcripts(FRAME, Resampling(resamples=200))
    assert scores["all"]["character_error_rate"] == pytest.approx(3 / 14)
    assert scores["unseen"]["character_error_rate"] == pytest.approx(3 / 6)
    assert scores["seen"]["character_error_rate"] == 0
    assert (scores["all"]["exact_share"], scores["seen"]["exact_share"]) == (0.5, 1.0)
    assert [scores[name]["recordings"] for name in ("all", "unseen", "seen")] == [4, 2, 2]
    assert scores["confidence_auc"] == pytest.approx(3 / 4)
    low, high = (scores["all"][f"character_error_rate_{end}"] for end in ("low", "high"))
    assert low < 3 / 14 < high


def test_what_cannot_be_known_is_not_told() -> None:
    scores = score_transcripts(FRAME[FRAME["seen"]][:1], Resampling(resamples=50))
    assert scores["unseen"] == {"recordings": 0}
    assert scores["seen"]["character_error_rate_low"] is None
    assert scores["confidence_auc"] is None


def test_the_card_tells_the_scores_and_whom_it_never_heard() -> None:
    card = write_card(score_transcripts(FRAME, Resampling(resamples=50)), {"parameters": {"seed": 0}})
    assert "| 2 | 0.500" in card
    assert "how well it hears people is unknown" in card
    assert "对真人说话的识别效果未知" in card
    assert "seed" not in card
    assert "not tested" in write_card({}, {})
