"""What tickets hold, read from cleaned shards."""

import numpy as np
import pytest

from kefu import modalities
from kefu.pipelines.evaluate.exhibits import show_tickets, snippets

PICTURE = modalities.get("image").pack(np.zeros((8, 8, 3), np.uint8), None)


@pytest.fixture
def cleaned(cleaned_shard):
    return {
        "text": {
            "0": cleaned_shard({"a": "我要\n退款，谢谢".encode(), "b": None}),
            "1": cleaned_shard({"c": b"hello"}),
        },
        "image": {"0": cleaned_shard({"a": PICTURE}), "1": cleaned_shard({"b": PICTURE})},
    }


def test_all_that_the_wanted_tickets_hold(cleaned) -> None:
    found = show_tickets(cleaned, ["b", "a"], max_text_chars=3)
    assert found[["ticket_id", "media"]].to_numpy().tolist() == [["a", "text"], ["a", "image"], ["b", "image"]]
    assert found["content"].iloc[0] == "我要\n…"
    assert found["content"].iloc[1].startswith("data:image/jpeg;base64,/9j/")
    assert show_tickets(cleaned, [], 3).empty
    assert show_tickets({}, ["a"], 3).empty


def test_snippets_are_one_line_of_text(cleaned) -> None:
    assert snippets(cleaned, ["a", "b", "c"], 40) == {"a": "我要 退款，谢谢", "c": "hello"}
