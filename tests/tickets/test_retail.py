"""The retail tickets, as far as nothing needs to be decoded."""

import hashlib
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from kefu.tickets.assemble import assemble_tickets
from kefu.tickets.check import check_tickets
from kefu.tickets.faults import Fault
from kefu.tickets.media import read_media
from kefu.tickets.parameters import TicketParameters
from kefu.tickets.schema import Quarantine, RawTickets, Tickets, ValidTickets, validate
from kefu.tickets.table import read_tickets

SHARED = Path(os.environ.get("KEFU_SHARED", Path(__file__).parents[2] / ".." / "shared"))
TABLE = SHARED / "data" / "retail_tickets" / "tickets.csv"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TABLE.exists(), reason=f"no retail tickets at {TABLE}; set KEFU_SHARED"),
]
PARAMS = TicketParameters()


@pytest.fixture(scope="module")
def table():
    return read_tickets(TABLE)


@pytest.fixture(scope="module")
def checked(table):
    return check_tickets(table.frame, PARAMS)


def clean(root, modality, ticket_id, raw):
    """Stand in for cleaning: fingerprints of the bytes, which no decoder has to agree with."""
    fault, facts = None, {}
    if modality == "text":
        letters = "".join(re.findall(r"\w", raw.casefold()))
        facts = {
            "digest": digest(raw.strip().encode()),
            "simhash": digest(letters.encode()),
            "num_chars": len(raw.strip()),
        }
    else:
        data = read_media(root, raw, 10_000_000)
        fault = data if isinstance(data, Fault) else None
        facts = {} if isinstance(data, Fault) else {"digest": digest(data), "phash": digest(data)}
    return {
        "ticket_id": ticket_id,
        "ok": fault is None,
        "reason": fault and fault.reason.value,
        "detail": fault and fault.detail,
        "facts": facts,
    }


def digest(data):
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def test_rows_are_the_lines_that_an_editor_shows(table):
    lines = TABLE.read_text(encoding="utf-8").split("\n")
    assert len(table.frame) == 2737
    starts = [lines[row - 1] for row in table.frame["row"]]
    assert all(line.startswith(f"{ticket},") for line, ticket in zip(starts, table.frame["ticket_id"], strict=True))


def test_only_the_planted_labels_go(table, checked):
    valid, quarantine = checked
    lost = table.frame.set_index("ticket_id").loc[quarantine["ticket_id"], "label"].fillna("")
    assert lost.value_counts().to_dict() == {"dresss": 5, "unknown": 4, "": 2}
    assert set(valid["label"]) == {"dress", "longsleeve", "outwear", "pants", "shirt", "shorts", "skirt", "t-shirt"}
    validate(table.frame, RawTickets, "raw")
    validate(valid, ValidTickets, "valid")


def test_only_the_planted_duplicates_go_and_customers_stay_whole(table, checked):
    valid, rejected = checked
    cleaned = {
        modality: pd.DataFrame(
            clean(table.root, modality, ticket_id, raw)
            for ticket_id, raw in zip(valid["ticket_id"], valid[modality], strict=True)
            if isinstance(raw, str)
        )
        for modality in ("text", "image", "audio")
    }
    tickets, quarantine = assemble_tickets(valid, rejected, cleaned, PARAMS)
    assert quarantine["reason"].value_counts().to_dict() == {
        "duplicate": 18,
        "near_duplicate": 15,
        "missing_file": 15,
        "bad_label": 9,
        "missing_label": 2,
    }
    validate(tickets, Tickets, "tickets")
    validate(quarantine, Quarantine, "quarantine")
    customers = tickets.groupby("customer_id")["split"].first().value_counts(normalize=True)
    assert customers.sub(pd.Series({"train": 0.7, "validation": 0.15, "test": 0.15})).abs().max() < 0.03
