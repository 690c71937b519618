import numpy as np
import pandas as pd
import torch

from kefu.engines.shards import FeatureShard
from kefu.fusion.rows import gather


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
