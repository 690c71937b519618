"""What splits share, on fingerprints written out by hand."""

import pandas as pd
import pytest

from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.leakage import (
    LeakageParameters,
    analyse_leakage,
    count_alike,
    customers_in_several_splits,
    find_alike,
    touched_tickets,
)

TICKETS = pd.DataFrame(
    {
        "ticket_id": ["a", "b", "c", "d", "e", "f"],
        "split": ["train", "train", "validation", "test", "test", "test"],
        "label": ["x", "y", "x", "y", "x", "x"],
        "customer_id": ["k", "l", "m", "n", "k", None],
        "has_text": True,
        "has_audio": [True, False, False, True, False, False],
    }
)
TEXTS = pd.DataFrame(
    {
        "ticket_id": ["a", "b", "c", "d", "e", "f"],
        "digest": ["1", "2", "3", "2", "5", "6"],
        "simhash": [f"{value:016x}" for value in (0, 2**40 - 1, 2**60, 2**40 - 1, 0b111, 2**64 - 1)],
        "num_chars": [40.0, 20.0, 40.0, 20.0, 40.0, 40.0],
        "language": ["en", "zh", "en", "zh", "en", None],
    }
)
VOICES = pd.DataFrame({"ticket_id": ["a", "d"], "digest": ["v", "v"]})
NEAR = LeakageParameters(max_text_distance=3)


def pairs(alike: pd.DataFrame) -> list[tuple[str, str, str, int, bool]]:
    return [
        (row["of_modality"], row["ticket_id"], row["other_id"], row["distance"], row["same"])
        for row in alike.to_dict("records")
    ]


def test_equal_and_near_ones_of_earlier_splits_are_found() -> None:
    found = find_alike(TICKETS, {"text": TEXTS, "audio": VOICES}, "test", NEAR)
    assert pairs(found) == [
        ("text", "d", "b", 0, True),
        ("audio", "d", "a", 0, True),
        ("text", "e", "a", 3, False),
        ("text", "c", "a", 1, False),
    ]
    assert not found["short"].any(), "twenty Chinese characters count as forty"
    assert found["same_label"].tolist() == [True, False, True, True]


def test_the_evaluated_split_is_looked_at_last() -> None:
    """What is judged by validation tickets was made with test tickets as little as with training tickets."""
    found = find_alike(TICKETS, {"text": TEXTS}, "validation", NEAR)
    assert set(found.loc[found["split"] == "validation", "other_id"]) <= {"a", "b", "d", "e", "f"}
    assert found[found["split"] == "validation"]["ticket_id"].tolist() == ["c"]


def test_short_texts_are_counted_apart() -> None:
    short = find_alike(TICKETS, {"text": TEXTS}, "test", LeakageParameters(max_text_distance=3, min_text_chars=41))
    assert short["short"].all()
    assert touched_tickets(short, TICKETS, "test") == {"e"}, "its customer has a training ticket"
    counted = count_alike(short, TICKETS, ["audio", "text"])
    assert counted["short_same"].sum() == len(short) == 3
    assert counted["tickets"].tolist() == [3, 1]


def test_tickets_touched_by_content_or_customer_and_the_score_without(predictions) -> None:
    said = predictions([0, 1, 1], [0, 1, 0], ticket_id=["d", "e", "f"])
    found = analyse_leakage(
        TICKETS,
        {"text": TEXTS, "audio": VOICES},
        pd.DataFrame({"reason": ["duplicate", "duplicate", "near_duplicate", "blank"]}),
        said,
        split="test",
        params=NEAR,
        resampling=Resampling(resamples=10),
    )
    assert found.metrics["touched"] == 2
    assert found.metrics["touched_share"] == pytest.approx(2 / 3)
    assert [row["n"] for row in found.metrics["scores"]] == [3, 1]
    assert found.metrics["scores"][1]["accuracy"] == 0.0
    assert (found.metrics["removed_duplicates"], found.metrics["removed_near_duplicates"]) == (2, 1)
    assert found.tables["customers"]["customer_id"].tolist() == ["k"]


def test_nothing_in_common_and_nothing_known(predictions) -> None:
    alone = TICKETS.drop(columns="customer_id").assign(has_audio=False)
    nothing = pd.DataFrame({"ticket_id": pd.Series(dtype=str), "digest": pd.Series(dtype=str)})
    found = analyse_leakage(
        alone,
        {"text": nothing, "audio": nothing},
        pd.DataFrame({"reason": []}),
        predictions([0, 1, 1], [0, 1, 0], ticket_id=["d", "e", "f"]),
        split="test",
        params=NEAR,
        resampling=Resampling(resamples=10),
    )
    assert found.metrics["touched"] == 0
    assert [row["which"] for row in found.metrics["scores"]] == ["all"]
    assert all(table.empty for table in found.tables.values())
    assert customers_in_several_splits(alone).empty
