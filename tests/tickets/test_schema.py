from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog
from kedro.validation.exceptions import DataValidationError

from kefu.tickets.errors import SchemaError
from kefu.tickets.schema import Quarantine, RawTickets, Tickets, UnlabelledTickets, ValidTickets, validate

RAW = pd.DataFrame({"ticket_id": ["1", None], "text": ["a", None], "extra": [1, 2]})
TICKETS = pd.DataFrame(
    {
        "ticket_id": ["1", "2"],
        "label": ["a", "b"],
        "language": ["zh", None],
        "customer_id": ["c", None],
        "split": ["train", "test"],
        "has_text": [True, False],
        "has_video": [False, True],
    }
)


def refusal(frame, schema):
    with pytest.raises(SchemaError) as error:
        validate(frame, schema, "t.parquet")
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("t.parquet: ")
    return str(error.value)


def test_missing_values_of_any_kind_become_nan_and_columns_ride_along():
    frame = validate(RAW.astype(object), RawTickets, "t")
    assert frame["text"].isna().tolist() == [False, True]
    assert str(frame["text"].dtype) == "str"
    assert frame["extra"].tolist() == [1, 2]


def test_valid_tickets_need_ids_of_their_own():
    assert "column 'ticket_id' is missing in row 1" in refusal(RAW, ValidTickets)
    assert "'1' stands there twice" in refusal(RAW.assign(ticket_id="1"), ValidTickets)
    assert "no column 'ticket_id'" in refusal(RAW.drop(columns="ticket_id"), ValidTickets)


def test_tickets():
    validate(TICKETS, Tickets, "t")
    assert "no column 'label'" in refusal(TICKETS.drop(columns="label"), Tickets)
    validate(TICKETS.drop(columns="label"), UnlabelledTickets, "t")
    validate(TICKETS.drop(columns="label").iloc[:0], UnlabelledTickets, "t")
    assert "'dev' fails isin" in refusal(TICKETS.assign(split=["train", "dev"]), Tickets)
    assert "without any modality" in refusal(TICKETS.assign(has_video=False), Tickets)
    assert "customer in two splits" in refusal(TICKETS.assign(customer_id="c"), Tickets)
    refusal(TICKETS.drop(columns=["has_text", "has_video"]), Tickets)


def test_quarantine_has_no_other_columns_and_known_reasons():
    frame = pd.DataFrame({"ticket_id": [""], "modality": ["text"], "reason": ["empty"], "detail": ["x"]})
    validate(frame, Quarantine, "q")
    assert "unknown column 'more'" in refusal(frame.assign(more=1), Quarantine)
    assert "'tired' fails isin" in refusal(frame.assign(reason="tired"), Quarantine)


def test_the_catalog_checks_what_it_finds_but_not_again_what_it_has_saved_itself(tmp_path, monkeypatch):
    shipped = yaml.safe_load((Path(__file__).parents[2] / "conf/base/catalog/primary.yml").read_text("utf-8"))
    config = {"tickets": shipped["tickets"] | {"filepath": str(tmp_path / "tickets.parquet")}}
    checked = []
    check = Tickets.validate
    monkeypatch.setattr(Tickets, "validate", lambda frame, **options: checked.append(1) or check(frame, **options))
    catalog = DataCatalog.from_config(config)
    catalog.save("tickets", TICKETS)
    catalog.load("tickets")
    assert len(checked) == 1
    TICKETS.drop(columns="label").to_parquet(tmp_path / "tickets.parquet")
    with pytest.raises(DataValidationError, match="label"):
        DataCatalog.from_config(config).load("tickets")
