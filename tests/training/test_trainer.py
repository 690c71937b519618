import logging
import signal

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import f1_score

from kefu.tickets.errors import KefuError
from kefu.training import trainer
from kefu.training.averaging import AverageWeights
from kefu.training.data import FeatureRows
from kefu.training.hardware import Hardware
from kefu.training.trainer import HISTORY_COLUMNS, predict_classifier, train_classifier


@pytest.fixture
def train(cpu, params, make_classifier, make_rows):
    """Train the toy; whatever matters to a test can be given."""

    def run(training=None, validation=None, *, num_classes=2, hardware=cpu, seed=0, classifier=None, **changes):
        return train_classifier(
            "toy",
            make_classifier(num_classes) if classifier is None else classifier,
            make_rows(40, copies=1) if training is None else training,
            make_rows(20, seed=1) if validation is None else validation,
            params.model_copy(update=changes),
            num_classes=num_classes,
            hardware=hardware,
            seed=seed,
        )

    return run


def weights(trained):
    return trained.classifier.state_dict()


def same(first, second):
    return all(torch.equal(value, weights(second)[name]) for name, value in weights(first).items())


def test_it_learns_and_tells_how(train, cpu, make_rows):
    trained = train(max_epochs=15, patience=15)
    assert trained.history.columns.tolist() == list(HISTORY_COLUMNS)
    assert trained.history["epoch"].tolist() == list(range(1, 16))
    assert trained.history["train_loss"].iloc[-1] < trained.history["train_loss"].iloc[0]
    assert trained.history.notna().all(axis=None)
    rows = make_rows(200, seed=2)
    predicted = predict_classifier(trained.classifier, rows.features, cpu).logits.argmax(1).numpy()
    assert (predicted == rows.targets).mean() > 0.7
    assert not trained.classifier.training


@pytest.mark.parametrize("monitor", ["macro_f1", "loss"])
def test_the_best_epoch_is_kept(train, cpu, make_rows, monitor):
    validation = make_rows(20, seed=1)
    trained = train(validation=validation, monitor=monitor, max_epochs=12, patience=12, learning_rate=0.3)
    scores = trained.history[f"validation_{monitor}"]
    best = scores.idxmax() if monitor == "macro_f1" else scores.idxmin()
    assert trained.best_epoch == best + 1 < 12
    logits = predict_classifier(trained.classifier, validation.features, cpu).logits
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(validation.targets)).item()
    assert loss == pytest.approx(trained.history["validation_loss"][best], rel=1e-5)
    f1 = f1_score(validation.targets, logits.argmax(1), average="macro")
    assert f1 == pytest.approx(trained.history["validation_macro_f1"][best], rel=1e-5)


def test_clipped_to_next_to_nothing_it_hardly_learns(train, make_classifier):
    before = {name: value.clone() for name, value in make_classifier(2).named_parameters()}
    after = dict(train(clip_norm=1e-12, weight_decay=0.0).classifier.named_parameters())
    for name, value in before.items():
        torch.testing.assert_close(after[name], value, atol=1e-3, rtol=0)


def test_training_stops_when_patience_is_used_up(train):
    trained = train(max_epochs=40, patience=3, learning_rate=0.3)
    assert len(trained.history) == trained.best_epoch + 3 < 40


def test_without_validation_the_last_epoch_is_taken(train, make_rows, caplog):
    caplog.set_level(logging.INFO, "kefu")
    trained = train(validation=make_rows(0))
    assert "toy: no validation tickets to stop by; 6 epochs, the last one is kept" in caplog.messages
    assert "nan" not in caplog.text
    assert trained.best_epoch == 6
    assert trained.history["validation_loss"].isna().all()
    assert trained.history["train_loss"].notna().all()


def test_validation_and_the_best_epoch_are_those_of_the_averaged_weights(train, cpu, make_rows):
    validation = make_rows(20, seed=1)
    changes = {"validation": validation, "monitor": "loss", "max_epochs": 8, "patience": 8}
    plain, averaged = train(**changes), train(ema_decay=0.9, **changes)
    assert averaged.history["train_loss"].tolist() == plain.history["train_loss"].tolist()
    assert (averaged.history["validation_loss"] != plain.history["validation_loss"]).all()
    logits = predict_classifier(averaged.classifier, validation.features, cpu).logits
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(validation.targets)).item()
    assert loss == pytest.approx(averaged.history["validation_loss"].min(), rel=1e-5)


def test_without_validation_the_averaged_weights_are_taken(train, make_rows, monkeypatch):
    kept = []

    class Spied(AverageWeights):
        def __init__(self, *args):
            super().__init__(*args)
            kept.append(self)

    monkeypatch.setattr("kefu.training.fit.AverageWeights", Spied)
    averaged, plain = (train(validation=make_rows(0), ema_decay=decay) for decay in (0.9, 0.0))
    assert len(kept) == 1
    assert all(torch.equal(value, kept[0].average[name]) for name, value in weights(averaged).items())
    assert not same(averaged, plain)


def test_mixed_embeddings_are_learned_from(train, cpu, make_rows):
    plain, mixed = train(max_epochs=25, patience=25), train(max_epochs=25, patience=25, mixup_alpha=1.0)
    assert mixed.history["train_loss"].iloc[-1] > plain.history["train_loss"].iloc[-1] + 0.05
    rows = make_rows(200, seed=2)
    predicted = predict_classifier(mixed.classifier, rows.features, cpu).logits.argmax(1).numpy()
    assert (predicted == rows.targets).mean() > 0.6


