"""The three formats of a ticket table, to and from columns of strings."""

import csv
import io
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kefu.tickets.errors import TicketTableError

_MAX_FIELD_CHARS = 1 << 27  # the csv module's own limit of 131,072 would let one long text cost the whole table


@dataclass(frozen=True, slots=True)
class Records:
    """A table as read: names, one list of values a column (None where missing), and where each record starts."""

    names: list[str]
    columns: list[list[str | None]]
    rows: list[int]


def parse_csv(path: Path, text: str) -> Records:
    """Read comma-separated records (RFC 4180); line breaks within quotes are kept.

    Raises:
        TicketTableError: A quote is not closed or a record has another number of fields than the header.
    """
    with _long_fields():
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: list[int] = []
        values: list[list[str]] = []
        start = 1
        try:
            for record in reader:
                if record:
                    rows.append(start)
                    values.append(record)
                start = reader.line_num + 1
        except csv.Error as error:
            raise TicketTableError(
                f"{path} row {start}: malformed CSV ({error}); close the quote, and write a quote within one twice"
            ) from None
    names = [name.strip() for name in values[0]]
    if len(names) == 1 and (other := next((mark for mark in ";\t|" if mark in names[0]), None)):
        raise TicketTableError(f"{path}: the fields are separated by {other!r}; separate them by commas")
    ragged = [(row, len(record)) for row, record in zip(rows, values, strict=True) if len(record) != len(names)]
    if ragged:
        more = f", and so have {len(ragged) - 1} more rows" if len(ragged) > 1 else ""
        raise TicketTableError(
            f"{path} row {ragged[0][0]}: {ragged[0][1]} fields where the header has {len(names)}{more}; "
            "put a field that holds a comma in quotes"
        )
    columns: list[list[str | None]] = [list(column) for column in zip(*values[1:], strict=True)]
    return Records(names, columns or [[] for _ in names], rows[1:])


def parse_json_lines(path: Path, text: str) -> Records:
    """Read one JSON object a line; numbers keep their spelling and nested values become JSON strings.

    Raises:
        TicketTableError: A line is not a JSON object.
    """
    objects: list[dict[str, Any]] = []
    rows: list[int] = []
    if text.lstrip().startswith("["):
        raise TicketTableError(
            f"{path}: this is a JSON array and kefu reads one object a line; mend: "
            f"jq -c '.[]' '{path.name}' > '{path.stem}.jsonl'"
        )
    # str.splitlines would also split at U+2028, which JSON allows within a string
    for row, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_int=str, parse_float=str, object_pairs_hook=_unique)
        except json.JSONDecodeError as error:
            raise TicketTableError(f"{path} row {row}: malformed JSON ({error.msg}, column {error.colno})") from None
        except _RepeatedKeyError as error:
            raise TicketTableError(f"{path} row {row}: key '{error}' stands there twice; rename one") from None
        except RecursionError:
            raise TicketTableError(f"{path} row {row}: malformed JSON (nested too deeply)") from None
        if not isinstance(record, dict):
            raise TicketTableError(f"{path} row {row}: not a JSON object; write one {{…}} a line")
        objects.append({name.strip(): value for name, value in record.items()})
        rows.append(row)
    names = list(dict.fromkeys(name for record in objects for name in record))
    return Records(names, [[_as_string(record.get(name)) for record in objects] for name in names], rows)


def parse_parquet(path: Path, data: bytes) -> Records:
    """Read Parquet columns of any scalar or nested type as strings.

    Raises:
        TicketTableError: The file is not Parquet, or a column holds bytes.
    """
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise TicketTableError(f"{path}: not a readable Parquet file ({reason})") from None
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if _holds_bytes(column.type):
            raise TicketTableError(
                f"{path}: column '{name}' holds bytes; write media to files and give their paths, or leave it out"
            )
        columns.append([_as_string(value) for value in column.to_pylist()])
    return Records([name.strip() for name in table.column_names], columns, list(range(1, table.num_rows + 1)))


def render_csv(frame: pd.DataFrame) -> bytes:
    """Write a table as CSV in UTF-8, empty where a value is missing."""
    columns = [["" if _is_missing(value) else str(value) for value in frame[name]] for name in frame.columns]
    # until Python 3.13 the csv module leaves a lone carriage return bare when lines end in a line feed
    returns = any("\r" in value for column in columns for value in column)
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL)
    writer.writerow(frame.columns)
    writer.writerows(zip(*columns, strict=True))
    return sink.getvalue().encode()


def render_json_lines(frame: pd.DataFrame) -> bytes:
    """Write a table as one JSON object a line in UTF-8, null where a value is missing."""
    values = frame.astype(object).where(frame.notna(), None)
    lines = (json.dumps(record, ensure_ascii=False, default=str) for record in values.to_dict(orient="records"))
    return "".join(f"{line}\n" for line in lines).encode()


class _RepeatedKeyError(ValueError):
    """A JSON object names a key twice; its argument is the key."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            raise _RepeatedKeyError(name)
        names.add(name)
    return dict(pairs)


def _as_string(value: Any) -> str | None:
    if _is_missing(value):
        return None
    if isinstance(value, str):
        # a lone surrogate, which JSON can spell, has no place in UTF-8
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # whole ids become floats as soon as one of them is missing
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return True
    return any(_holds_bytes(kind.field(index).type) for index in range(kind.num_fields))


@contextmanager
def _long_fields() -> Iterator[None]:
    before = csv.field_size_limit(_MAX_FIELD_CHARS)
    try:
        yield
    finally:
        csv.field_size_limit(before)
