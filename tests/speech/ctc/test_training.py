from pathlib import Path

import numpy as np
import pytest
import torch

from kefu.modalities.audio.encoders.spec_augment import SpecAugmentParameters
from kefu.speech.ctc.batches import make_batch
from kefu.speech.ctc.network import CtcNetwork, NetworkParameters
from kefu.speech.ctc.training import Recordings, Trained, TrainingParameters, train_network
from kefu.tickets.errors import KefuError
from kefu.training.hardware import Hardware

CPU = Hardware("cpu", "32-true", 1)
PARAMS = TrainingParameters(max_epochs=7, batch_size=8, learning_rate=0.02, patience=10)
SMALL = NetworkParameters(
    channels=16, hidden_dim=16, num_layers=1, dropout=0.0, masks=SpecAugmentParameters(num_masks=0)
)


def train(
    training: Recordings, validation: Recordings, params: TrainingParameters, checkpoints: Path | None = None
) -> Trained:
    torch.manual_seed(0)
    network = CtcNetwork(12, 5, SMALL)
    return train_network(network, training, validation, params, hardware=CPU, seed=0, checkpoints=checkpoints)


def test_recordings_are_padded_to_one_length() -> None:
    batch = make_batch([np.ones((3, 2)), np.ones((5, 2))], [np.array([1, 2]), np.array([3])])
    assert batch.log_mel.shape == (2, 2, 5)
    assert batch.log_mel[0, 0].tolist() == [1, 1, 1, 0, 0]
    assert batch.num_frames.tolist() == [3, 5]
    assert batch.units.tolist() == [1, 2, 3]
    assert batch.num_units.tolist() == [2, 1]


def test_tones_are_learned_and_training_repeats(training: Recordings, validation: Recordings) -> None:
    first = train(training, validation, PARAMS)
    assert first.history["validation_unit_accuracy"].max() > 0.9
    assert first.history["train_loss"].iloc[-1] < 0.3 * first.history["train_loss"].iloc[0]
    assert first.best_epoch == first.history["validation_unit_accuracy"].idxmax() + 1
    again = train(training, validation, PARAMS)
    for one, other in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_an_interrupted_training_goes_on(training: Recordings, validation: Recordings, tmp_path: Path) -> None:
    params = PARAMS.model_copy(update={"max_epochs": 4})
    whole = train(training, validation, params)
    train(training, validation, params, tmp_path)
    [checkpoint] = tmp_path.glob("*/last.ckpt")
    written = checkpoint.stat().st_mtime_ns
    again = train(training, validation, params, tmp_path)
    assert checkpoint.stat().st_mtime_ns == written  # all epochs were there
    assert again.history.drop(columns="seconds").equals(whole.history.drop(columns="seconds"))


def test_silence_can_be_learned_and_no_validation_is_needed(training: Recordings) -> None:
    silent = Recordings(
        [*training.log_mels[:8], np.zeros((30, 12), np.float16)], [*training.units[:8], np.zeros(0, np.int64)]
    )
    trained = train(silent, Recordings([], []), PARAMS.model_copy(update={"max_epochs": 1}))
    assert np.isfinite(trained.history["train_loss"].iloc[0])
    assert trained.best_epoch == 1


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="no recordings to train with"):
        train(Recordings([], []), Recordings([], []), PARAMS)


def test_divergence_names_the_parameter(training: Recordings, validation: Recordings) -> None:
    broken = Recordings([np.full_like(one, np.nan) for one in training.log_mels], training.units)
    with pytest.raises(KefuError, match=r"speech_training\.learning_rate"):
        train(broken, validation, PARAMS.model_copy(update={"max_epochs": 1}))


def test_a_digest_tells_recordings_apart(training: Recordings, validation: Recordings) -> None:
    assert training.digest() == Recordings(list(training.log_mels), list(training.units)).digest()
    assert training.digest() != validation.digest()
    moved = Recordings(training.log_mels, [*training.units[:-1], training.units[-1] + 1])
    assert training.digest() != moved.digest()
