"""The nodes of ``train_speech``, one after the other, on a handful of recordings."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kefu.datasets import SpeechModelDataset
from kefu.demo.utterances import VoiceParameters
from kefu.pipelines.train_speech import create_pipeline
from kefu.pipelines.train_speech.nodes import (
    gather_spoken_phrases,
    judge_recogniser,
    record_phrases,
    train_recogniser,
)
from kefu.speech.ctc import CtcRecogniser
from kefu.speech.ctc.model import SpeechModelParameters
from kefu.speech.ctc.network import NetworkParameters
from kefu.speech.ctc.phrases import PhraseParameters
from kefu.speech.ctc.recordings import LogMels, RecordingParameters
from kefu.speech.ctc.training import TrainingParameters
from kefu.training.hardware import HardwareParameters

SHOP = {
    "knowledge/zh/refunds.md": "退款什么时候到账？\n我要开发票，谢谢\n包裹坏了",
    "playbooks/login.yml": "- 我忘记密码了",
}
ONE = HardwareParameters(threads=1, workers=1, precision="32")
RECORDINGS = RecordingParameters(training=24, validation=3, test_unseen=3, test_seen=2, silent_share=0.1, n_mels=24)
MODEL = SpeechModelParameters(network=NetworkParameters(channels=8, hidden_dim=8, num_layers=1))


@pytest.fixture(scope="module")
def phrases() -> pd.DataFrame:
    return gather_spoken_phrases(SHOP, PhraseParameters(customer_phrases=60, drill_phrases=4), 0)


@pytest.fixture(scope="module")
def recorded(phrases: pd.DataFrame) -> tuple[pd.DataFrame, LogMels]:
    return record_phrases(phrases, RECORDINGS, VoiceParameters(), 0, ONE)


def train(phrases: pd.DataFrame, recorded: tuple[pd.DataFrame, LogMels], folder: Path, **model: Any) -> tuple:
    params = MODEL.model_copy(update=model)
    return train_recogniser(phrases, *recorded, params, TrainingParameters(max_epochs=1), 0, ONE, str(folder))


def test_phrases_of_shop_and_customers_are_gathered(phrases: pd.DataFrame, caplog: pytest.LogCaptureFixture) -> None:
    assert {"我忘记密码了", "包裹坏了", "我要开发票"} <= set(phrases["spoken"])
    assert set(phrases["kind"]) == {"shop", "customer", "drill"}
    assert not caplog.messages
    alone = gather_spoken_phrases({}, PhraseParameters(customer_phrases=5, drill_phrases=0), 0)
    assert set(alone["kind"]) == {"customer"}
    assert "no texts of a shop" in caplog.text


def test_recordings_are_in_voices_of_their_split(recorded: tuple[pd.DataFrame, LogMels]) -> None:
    utterances, log_mels = recorded
    rows = log_mels.rows()
    assert len(rows) == len(utterances) > 24
    assert log_mels.n_mels == 24
    voices = VoiceParameters()
    for split, speakers in utterances.groupby("split")["speaker"]:
        assert set(speakers) <= set(voices.speakers[str(split)])
    spoken = utterances["spoken"].str.len()
    assert all(len(row) > 8 * said for row, said in zip(rows, spoken, strict=True))


def test_recordings_are_the_same_however_many_processes_make_them(
    phrases: pd.DataFrame, recorded: tuple[pd.DataFrame, LogMels]
) -> None:
    two = ONE.model_copy(update={"workers": 2})
    utterances, log_mels = record_phrases(phrases, RECORDINGS, VoiceParameters(), 0, two)
    assert utterances.equals(recorded[0])
    assert all(map(np.array_equal, log_mels.rows(), recorded[1].rows()))


def test_a_recogniser_is_trained_tested_and_read_again(
    phrases: pd.DataFrame, recorded: tuple[pd.DataFrame, LogMels], tmp_path: Path
) -> None:
    model, history, facts = train(phrases, recorded, tmp_path)
    known = {symbol for said in phrases.loc[phrases["split"] == "train", "spoken"] for symbol in said}
    assert set(model.lexicon.pronunciations) == known
    assert len(history) == 1
    assert facts["run"]["speech"]["seconds"] > 0
    judged, metrics = judge_recogniser(model, *recorded, {"code": None})
    assert (metrics["unseen"]["recordings"], metrics["seen"]["recordings"]) == (3, 2)
    assert set(metrics["voices"]) <= {"Storm", "miguel"}
    assert judged.metrics == metrics
    dataset = SpeechModelDataset(str(tmp_path / "ctc"))
    dataset.save(judged)
    transcript = CtcRecogniser.load(tmp_path / "ctc").recognise(recorded[1].rows()[0][:, 0].astype("float32"), "zh")
    assert transcript.recogniser == "ctc (synthetic voices)"


@pytest.mark.parametrize("units", ["initials_finals", "toned_syllables", "characters"])
def test_other_units_can_be_learned(
    units: str, phrases: pd.DataFrame, recorded: tuple[pd.DataFrame, LogMels], tmp_path: Path
) -> None:
    model, *_ = train(phrases, recorded, tmp_path, units=units)
    syllables, *_ = train(phrases, recorded, tmp_path)
    fewer = units == "initials_finals"
    assert (len(model.lexicon.units) < len(syllables.lexicon.units)) == fewer


def test_the_pipeline_ends_in_the_model() -> None:
    pipeline = create_pipeline()
    assert {"speech_model", "speech_metrics", "speech_history"} <= pipeline.outputs()
    assert [node.name for node in pipeline.nodes] == [
        "gather_spoken_phrases", "record_phrases", "train_recogniser", "judge_recogniser",
    ]  # fmt: skip
