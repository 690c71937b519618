import pandas as pd
import pytest

from kefu.tickets.errors import BookkeepingError, KefuError
from kefu.tickets.faults import Fault, Reason
from kefu.tickets.quarantine import build_quarantine, check_books, merge_quarantines

LOSSES = build_quarantine(
    [
        ("a", "image", Fault(Reason.BLANK, "one colour")),
        ("b", "ticket", Fault(Reason.BAD_LABEL, "row 3: …")),
        ("a", "ticket", Fault(Reason.DUPLICATE_ID, "row 4: …")),
    ]
)


def kept(*ids):
    return pd.DataFrame({"ticket_id": list(ids)})


def test_the_table_has_four_columns_of_strings():
    assert LOSSES.columns.tolist() == ["ticket_id", "modality", "reason", "detail"]
    assert LOSSES["reason"].tolist() == ["blank", "bad_label", "duplicate_id"]
    assert {str(kind) for kind in build_quarantine([]).dtypes} == {"str"}
    assert len(merge_quarantines(LOSSES, build_quarantine([]), LOSSES)) == 6


def test_books_that_balance_pass():
    check_books(4, kept("a", "c"), LOSSES)


@pytest.mark.parametrize(("rows_in", "ids"), [(5, ["a", "c"]), (3, ["a", "c"]), (4, ["a", "b"]), (4, ["c", "c"])])
def test_books_that_do_not_are_a_defect_of_kefu(rows_in, ids):
    with pytest.raises(BookkeepingError) as error:
        check_books(rows_in, kept(*ids), LOSSES)
    assert not isinstance(error.value, KefuError)
