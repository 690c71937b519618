import numpy as np
import pytest

from kefu.demo.utterances import SPLITS, Utterance, VoiceParameters, record_utterance
from kefu.speech.espeak import spell_phonemes, synthesise

PARAMS = VoiceParameters()


def test_no_voice_of_one_split_is_heard_in_another() -> None:
    speakers = [set(PARAMS.speakers[split]) for split in SPLITS]
    assert sum(map(len, speakers)) == len(set.union(*speakers))
    drawn = {
        split: [record_utterance(PARAMS, 16_000, 0, Utterance("退款", split, number))[1] for number in range(25)]
        for split in SPLITS
    }
    for split, voices in drawn.items():
        assert {voice.name.partition("+")[2] for voice in voices} == set(PARAMS.speakers[split])
        ranges = PARAMS.throats[split]
        assert all(any(low <= voice.throat <= high for low, high in ranges) for voice in voices)
    [(low, high)] = PARAMS.throats["train"]
    assert not any(low < voice.throat < high for split in ("validation", "test") for voice in drawn[split])
    assert min(voice.throat for voice in drawn["test"]) < low
    assert max(voice.throat for voice in drawn["test"]) > high


def test_recordings_repeat_and_differ() -> None:
    def record(seed: int, number: int) -> np.ndarray:
        return record_utterance(PARAMS, 16_000, seed, Utterance("我要退款", "train", number))[0]

    first = record(0, 3)
    assert first.dtype == np.float32
    assert 0.7 < len(first) / 16_000 < 4
    assert 0.2 < np.abs(first).max() < 1
    assert np.array_equal(first, record(0, 3))
    for other in (record(1, 3), record(0, 4)):
        assert len(other) != len(first) or not np.array_equal(other, first)


def test_where_nobody_speaks_the_line_hisses() -> None:
    hushes = [record_utterance(PARAMS, 16_000, 0, Utterance("", "train", number))[0] for number in range(20)]
    levels = [float(np.sqrt(np.mean(hush**2))) for hush in hushes]
    assert min(levels) < 1e-3 < 1e-2 < max(levels) < 0.2
    assert all(0.5 <= len(hush) / 16_000 <= 2.5 for hush in hushes)


@pytest.mark.parametrize("name", sorted({name for speakers in PARAMS.speakers.values() for name in speakers}))
def test_every_speaker_repeats_itself_whatever_was_said_before(name: str) -> None:
    voice = f"sit/cmn+{name}"
    first, _ = synthesise("快递怎么还没到", voice, 170, 40)
    synthesise("我的退款呢", "sit/cmn+Denis", 140, 70)
    spell_phonemes("发票在哪里", voice)
    assert np.array_equal(synthesise("快递怎么还没到", voice, 170, 40)[0], first)


def test_phonemes_are_told_by_the_word() -> None:
    words = spell_phonemes("你好，我要退款 A", "sit/cmn+shelby")
    assert words[0] == ["n", "i214", "X", "Au51"] or words[0][:2] == ["n", "i214"]
    assert ["th", "uei51"] in words
    assert "(en)" in words[-1]
    assert spell_phonemes("", "sit/cmn+shelby") == []
