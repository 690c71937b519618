import numpy as np
import pandas as pd
import torch

from kefu.engines.shards import FeatureShard
from kefu.fusion.contract import FusionRows
from kefu.fusion.rows import add_noisy, gather


def shard(ids, start=0.0):
    values = np.arange(len(ids) * 2, dtype=np.float32).reshape(-1, 2) + start
    return FeatureShard(ids, {"embedding": values, "logits": values})


def test_rows_are_in_the_order_of_the_table_and_absent_ones_are_zero():
    tickets = pd.DataFrame({"ticket_id": ["c", "a", "b"], "label": ["y", "x", "y"], "customer_id": ["k", "l", "k"]})
    outputs = {
        "text": {"0": shard(["a", "z"]), "1": shard(["c"], start=10)},
        "audio": {"0": shard(["b"], start=5)},
        "image": {"0": FeatureShard([], {"embedding": np.zeros((0, 2), np.float32)})},
    }
    rows = gather(tickets, outputs, ["x", "y"])
    assert rows.targets.tolist() == [1, 0, 1]
    assert rows.groups.tolist() == [0, 1, 0]
    assert rows.present["text"].tolist() == [True, True, False]
    assert torch.equal(rows.embeddings["text"], torch.tensor([[10.0, 11.0], [0.0, 1.0], [0.0, 0.0]]))
    assert rows.present["audio"].tolist() == [False, False, True]
    assert rows.present["image"].tolist() == [False, False, False]


def make_rows(values, present):
    """Return tickets with an audio and a text embedding of one number each."""
    embeddings = {name: torch.tensor(column)[:, None] for name, column in zip(("audio", "text"), values, strict=True)}
    masks = {name: torch.tensor(column) for name, column in zip(("audio", "text"), present, strict=True)}
    size = len(values[0])
    return FusionRows(embeddings, masks, np.arange(size), np.arange(size) // 2)


def test_a_hidden_modality_leaves_the_others_as_they_were():
    rows = make_rows([[1.0, 2.0], [3.0, 4.0]], [[True, True], [True, False]])
    hidden = rows.without("audio")
    assert hidden.present["audio"].tolist() == [False, False]
    assert hidden.present["text"].tolist() == [True, False]
    assert rows.present["audio"].tolist() == [True, True]


def test_noise_takes_the_place_of_what_it_is_a_copy_of():
    rows = make_rows([[1.0, 2.0], [3.0, 4.0]], [[True, True], [True, True]])
    noisy = make_rows([[-1.0, -2.0], [-3.0, -4.0]], [[True, False], [True, True]])
    changed = rows.with_noisy("audio", noisy)
    assert changed.embeddings["audio"].flatten().tolist() == [-1.0, 2.0]
    assert changed.embeddings["text"].flatten().tolist() == [3.0, 4.0]


def test_each_ticket_is_repeated_with_one_of_its_modalities_noisy_in_turn():
    rows = make_rows([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]], [[True] * 3 + [False], [True] * 4])
    noisy = make_rows([[-1.0, -2.0, -3.0, 0.0], [-5.0, -6.0, -7.0, 0.0]], [[True] * 3 + [False], [True] * 3 + [False]])
    both = add_noisy(rows, noisy)
    assert both.embeddings["audio"].flatten().tolist() == [1, 2, 3, 4, -1, 2, -3]
    assert both.embeddings["text"].flatten().tolist() == [5, 6, 7, 8, 5, -6, 7]
    assert both.present["audio"].tolist() == [True, True, True, False, True, True, True]
    assert both.targets.tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert both.groups.tolist() == [0, 0, 1, 1, 0, 0, 1], "a ticket and its noisy copy are of one customer"


def test_noise_takes_the_place_of_what_all_members_say():
    rows = FusionRows({"text": torch.ones(2, 3, 4)}, {"text": torch.tensor([True, True])}, np.zeros(2), np.arange(2))
    noisy = FusionRows({"text": torch.zeros(2, 3, 4)}, {"text": torch.tensor([False, True])}, np.zeros(2), np.arange(2))
    changed = rows.with_noisy("text", noisy).embeddings["text"]
    assert changed[0].eq(1).all()
    assert changed[1].eq(0).all()
