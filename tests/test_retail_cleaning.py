"""Cleaning against the defects planted in the real retail tickets, found here by other, simpler means."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from kefu import modalities
from kefu.engines.shards import CleanTask, clean_shard
from kefu.tickets.assemble import assemble_tickets
from kefu.tickets.check import check_tickets
from kefu.tickets.parameters import TicketParameters
from kefu.tickets.table import read_tickets

SHARED = Path(os.environ.get("KEFU_SHARED", Path(__file__).resolve().parents[1] / ".." / "shared"))
TABLE = SHARED / "data" / "retail_tickets" / "tickets.csv"
DEPARTMENTS = {"dress", "longsleeve", "outwear", "pants", "shirt", "shorts", "skirt", "t-shirt"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TABLE.exists(), reason=f"no retail tickets at {TABLE}; set KEFU_SHARED"),
]


def planted(frame: pd.DataFrame, root: Path) -> set[tuple[str, str, str]]:
    """Return (ticket_id, modality, reason) of every planted defect of a value."""
    found = set()
    for row in frame.fillna("").itertuples():
        if row.label not in DEPARTMENTS:
            found.add((row.ticket_id, "ticket", "bad_label" if row.label else "missing_label"))
            continue
        if row.text and row.text.strip() in {"", "???", "n/a", ".", "<br><br>&nbsp;"}:
            found.add((row.ticket_id, "text", "empty"))
        if row.image:
            path = root / row.image
            data = path.read_bytes() if path.exists() else None
            if data is None:
                found.add((row.ticket_id, "image", "missing_file"))
            elif data.startswith(b"<htm"):
                found.add((row.ticket_id, "image", "not_an_image"))
            elif not data.endswith(b"\xff\xd9"):
                found.add((row.ticket_id, "image", "truncated"))
            elif len(data) < 2_000:
                found.add((row.ticket_id, "image", "blank"))
        if row.audio:
            data = (root / row.audio).read_bytes()
            if len(data) < 44:
                found.add((row.ticket_id, "audio", "truncated"))
            elif not np.any(soundfile.read(root / row.audio)[0]):
                found.add((row.ticket_id, "audio", "silent"))
    return found


def test_finds_what_was_planted_and_nothing_else() -> None:
    table = read_tickets(TABLE)
    params = TicketParameters()
    valid, rejected = check_tickets(table.frame, params)
    cleaned = {}
    for name in modalities.MODALITIES:
        given = valid[valid[name].notna()]
        rate = {"sample_rate_hz": 8000} if name == "audio" else {}
        task = CleanTask(
            name, list(given["ticket_id"]), list(given[name]), table.root, modalities.get(name).Cleaning(**rate)
        )
        shard = clean_shard(task)
        cleaned[name] = shard.append_column("ok", shard["payload"].is_valid()).drop(["payload"]).to_pandas()
    tickets, quarantine = assemble_tickets(valid, rejected, cleaned, params)

    copies = quarantine["reason"].isin(["duplicate", "near_duplicate"])
    found = set(zip(*(quarantine.loc[~copies, name] for name in ("ticket_id", "modality", "reason")), strict=True))
    expected = planted(table.frame, table.root)
    assert len(found & expected) / len(expected) >= 0.97
    good_values = int(sum(table.frame[name].notna().sum() for name in modalities.MODALITIES)) - len(expected)
    assert len(found - expected) / good_values <= 0.005

    # a copy shares its files, or its text in other letters, with the ticket it repeats
    shared_files = table.frame.dropna(subset=["image"]).duplicated("image").sum()
    assert copies.sum() >= 0.97 * shared_files
    assert copies.sum() <= 1.1 * shared_files
    assert len(tickets) + quarantine.loc[quarantine["modality"] == "ticket", "ticket_id"].nunique() == len(table.frame)
