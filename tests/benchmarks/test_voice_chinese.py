import importlib.util
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from kefu.speech.ctc import SpeechModel
from kefu.speech.ctc.language_model import LanguageModel
from kefu.speech.ctc.lexicon import Lexicon
from kefu.speech.ctc.model import SpeechModelParameters
from kefu.speech.ctc.network import CtcNetwork, NetworkParameters

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "voice_chinese.py"
PHRASES = pd.DataFrame(
    {
        "spoken": ["我要退款", "退款呢", "我要发票", "款要我"],
        "source": ["a", "b", "c", "d"],
        "kind": ["shop", "customer", "customer", "drill"],
        "split": ["train", "train", "test", "train"],
    }
)


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_voice_chinese", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def model() -> SpeechModel:
    torch.manual_seed(0)
    params = SpeechModelParameters(network=NetworkParameters(channels=4, hidden_dim=4, num_layers=1))
    lexicon = Lexicon({"我": [("wo",)], "退": [("tui",)]})
    return SpeechModel(CtcNetwork(24, 2, params.network).eval(), lexicon, LanguageModel.fit(["我退"], 3), 24, params)


def test_phrases_of_training_and_of_the_test_are_told_apart(benchmark) -> None:
    utterances, samples = benchmark.record(PHRASES, benchmark.VOICES, "test", 2, 0)
    assert set(utterances.loc[utterances["seen"], "spoken"]) == {"我要退款", "退款呢"}
    assert list(utterances.loc[~utterances["seen"], "spoken"]) == ["我要发票"]
    assert all(name.endswith(benchmark.VOICES.speakers["test"]) for name in utterances["speaker"])
    assert len(samples) == 3


def test_every_voice_and_line_is_judged_with_every_seed(benchmark, model: SpeechModel) -> None:
    arguments = Namespace(seeds=[1, 2], recordings=1)
    for split, speakers, throats in benchmark.WHOSE.values():
        voices = benchmark.VOICES.model_copy(update={"speakers": speakers, "throats": throats})
        told = benchmark.over_seeds(model, PHRASES, voices, split, arguments)
        assert told["unseen"]["recordings"] == 1
        assert len(told["seen"]["by_seed"]) == 2
        assert told["seen"]["character_error_rate"] == pytest.approx(np.mean(told["seen"]["by_seed"]), abs=1e-4)


def test_without_language_only_sound_counts(benchmark, model: SpeechModel) -> None:
    assert benchmark.without_language(model).params.decoding.language_weight == 0
    assert model.params.decoding.language_weight > 0


def test_time_is_of_three_seconds(benchmark, model: SpeechModel) -> None:
    told = benchmark.time_hearing(model, [np.zeros(16_000, np.float32)] * 3)
    assert told["mean_seconds_of_sound"] == 1
    assert 0 < told["median_seconds_for_3_s"] < 3
