import numpy as np
import pyarrow as pa
import pytest

from kefu import modalities
from kefu.engines.corruption import extract_corrupted, spoil
from kefu.engines.shards import CLEANED_SCHEMA
from kefu.modalities.contract import Corruption


class Spelling:
    """Extracts the texts themselves."""

    def extract(self, payloads):
        return {"text": np.array(payloads, dtype=object)}


def table(texts):
    rows = {"ticket_id": list(texts), "payload": [text and text.encode() for text in texts.values()]}
    return pa.table({name: rows.get(name, [None] * len(texts)) for name in CLEANED_SCHEMA.names}, schema=CLEANED_SCHEMA)


@pytest.fixture
def shouting(monkeypatch):
    """A text loses its first letters, and one more that is drawn."""

    def cut(text, level, rng):
        return f"{text[int(level) :]}{rng.integers(10**6)}"

    one, other = (Corruption(name, "letters", 0, (1, 2), cut) for name in ("cut", "cut off"))
    monkeypatch.setattr(modalities.get("text"), "CORRUPTIONS", (one, other))
    return one, other


def test_the_tickets_come_as_they_were_and_then_by_corruption_and_level(shouting):
    found = extract_corrupted("text", table({"a": "what", "b": None, "c": "sorry"}), Spelling(), 7)
    one, other = shouting
    assert found.ticket_ids == ["a", "c"] * 5
    what, sorry = (
        [*spoil(one, text, ticket_id, 7), *spoil(other, text, ticket_id, 7)]
        for ticket_id, text in (("a", "what"), ("c", "sorry"))
    )
    expected = [pair for a, c in zip(what, sorry, strict=True) for pair in (a, c)]
    assert list(found.features["text"]) == ["what", "sorry", *expected]
    assert what[0].startswith("hat")
    assert what[1].startswith("at")


def test_what_is_drawn_depends_on_seed_ticket_and_corruption_alone(shouting):
    one, other = shouting
    drawn = [text.strip("abc") for text in spoil(one, "abc", "t1", 0)]
    assert drawn[0] == drawn[1], "levels share what is drawn"
    changed = [spoil(other, "abc", "t1", 0), spoil(one, "abc", "t2", 0), spoil(one, "abc", "t1", 1)]
    assert all(text != spoil(one, "abc", "t1", 0) for text in changed)
    alone = extract_corrupted("text", table({"c": "sorry"}), Spelling(), 7).features["text"]
    among = extract_corrupted("text", table({"a": "what", "c": "sorry"}), Spelling(), 7).features["text"]
    assert list(alone) == list(among[1::2])


def test_an_empty_shard_gives_no_rows():
    assert extract_corrupted("text", table({}), Spelling(), 0).ticket_ids == []
