import io

import pandas as pd
from rich.console import Console

from kefu.tickets.faults import Fault, Reason
from kefu.tickets.quarantine import build_quarantine
from kefu.tickets.summary import render_summary, summarise

TICKETS = pd.DataFrame(
    {
        "ticket_id": ["1", "2", "3"],
        "label": ["退款", "delivery[bold]", "退款"],
        "language": ["zh", "en", None],
        "customer_id": ["c1", "c1", None],
        "split": ["train", "train", "test"],
        "has_text": [True, True, False],
        "has_audio": [True, False, True],
    }
)
QUARANTINE = build_quarantine(
    [
        ("1", "audio", Fault(Reason.SILENT, "no sound; record it again")),
        ("", "ticket", Fault(Reason.MISSING_ID, "row 5: no ticket_id")),
        ("2", "audio", Fault(Reason.SILENT, "no sound")),
    ]
)


def rendered(width=100):
    console = Console(file=io.StringIO(), width=width)
    console.print(render_summary(summarise(TICKETS, QUARANTINE, 4)))
    return console.file.getvalue()


def test_counts():
    summary = summarise(TICKETS, QUARANTINE, 4)
    assert (summary.rows_in, summary.kept, summary.customers) == (4, 3, 1)
    assert summary.modalities == {"text": 2, "audio": 2}
    assert summary.combinations == {"text + audio": 1, "text": 1, "audio": 1}
    assert summary.languages == {"zh": 1, "en": 1, "unknown": 1}
    assert summary.labels["退款"] == {"train": 1, "validation": 0, "test": 1}
    assert [(loss.modality, loss.reason, loss.count, loss.ticket_id) for loss in summary.losses] == [
        ("audio", "silent", 2, "1"),
        ("ticket", "missing_id", 1, ""),
    ]


def test_text_for_a_file_is_plain_and_takes_labels_literally():
    text = rendered()
    assert "\x1b" not in text
    assert "delivery[bold]" in text
    assert "1: no sound; record it again" in text
    assert "4 rows: 3 tickets kept, 1 quarantined" in text


def test_nothing_is_cut_off_in_a_narrow_window():
    assert "record it again" in " ".join(rendered(60).split())


def test_nothing_lost():
    assert summarise(TICKETS, build_quarantine([]), 3).losses == ()
