import numpy as np

from kefu.speech.ctc.phrases import Phrase
from kefu.speech.ctc.recordings import LogMels, RecordingParameters, plan_recordings

PHRASES = [
    *(Phrase(f"退款{number}", "", "customer", "train") for number in "一二三四五六"),
    Phrase("多久到账", "", "shop", "train"),
    Phrase("款退多", "", "drill", "train"),
    *(Phrase(f"发票{number}", "", "customer", "test") for number in "一二三四"),
    Phrase("登录不了", "", "customer", "validation"),
]
PARAMS = RecordingParameters(training=20, validation=5, test_unseen=3, test_seen=2, silent_share=0.1)


def test_every_voice_split_gets_its_phrases() -> None:
    planned = list(plan_recordings(PHRASES, PARAMS, 0))
    training = [one for one in planned if one.split == "train"]
    assert len(training) == 20
    assert sum(one.kind == "silence" and one.spoken == "" for one in training) == 2
    assert {one.spoken for one in training} == {phrase.spoken for phrase in PHRASES if phrase.split == "train"} | {""}
    assert [one.spoken for one in planned if one.split == "validation"] == ["登录不了"]
    test = [one for one in planned if one.split == "test"]
    assert [one.seen for one in test] == [False] * 3 + [True] * 2
    split = {phrase.spoken: phrase.split for phrase in PHRASES}
    assert all((split[one.spoken] == "train") == one.seen and one.kind != "drill" for one in test)


def test_phrases_of_the_shop_come_first() -> None:
    few = PARAMS.model_copy(update={"training": 4, "silent_share": 0.0})
    planned = [one for one in plan_recordings(PHRASES, few, 0) if one.split == "train"]
    assert [one.kind for one in planned] == ["shop", "drill", "customer", "customer"]


def test_plans_repeat_and_differ_by_seed() -> None:
    first, again, other = (list(plan_recordings(PHRASES, PARAMS, seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_spectrograms_lie_one_behind_the_other() -> None:
    values = np.arange(12, dtype=np.float16).reshape(6, 2)
    found = LogMels(values, np.array([1, 3, 2])).rows()
    assert [row[:, 0].tolist() for row in found] == [[0], [2, 4, 6], [8, 10]]
    assert LogMels(values[:0], np.array([], dtype=np.int64)).rows() == []
    assert LogMels(values, np.array([6])).n_mels == 2
