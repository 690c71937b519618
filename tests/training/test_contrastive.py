import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from kefu.training.contrastive import (
    ContrastiveNetwork,
    PretrainingParameters,
    find_modalities,
    find_pairs,
    info_nce,
    pretrain_encoders,
    retrieval_auc,
    scale_of,
)
from kefu.training.data import FeatureRows
from kefu.training.joint_data import JointRows, joint_ordered_loader

PARAMS = PretrainingParameters(max_epochs=12, patience=12, batch_size=16, learning_rate=0.02, projection_dim=4)


def tickets(size, *, seed=0, has=("image", "text"), without=None, copies=0):
    """Return tickets whose modalities are the same three numbers, each seen through a map of its own."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(size, 3))
    ids = [f"t{i}" for i in range(size)]
    features = {}
    for name in has:
        view = np.random.default_rng(len(name)).normal(size=(3, 3))
        there = [i for i in range(size) if i not in (without or {}).get(name, ())]
        x = np.concatenate([hidden[there] @ view + 0.1 * rng.normal(size=(len(there), 3)) for _ in range(1 + copies)])
        own = [ids[i] for i in there] * (1 + copies)
        features[name] = FeatureRows(own, {"x": x.astype(np.float32)}, np.zeros(len(own), dtype=np.int64))
    return JointRows(ids, np.zeros(size, dtype=np.int64), features)


class Wide(nn.Module):
    """Wide enough to hold what the modalities have in common."""

    embedding_dim = 32

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 32))

    def forward(self, features):
        return self.layers(features["x"])


@pytest.fixture
def pretrain(cpu, make_classifier):
    """Pretrain toys; whatever matters to a test can be given."""

    def run(
        training=None,
        validation=None,
        *,
        names=("image", "text"),
        encoders=None,
        seed=0,
        hook=None,
        checkpoints=None,
        **changes,
    ):
        if encoders is None:
            encoders = {name: make_classifier(seed=number).encoder for number, name in enumerate(names)}
        if hook is not None:
            encoders[names[0]].register_forward_pre_hook(hook)
        return pretrain_encoders(
            "pretraining",
            encoders,
            tickets(64, copies=1) if training is None else training,
            tickets(32, seed=1) if validation is None else validation,
            PARAMS.model_copy(update=changes),
            hardware=cpu,
            seed=seed,
            checkpoints=checkpoints,
        )

    return run


def weights(pretrained):
    return {
        f"{name}.{key}": value
        for name, encoder in pretrained.encoders.items()
        for key, value in encoder.state_dict().items()
    }


def same(first, second):
    return all(torch.equal(value, weights(second)[name]) for name, value in weights(first).items())


def test_info_nce_of_known_similarities():
    assert info_nce(torch.zeros(5, 5)).item() == pytest.approx(math.log(5))
    assert info_nce(100 * torch.eye(4)).item() == pytest.approx(0)
    found = torch.tensor([[1.0, 3.0], [0.0, 2.0]])
    by_row = (math.log(1 + math.exp(2)) + math.log(1 + math.exp(-2))) / 2
    by_column = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(1))) / 2
    assert info_nce(found).item() == pytest.approx((by_row + by_column) / 2)


def test_retrieval_counts_both_ways():
    # by row the first is found last and the second first, by column the other way round
    assert retrieval_auc(torch.tensor([[1.0, 3.0], [0.0, 2.0]])).item() == pytest.approx(0.5)
    assert retrieval_auc(torch.tensor([[1.0, 0.0], [3.0, 2.0]])).item() == pytest.approx(0.5)
    assert retrieval_auc(torch.tensor([[2.0, 1.0], [3.0, 4.0]])).item() == pytest.approx(0.75)
    assert retrieval_auc(torch.eye(3)).item() == 1
    assert retrieval_auc(-torch.eye(3)).item() == 0
    assert retrieval_auc(torch.zeros(3, 3)).item() == pytest.approx(0.5)


def test_scales_are_held_within_bounds():
    assert scale_of(torch.tensor([-3.0, math.log(10), 9.0])).tolist() == pytest.approx([1, 10, 100])


def test_what_belongs_together_is_found(pretrain):
    torch.manual_seed(0)
    pretrained = pretrain(encoders={"image": Wide(), "text": Wide()}, max_epochs=30, patience=30)
    columns = ["epoch", "train_loss", "validation_loss", "validation_retrieval_auc", "seconds"]
    assert pretrained.history.columns.tolist() == columns
    assert pretrained.history["validation_loss"].iloc[-1] < pretrained.history["validation_loss"].iloc[0]
    assert pretrained.history["validation_retrieval_auc"].max() > 0.8
    assert pretrained.best_epoch == pretrained.history["validation_retrieval_auc"].idxmax() + 1
    assert set(pretrained.encoders) == {"image", "text"}
    assert not any(encoder.training for encoder in pretrained.encoders.values())


def test_progress_is_told_by_its_own_score(pretrain, caplog):
    with caplog.at_level("INFO"):
        pretrain(max_epochs=2)
    assert [record.message.split("  (")[0].split("  ")[-1][:13] for record in caplog.records] == ["retrieval AUC"] * 2


def test_it_stops_when_retrieval_gets_no_better(pretrain):
    pretrained = pretrain(max_epochs=60, patience=2, learning_rate=0.1)
    assert len(pretrained.history) == pretrained.best_epoch + 2 < 60


def test_a_ticket_without_a_modality_takes_no_part_in_its_pairs(make_classifier):
    names = ("audio", "image", "text")
    encoders = {name: make_classifier(seed=number).encoder for number, name in enumerate(names)}
    whole = tickets(6, has=names)
    partial = tickets(6, has=names, without={"image": (1, 4), "audio": (0,)})
    network = ContrastiveNetwork(encoders, find_pairs(whole), 4, 0.1).eval()
    assert network.pairs == (("audio", "image"), ("audio", "text"), ("image", "text"))
    (of_all,), (of_some,) = (list(joint_ordered_loader(rows, 6)) for rows in (whole, partial))
    everything = list(network.similarities(of_all, network(of_all)))
    found = list(network.similarities(of_some, network(of_some)))
    assert [len(part) for part in found] == [3, 5, 4]
    own = tickets(6, has=names, without={"image": (1, 4), "audio": (0,)}).features
    both = [int(ticket_id[1:]) for ticket_id in own["image"].ticket_ids if ticket_id in own["audio"].ticket_ids]
    assert both == [2, 3, 5]
    assert [part.shape for part in everything] == [(6, 6)] * 3
    first, second = network(of_some)["audio"], network(of_some)["image"]
    torch.testing.assert_close(found[0], 10 * first[[1, 2, 4]] @ second[[1, 2, 3]].T)


def test_one_ticket_alone_is_nothing_to_choose_from(make_classifier):
    encoders = {name: make_classifier(seed=number).encoder for number, name in enumerate(("image", "text"))}
    network = ContrastiveNetwork(encoders, (("image", "text"),), 4, 0.1).eval()
    (batch,) = joint_ordered_loader(tickets(6, without={"image": range(3), "text": range(4, 6)}), 6)
    assert list(network.similarities(batch, network(batch))) == []
    (batch,) = joint_ordered_loader(tickets(6, without={"image": range(5)}), 6)
    assert network(batch).keys() == {"text"}


def test_variants_are_compared_with_one_another(make_classifier):
    network = ContrastiveNetwork({"text": make_classifier().encoder}, (), 4, 0.1)
    first, second = torch.randn(2, 5, 4)
    (found,) = network.variant_similarities({"text": first}, {"text": second})
    torch.testing.assert_close(found, 10 * first @ second.T)


def test_what_is_shown_depends_on_seed_epoch_and_view(pretrain):
    def shown(seed):
        given = []
        rows = tickets(32, copies=3)
        changes = {"seed": seed, "max_epochs": 2, "batch_size": 32, "variant_weight": 1.0}
        pretrain(rows, tickets(0), hook=lambda _, args: given.append(args[0]["x"]), **changes)
        return given

    first, other = shown(1), shown(2)
    assert [len(x) for x in first] == [32] * 4
    assert all(torch.equal(x, again) for x, again in zip(first, shown(1), strict=True))
    assert not any(torch.equal(x, y) for x, y in [*pairwise(first), (first[0], other[0])])
    # the same tickets in both views, as other copies
    assert (first[0] - first[1]).abs().mean() < 0.3 < (first[0] - first[2]).abs().mean()


def test_modalities_that_never_meet_are_no_pair():
    apart = tickets(8, without={"image": range(4), "text": range(4, 8)})
    assert find_pairs(apart) == ()
    assert find_modalities(apart, PARAMS) == ()
    assert find_modalities(apart, PARAMS.model_copy(update={"variant_weight": 1.0})) == ("image", "text")
    assert find_pairs(tickets(0)) == ()
    once = tickets(8, without={"image": range(3), "text": range(4, 8)})
    assert find_pairs(once) == ()


def test_one_modality_learns_from_its_variants(pretrain, make_classifier):
    rows = tickets(64, has=("text",), copies=3)
    pretrained = pretrain(rows, tickets(8, has=("text",)), names=("text",), variant_weight=1.0)
    assert pretrained.history["train_loss"].iloc[-1] < pretrained.history["train_loss"].iloc[0]
    assert pretrained.history["validation_loss"].isna().all()
    assert pretrained.best_epoch == 12


def test_variants_change_what_pairs_alone_would_learn(pretrain):
    assert not same(pretrain(max_epochs=2), pretrain(max_epochs=2, variant_weight=0.5))


def test_without_validation_pairs_the_last_epoch_is_taken(pretrain):
    pretrained = pretrain(validation=tickets(8, without={"image": range(4), "text": range(4, 8)}), max_epochs=3)
    assert pretrained.best_epoch == 3


def test_a_batch_in_which_no_two_tickets_share_a_pair_is_passed_over(pretrain):
    rows = tickets(40, without={"image": range(2, 40)})
    assert all(value.isfinite().all() for value in weights(pretrain(rows, batch_size=4)).values())


def test_encoders_that_cannot_learn_are_refused(pretrain):
    with pytest.raises(ValueError, match=r"pretraining: encoders \['image', 'text'\] for \[\]"):
        pretrain(tickets(8, without={"image": range(4), "text": range(4, 8)}))


def test_the_same_seed_gives_the_same_weights(pretrain):
    first, second, other = (pretrain(seed=seed, variant_weight=0.5, max_epochs=3) for seed in (1, 1, 2))
    assert same(first, second)
    pd.testing.assert_frame_equal(first.history.drop(columns="seconds"), second.history.drop(columns="seconds"))
    assert not same(first, other)


@pytest.mark.parametrize("stop_at", [3, 6, 13])
def test_resumed_equals_uninterrupted(pretrain, tmp_path, caplog, stop_at):
    """Four batches and one of validation make an epoch."""
    calls = 0

    def interrupt(*_):
        nonlocal calls
        calls += 1
        if calls == stop_at:
            raise KeyboardInterrupt

    whole = pretrain(max_epochs=4)
    with pytest.raises(KeyboardInterrupt):
        pretrain(max_epochs=4, hook=interrupt, checkpoints=tmp_path)
    with caplog.at_level("INFO"):
        resumed = pretrain(max_epochs=4, checkpoints=tmp_path)
    assert same(whole, resumed)
    pd.testing.assert_frame_equal(whole.history.drop(columns="seconds"), resumed.history.drop(columns="seconds"))
    assert (f"resuming after epoch {(stop_at - 1) // 5}" in caplog.text) == (stop_at > 5)
