import numpy as np
import pytest

from kefu.training.data import TARGET, FeatureRows, VariantSampler, ordered_loader, training_loader

IDS = ["a", "b", "c", "d", "e", "a", "b", "a"]


def epoch_rows(sampler, epoch):
    sampler.set_epoch(epoch)
    return [batch.tolist() for batch in sampler]


def test_every_ticket_comes_once_an_epoch_as_one_of_its_variants():
    sampler = VariantSampler(IDS, 2, seed=0)
    seen = set()
    for epoch in range(30):
        rows = [row for batch in epoch_rows(sampler, epoch) for row in batch]
        assert sorted(IDS[row] for row in rows) == ["a", "b", "c", "d", "e"]
        seen |= set(rows)
    assert seen == set(range(len(IDS)))


def test_an_epoch_depends_on_seed_and_number_alone():
    sampler = VariantSampler(IDS, 2, seed=3)
    first = [epoch_rows(sampler, epoch) for epoch in range(4)]
    assert epoch_rows(VariantSampler(IDS, 2, seed=3), 2) == first[2]
    assert first[0] != first[1]
    assert epoch_rows(VariantSampler(IDS, 2, seed=4), 0) != first[0]


@pytest.mark.parametrize(("tickets", "sizes"), [(1, [1]), (7, [7]), (16, [8, 8]), (17, [9, 8]), (31, [11, 10, 10])])
def test_batches_are_levelled(tickets, sizes):
    sampler = VariantSampler([str(i) for i in range(tickets)], 8, seed=0)
    assert [len(batch) for batch in sampler] == sizes
    assert len(sampler) == len(sizes)


def test_a_batch_holds_the_features_and_targets_of_its_rows():
    rows = FeatureRows(list("abc"), {"x": np.array([[10], [20], [30]])}, np.array([1, 2, 3]))
    pairs = {
        (x, t)
        for batch in training_loader(rows, 2, seed=0)
        for x, t in zip(batch["x"][:, 0].tolist(), batch[TARGET].tolist(), strict=True)
    }
    assert pairs == {(10, 1), (20, 2), (30, 3)}


def test_ordered_batches_keep_the_order():
    rows = FeatureRows(list("abcde"), {"x": np.arange(5)}, np.arange(5) % 2)
    assert [batch["x"].tolist() for batch in ordered_loader(rows, 2)] == [[0, 1], [2, 3], [4]]
    assert list(ordered_loader(FeatureRows([], {"x": np.zeros((0, 2))}, np.zeros(0, dtype=np.int64)), 2)) == []


def test_lengths_that_disagree_are_refused():
    with pytest.raises(ValueError, match=r"disagree in length: \[2, 3\]"):
        FeatureRows(list("abc"), {"x": np.zeros((2, 1))}, np.zeros(3, dtype=np.int64))
