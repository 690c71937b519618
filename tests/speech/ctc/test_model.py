from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kefu.bundle import Bundle, BundleError
from kefu.speech.ctc import CtcRecogniser, SpeechModel
from kefu.speech.ctc.language_model import LanguageModel
from kefu.speech.ctc.lexicon import Lexicon
from kefu.speech.ctc.model import SpeechModelParameters, confidence_of
from kefu.speech.ctc.network import CtcNetwork, NetworkParameters

LEXICON = Lexicon({"我": [("wo",)], "要": [("yao",)], "退": [("tui",)], "款": [("kuan",)], "二": [("er",)]})
PARAMS = SpeechModelParameters(network=NetworkParameters(channels=8, hidden_dim=8, num_layers=1))
NOISE = (0.1 * np.random.default_rng(0).standard_normal(24_000)).astype(np.float32)


@pytest.fixture
def model() -> SpeechModel:
    torch.manual_seed(0)
    network = CtcNetwork(24, len(LEXICON.units), PARAMS.network).eval()
    language = LanguageModel.fit(["我要退款", "我要退"], PARAMS.order)
    return SpeechModel(network, LEXICON, language, 24, PARAMS)


def always(model: SpeechModel, *units: str) -> SpeechModel:
    """Make the network hear the same units at every recording, one after the other, a step each and a blank between."""
    network = model.network

    class Fixed(CtcNetwork):
        def forward(self, log_mel: torch.Tensor, num_frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            logits, steps = super().forward(log_mel, num_frames)
            logits = torch.full_like(logits, -9.0)
            logits[:, :, 0] = 0.0
            for place, unit in enumerate(units):
                logits[:, 2 * place, 1 + model.lexicon.units.index(unit)] = 9.0
            return logits, steps

    fixed = Fixed(model.n_mels, len(model.lexicon.units), model.params.network)
    fixed.load_state_dict(network.state_dict())
    return replace(model, network=fixed.eval())


def test_it_hears_what_its_network_says(model: SpeechModel) -> None:
    text, confidence = always(model, "wo", "yao", "tui", "kuan").hear(NOISE)
    assert text == "我要退款"
    assert 0.99 < confidence <= 1


def test_it_comes_back_from_its_bundle(model: SpeechModel, tmp_path: Path) -> None:
    scored = model.with_metrics({"confidence_auc": 0.5}, {"code": {"commit": "c0ffee"}})
    scored.to_bundle().save(tmp_path / "ctc")
    assert not [path for path in (tmp_path / "ctc").rglob("*") if path.suffix in {".pkl", ".pt", ".ckpt"}]
    again = CtcRecogniser.load(tmp_path / "ctc").model
    assert again.hear(NOISE) == model.hear(NOISE)
    assert np.array_equal(again.listen(np.zeros((50, 24), np.float32)), model.listen(np.zeros((50, 24), np.float32)))
    assert again.metrics == {"confidence_auc": 0.5}
    card = (tmp_path / "ctc" / "card.md").read_text(encoding="utf-8")
    assert "synthetic voices of espeak-ng" in card
    assert "合成语音" in card
    assert "c0ffee" in card


@pytest.mark.parametrize("name", ["lexicon.json", "language_model.json"])
def test_a_damaged_bundle_is_told(model: SpeechModel, name: str) -> None:
    bundle = model.to_bundle()
    with pytest.raises(BundleError, match="speech model: the bundle is damaged"):
        SpeechModel.from_bundle(replace(bundle, files={**bundle.files, name: b"[]"}))
    with pytest.raises(BundleError, match="damaged"):
        SpeechModel.from_bundle(replace(bundle, labels=("a", "b")))


def test_another_kind_of_bundle_is_told(model: SpeechModel) -> None:
    other = Bundle("fused", {}, (), {})
    with pytest.raises(BundleError, match=r"kind 'fused', not of speech; train one with .*train_speech"):
        SpeechModel.from_bundle(other)


def test_confidence_is_of_the_steps_with_a_unit() -> None:
    rows = np.log(np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.8, 0.2]], dtype=np.float32))
    assert confidence_of(rows) == pytest.approx(0.8)
    assert confidence_of(rows[[0, 3]]) == 0.0
