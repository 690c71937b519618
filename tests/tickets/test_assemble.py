import json

import pandas as pd
import pytest

from kefu.tickets.assemble import assemble_tickets, spread_facts
from kefu.tickets.check import check_tickets
from kefu.tickets.errors import BookkeepingError, EmptyTableError, LabelError, SplitError
from kefu.tickets.labels import LabelParameters
from kefu.tickets.parameters import TicketParameters

PARAMS = TicketParameters()
RAW = pd.DataFrame(
    [
        ("1", "Where is order 1?", "1.jpg", "refund", "c1", "vip"),
        ("2", None, "2.jpg", "delivery", "c2", None),
        ("3", "坏了", "3.jpg", "refund", "c3", None),
        ("4", "???", "4.jpg", "refund", "c4", None),
        ("5", "Where is order 1?", "1.jpg", "delivery", "c1", None),
        ("6", "bye", None, "unknown", "c6", None),
        ("7", None, None, "refund", "c7", None),
    ],
    columns=["ticket_id", "text", "image", "label", "customer_id", "tier"],
).astype("str")


def row(ticket_id, fault=None, **facts):
    reason, detail = fault or (None, None)
    return {"ticket_id": ticket_id, "ok": fault is None, "reason": reason, "detail": detail, "facts": facts}


TEXT = pd.DataFrame(
    [
        row("5", digest="t1", simhash="0" * 16, num_chars=17, language="en"),
        row("3", digest="t3", simhash="f" * 16, num_chars=2, language="zh"),
        row("4", fault=("empty", "no letters")),
        row("1", digest="t1", simhash="0" * 16, num_chars=17, language="en"),
    ]
)
IMAGE = pd.DataFrame(
    [
        row("1", digest="i1", phash="0" * 16),
        row("2", digest="i2", phash="f" * 16),
        row("3", fault=("blank", "one colour")),
        row("4", fault=("truncated", "half a file")),
        row("5", digest="i1", phash="0" * 16),
    ]
)


def assemble(text=TEXT, image=IMAGE, raw=RAW):
    return assemble_tickets(*check_tickets(raw, PARAMS), {"text": text, "image": image}, PARAMS)


def test_what_is_left_and_what_was_lost():
    tickets, quarantine = assemble()
    assert tickets.columns.tolist() == [
        *("ticket_id", "label", "language", "customer_id", "split", "has_text", "has_image", "content_hash", "tier"),
    ]
    assert tickets["ticket_id"].tolist() == ["1", "2", "3"]
    assert tickets["has_text"].tolist() == [True, False, True]
    assert tickets["has_image"].tolist() == [True, True, False]
    assert tickets["language"].fillna("").tolist() == ["en", "", "zh"]
    assert "train" in set(tickets["split"])
    assert tickets["tier"].fillna("").tolist() == ["vip", "", ""]
    losses = list(quarantine[["ticket_id", "modality", "reason"]].itertuples(index=False, name=None))
    assert losses == [
        ("6", "ticket", "bad_label"),
        ("4", "text", "empty"),
        ("3", "image", "blank"),
        ("4", "image", "truncated"),
        ("4", "ticket", "nothing_left"),
        ("7", "ticket", "nothing_left"),
        ("5", "ticket", "duplicate"),
    ]
    details = quarantine["detail"].tolist()
    assert "text, image" in details[4]
    assert "it says 'delivery' where the kept one says 'refund'" in details[6]


def test_facts_may_be_json_as_they_stand_in_shards():
    as_json = [table.assign(facts=table["facts"].map(json.dumps)) for table in (TEXT, IMAGE)]
    pd.testing.assert_frame_equal(assemble(*as_json)[0], assemble()[0])


def test_content_hashes_change_with_any_modality_and_nothing_else():
    def hashes(text=TEXT, image=IMAGE):
        return assemble(text, image)[0].set_index("ticket_id")["content_hash"]

    before = hashes()
    assert before.is_unique
    other = IMAGE.assign(
        facts=[facts | {"digest": "i9"} if facts.get("digest") == "i2" else facts for facts in IMAGE["facts"]]
    )
    assert list(before.index[hashes(image=other) != before]) == ["2"]
    assert hashes(TEXT[::-1]).equals(before)


def test_a_given_language_wins():
    tickets, _ = assemble(raw=RAW.assign(language=["fr", None, None, None, None, None, None]).astype("str"))
    assert tickets["language"].fillna("").tolist() == ["fr", "", "zh"]


def test_the_order_of_cleaning_does_not_matter():
    pd.testing.assert_frame_equal(assemble(TEXT[::-1], IMAGE[::-1])[0], assemble()[0])