def test_pasted_pictures_are_learned_from(train, cpu, make_pictures):
    rows, other = make_pictures(40), make_pictures(200, seed=2)
    changes = {"training": rows, "validation": make_pictures(20, seed=1), "max_epochs": 12, "patience": 12}
    plain, pasted, both = (train(**changes, cutmix_alpha=c, mixup_alpha=m) for c, m in ((0, 0), (1, 0), (1, 1)))
    losses = [trained.history["train_loss"].iloc[-1] for trained in (plain, pasted, both)]
    assert min(losses[1:]) > losses[0] + 0.05
    assert losses[1] != losses[2]
    predicted = predict_classifier(pasted.classifier, other.features, cpu).logits.argmax(1).numpy()
    assert (predicted == other.targets).mean() > 0.7


def test_cutmix_without_pictures_is_refused_in_one_line(train):
    with pytest.raises(KefuError, match=r"^toy\.training\.cutmix_alpha: toy has no pictures to cut from; set it to 0$"):
        train(cutmix_alpha=1.0)


def test_one_class_trains(train, make_rows):
    trained = train(make_rows(10, num_classes=1), make_rows(4, num_classes=1), num_classes=1)
    assert all(torch.isfinite(value).all() for value in weights(trained).values())


@pytest.mark.parametrize("kind", ["none", "sqrt", "balanced"])
def test_a_class_without_tickets_stays_finite(train, kind):
    trained = train(num_classes=5, class_weights=kind)
    assert all(torch.isfinite(value).all() for value in weights(trained).values())


def test_fewer_tickets_than_a_batch(train, make_rows):
    assert len(train(make_rows(3), make_rows(1)).history) == 6


def test_no_training_ticket_is_refused(train, make_rows):
    with pytest.raises(ValueError, match="toy: no training tickets"):
        train(make_rows(0))


@pytest.mark.parametrize("has_validation", [True, False])
@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_divergence_is_told_in_one_line(train, make_rows, has_validation, ema_decay):
    rows = make_rows(8)
    broken = FeatureRows(rows.ticket_ids, {"x": np.full((8, 3), np.nan, np.float32)}, rows.targets)
    with pytest.raises(KefuError, match=r"^toy: training diverged.*lower toy\.training\.learning_rate$"):
        train(broken, make_rows(4 if has_validation else 0), ema_decay=ema_decay)


def test_the_same_seed_gives_the_same_weights(train):
    first, second, other = train(seed=1), train(seed=1), train(seed=2)
    assert same(first, second)
    pd.testing.assert_frame_equal(first.history.drop(columns="seconds"), second.history.drop(columns="seconds"))
    assert not same(first, other)


def test_bf16_trains(train):
    trained = train(hardware=Hardware("cpu", "bf16-mixed", 1))
    assert {value.dtype for value in weights(trained).values() if value.is_floating_point()} == {torch.float32}


def test_a_compiled_network_learns_the_same_and_is_kept_as_it_was(train, monkeypatch):
    compiled = []

    def compile_eagerly(function):
        compiled.append(function)
        return torch.compile(function, backend="eager")

    plain = train()
    monkeypatch.setattr(trainer, "compile_network", compile_eagerly)
    trained = train(hardware=Hardware("cpu", "32-true", 1, compiled=True))
    assert len(compiled) == 1
    assert weights(trained).keys() == weights(plain).keys()
    assert all(torch.allclose(value, weights(plain)[key], atol=1e-5) for key, value in weights(trained).items())


def test_larger_batches_go_with_a_higher_learning_rate(params, train):
    scaled = params.scaled(4)
    assert (scaled.batch_size, scaled.learning_rate) == (32, pytest.approx(0.04))
    asked = train(batch_size=32, learning_rate=0.04)
    assert same(train(hardware=Hardware("cpu", "32-true", 1, batch_factor=4)), asked)


def test_loaded_weights_learn_at_a_rate_of_their_own(train, make_classifier, monkeypatch):
    monkeypatch.setattr(trainer, "loaded_parameters", lambda classifier: classifier.encoder.parameters())
    start = dict(make_classifier(2).named_parameters())
    trained = train(max_epochs=2, pretrained_factor=1e-9)
    for name, value in trained.classifier.named_parameters():
        unmoved = torch.allclose(value, start[name], atol=1e-6, rtol=0)
        assert unmoved == name.startswith("encoder."), name


def test_the_users_process_is_left_as_it_was(train):
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    state = [
        torch.get_num_threads,
        torch.are_deterministic_algorithms_enabled,
        lambda: signal.getsignal(signal.SIGINT),
        lambda: logging.getLogger("lightning.pytorch").level,
    ]
    before = [look() for look in state]
    train(hardware=Hardware("cpu", "32-true", torch.get_num_threads() + 1))
    assert [look() for look in state] == before
    assert torch.equal(torch.rand(1), expected)


def test_only_kefu_speaks(train, caplog, recwarn):
    logging.getLogger("lightning.pytorch").addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO):
            train()
    finally:
        logging.getLogger("lightning.pytorch").removeHandler(caplog.handler)
    assert {record.name.split(".")[0] for record in caplog.records} == {"kefu"}
    assert len(caplog.records) == 6
    assert "toy: epoch 1/6  loss" in caplog.text
    assert len(recwarn) == 0


def test_prediction_is_in_order_and_batched(cpu, make_classifier, make_rows):
    classifier, rows = make_classifier().eval(), make_rows(300)
    output = predict_classifier(classifier, rows.features, cpu)
    with torch.inference_mode():
        expected = classifier({"x": torch.from_numpy(rows.features["x"])})
    torch.testing.assert_close(output.logits, expected.logits)
    torch.testing.assert_close(output.embedding, expected.embedding)
    empty = predict_classifier(classifier, {"x": np.zeros((0, 3), np.float32)}, cpu)
    assert empty.embedding.shape == (0, 4)
    assert empty.logits.shape == (0, 2)
