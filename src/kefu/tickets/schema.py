"""The shapes of the tables on the tickets' way, as pandera models; Kedro's catalog takes them as ``validator:``."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from kefu.tickets.errors import SchemaError
from kefu.tickets.faults import Reason
from kefu.tickets.splits import SPLITS


class RawTickets(pa.DataFrameModel):
    """A table as read: any value may be missing, any column may ride along."""

    ticket_id: Series[str] = pa.Field(nullable=True)
    text: Series[str] | None = pa.Field(nullable=True)
    image: Series[str] | None = pa.Field(nullable=True)
    audio: Series[str] | None = pa.Field(nullable=True)
    label: Series[str] | None = pa.Field(nullable=True)
    language: Series[str] | None = pa.Field(nullable=True)
    customer_id: Series[str] | None = pa.Field(nullable=True)
    split: Series[str] | None = pa.Field(nullable=True)
    created_at: Series[str] | None = pa.Field(nullable=True)

    class Config:
        """Other columns ride along, and missing values of any kind become NaN."""

        strict = False
        coerce = True


class ValidTickets(RawTickets):
    """Tickets with an id of their own and, for training, a label and a split that is given or NaN."""

    ticket_id: Series[str] = pa.Field(unique=True, str_length={"min_value": 1})
    split: Series[str] | None = pa.Field(nullable=True, isin=SPLITS)


class ModalityTickets(pa.DataFrameModel):
    """Divided tickets, of which one modality at least is looked at; which, the columns ``has_*`` say."""

    ticket_id: Series[str] = pa.Field(unique=True, str_length={"min_value": 1})
    customer_id: Series[str] | None = pa.Field(nullable=True)
    split: Series[str] = pa.Field(isin=SPLITS)
    label: Series[str] | None = pa.Field(str_length={"min_value": 1})
    has_modality: Series[bool] = pa.Field(alias="^has_.+$", regex=True)

    class Config:
        """Other columns ride along."""

        strict = False
        coerce = True

    @pa.dataframe_check(error="a customer in two splits")
    def _customers_are_whole(cls, frame: pd.DataFrame) -> bool:  # noqa: N805 - pandera passes the class
        if "customer_id" not in frame:
            return True
        divided = frame[["customer_id", "split"]].dropna().drop_duplicates()
        return not divided["customer_id"].duplicated().any()


class UnlabelledTickets(ModalityTickets):
    """Tickets ready for pretraining."""

    language: Series[str] = pa.Field(nullable=True)

    @pa.dataframe_check(error="a ticket without any modality")
    def _something_is_left(cls, frame: pd.DataFrame) -> bool:  # noqa: N805 - pandera passes the class
        return bool(frame.filter(regex="^has_").any(axis=1).all())


class Tickets(UnlabelledTickets):
    """Tickets ready for training."""

    label: Series[str] = pa.Field(str_length={"min_value": 1})


class Quarantine(pa.DataFrameModel):
    """A row for each loss of a ticket or of a modality of it; the id is empty where that was the fault."""

    ticket_id: Series[str] = pa.Field(nullable=True)
    modality: Series[str] = pa.Field(str_length={"min_value": 1})
    reason: Series[str] = pa.Field(isin=tuple(reason.value for reason in Reason))
    detail: Series[str]

    class Config:
        """No column but these."""

        strict = True
        coerce = True


def validate(frame: pd.DataFrame, schema: type[pa.DataFrameModel], name: str) -> pd.DataFrame:
    """Return the table in the types of the schema.

    Args:
        frame: The table.
        schema: One of the models of this module.
        name: What to call the table in an error, as its path.

    Raises:
        SchemaError: The table is of another shape.
    """
    try:
        return schema.validate(frame, lazy=True)
    except (pa.errors.SchemaErrors, pa.errors.SchemaError) as error:
        raise explain(error, name) from None


def explain(error: pa.errors.SchemaErrors | pa.errors.SchemaError, name: str) -> SchemaError:
    """Turn an error of pandera into one line: the first failure of each column, at most three."""
    if isinstance(error, pa.errors.SchemaError):
        return SchemaError(f"{name}: {str(error).splitlines()[0]}")
    cases = error.failure_cases.drop_duplicates(["column", "check"])
    lines = [_line(case) for case in cases.head(3).to_dict(orient="records")]
    more = f"; and {len(cases) - 3} more" if len(cases) > 3 else ""
    return SchemaError(f"{name}: {'; '.join(lines)}{more}")


def _line(case: dict) -> str:
    if case["check"] == "column_in_dataframe":
        return f"no column '{case['failure_case']}'"
    if case["check"] == "column_in_schema":
        return f"unknown column '{case['failure_case']}'"
    where = f" in row {case['index']}" if pd.notna(case["index"]) else ""
    what = {"not_nullable": "is missing", "field_uniqueness": f"{case['failure_case']!r} stands there twice"}
    found = what.get(str(case["check"]), f"{case['failure_case']!r} fails {case['check']}")
    return f"column '{case['column']}' {found}{where}" if case["schema_context"] == "Column" else str(case["check"])