def test_tickets_without_a_label_change_nothing_for_the_others():
    keep = TicketParameters(labels=LabelParameters(keep_unlabelled=True))
    more = pd.DataFrame(
        [
            ("u1", "Where is order 1?", "1.jpg", None, "c1", None),
            ("u2", "hello", None, None, "c2", None),
            ("u3", "good day", None, None, "c9", None),
        ],
        columns=RAW.columns,
    ).astype("str")
    texts = [
        row("u1", digest="t1", simhash="0" * 16, num_chars=17, language="en"),
        row("u2", digest="t8", simhash="3" * 16, num_chars=5, language="en"),
        row("u3", digest="t9", simhash="5" * 16, num_chars=8, language="en"),
    ]
    raw = pd.concat([more, RAW], ignore_index=True)
    text = pd.concat([TEXT, pd.DataFrame(texts)])
    image = pd.concat([IMAGE, pd.DataFrame([row("u1", digest="i1", phash="0" * 16)])])
    valid, rejected = check_tickets(raw, keep)
    tickets, quarantine = assemble_tickets(valid, rejected, {"text": text, "image": image}, keep)
    labelled = tickets[tickets["label"].notna()].reset_index(drop=True)
    expected, lost = assemble()
    pd.testing.assert_frame_equal(labelled, expected)
    unlabelled = tickets[tickets["label"].isna()].set_index("ticket_id")
    splits = expected.set_index("customer_id")["split"]
    assert unlabelled["split"].to_dict() == {"u2": splits["c2"], "u3": "train"}
    details = quarantine.set_index("ticket_id")["detail"]
    assert details["u1"] == "the same as ticket '1', which is kept"
    assert set(quarantine["ticket_id"]) == {*lost["ticket_id"], "u1"}


def test_any_modality_may_come():
    valid, rejected = check_tickets(RAW.assign(video="v.mp4"), PARAMS)
    video = pd.DataFrame([row(ticket_id, digest=ticket_id) for ticket_id in valid["ticket_id"]])
    tickets, _ = assemble_tickets(valid, rejected, {"video": video}, PARAMS)
    assert tickets["has_video"].all()
    assert "has_text" not in tickets
    assert "video" not in tickets


@pytest.mark.parametrize("text", [TEXT.iloc[1:], pd.concat([TEXT, TEXT]), pd.concat([TEXT, pd.DataFrame([row("9")])])])
def test_lost_or_made_up_tickets_are_a_defect(text):
    with pytest.raises(BookkeepingError):
        assemble(text)


def test_errors_when_nothing_can_be_learnt_from_what_is_left():
    broken = [table.assign(ok=False, reason="undecodable", detail="noise") for table in (TEXT, IMAGE)]
    with pytest.raises(EmptyTableError, match="no ticket is left"):
        assemble(*broken)
    only_three = IMAGE.assign(ok=False, reason="undecodable", detail="noise")
    with pytest.raises(LabelError, match="every label is 'refund'"):
        assemble(TEXT, only_three)
    with pytest.raises(SplitError, match="train on"):
        assemble(raw=RAW.iloc[:3].assign(split=["test", "validation", "test"]), text=TEXT[1::2], image=IMAGE[:3])


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_facts_are_spread_where_a_value_is_fit_for_use(dtype):
    facts = [
        '{"digest": "a", "num_chars": 3, "seconds": 1.5}',
        None,
        '{"language": "zh", "digest": "破"}',
        "{}",
    ]
    ok = [True, False, True, True]
    ids = ["1", "2", "3", "4"]
    verdicts = pd.DataFrame({"ticket_id": ids, "ok": ok}, index=[3, 5, 6, 9])
    verdicts["facts"] = pd.Series(facts, dtype=dtype, index=verdicts.index)
    spread = spread_facts(verdicts)
    assert list(spread) == ["ticket_id", "ok", "digest", "num_chars", "language"]
    assert spread["digest"].fillna("").to_list() == ["a", "", "破", ""]
    assert spread["num_chars"].fillna(0).to_list() == [3, 0, 0, 0]
    assert spread["language"].fillna("").to_list() == ["", "", "zh", ""]
    as_dicts = verdicts.assign(facts=[json.loads(fact) if fact else None for fact in facts])
    pd.testing.assert_frame_equal(spread_facts(as_dicts), spread)


def test_no_value_has_no_facts():
    verdicts = pd.DataFrame({"ticket_id": [], "ok": [], "facts": []}, dtype="str")
    assert list(spread_facts(verdicts)) == ["ticket_id", "ok"]
