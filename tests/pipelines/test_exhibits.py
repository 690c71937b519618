"""What tickets hold, read from cleaned shards."""

import numpy as np
import pyarrow as pa

from kefu import modalities
from kefu.engines.shards import CLEANED_SCHEMA
from kefu.pipelines.evaluate.exhibits import show_tickets, snippets


def shard(packed: dict[str, bytes | None]) -> pa.Table:
    nothing = [None] * len(packed)
    columns = {"ticket_id": list(packed), "payload": list(packed.values())}
    return pa.table(columns | dict.fromkeys(("reason", "detail", "facts"), nothing), schema=CLEANED_SCHEMA)


PICTURE = modalities.get("image").pack(np.zeros((8, 8, 3), np.uint8), None)
CLEANED = {
    "text": {"0": shard({"a": "我要\n退款，谢谢".encode(), "b": None}), "1": shard({"c": b"hello"})},
    "image": {"0": shard({"a": PICTURE}), "1": shard({"b": PICTURE})},
}


def test_all_that_the_wanted_tickets_hold() -> None:
    found = show_tickets(CLEANED, ["b", "a"], max_text_chars=3)
    assert found[["ticket_id", "media"]].to_numpy().tolist() == [["a", "text"], ["a", "image"], ["b", "image"]]
    assert found["content"].iloc[0] == "我要\n…"
    assert found["content"].iloc[1].startswith("data:image/jpeg;base64,/9j/")
    assert show_tickets(CLEANED, [], 3).empty
    assert show_tickets({}, ["a"], 3).empty


def test_snippets_are_one_line_of_text() -> None:
    assert snippets(CLEANED, ["a", "b", "c"], 40) == {"a": "我要 退款，谢谢", "c": "hello"}
