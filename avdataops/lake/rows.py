"""Rows that any library takes: Arrow inside, NumPy by column, a short table in notebooks."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pyarrow as pa

SHOWN_ROWS, SHOWN_COLUMNS, SHOWN_CHARACTERS = 10, 12, 60


class Rows:
    """A table: ``rows["column"]`` is an array, ``pl.DataFrame(rows)`` a data frame.

    >>> rows = scene.signals(["ego_speed_mps"])
    >>> rows.columns
    ['t_ns', 'ego_speed_mps']
    >>> len(rows) == len(rows["ego_speed_mps"])
    True
    >>> rows.to_polars().height == len(rows)
    True
    """

    def __init__(self, table: pa.Table, name: str) -> None:
        self._table = table
        self.name = name

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __getitem__(self, column: str) -> np.ndarray[Any, Any]:
        """Return one column as an array; unknown numbers are NaN, other unknowns None."""
        return np.asarray(self._table.column(column).to_numpy())

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._table.schema.names)

    def unit(self, column: str) -> str | None:
        """Return the unit of a column, None if none is stated."""
        told = (self._table.schema.field(column).metadata or {}).get(b"unit")
        return told.decode() if told else None

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table, with units in the field metadata."""
        return self._table

    def to_numpy(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return all columns as arrays by name."""
        return {name: self[name] for name in self.columns}

    def to_polars(self) -> Any:
        """Return a Polars data frame (needs polars)."""
        import polars as pl

        return pl.DataFrame(self)

    def to_pandas(self) -> Any:
        """Return a pandas data frame (needs pandas)."""
        return self._table.to_pandas()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {self.name}: {', '.join(self.columns[:SHOWN_COLUMNS])}>"

    def _repr_html_(self) -> str:
        shown = self._table.select(self.columns[:SHOWN_COLUMNS]).slice(0, SHOWN_ROWS)
        return f"<p>{escape(repr(self))}</p>{html_table(shown.schema.names, _cells(shown))}"


def _cells(table: pa.Table) -> list[list[str]]:
    columns = [column.to_pylist() for column in table.columns]
    return [[cell(value) for value in row] for row in zip(*columns, strict=True)]


def cell(value: object) -> str:
    """Return a value as short escaped HTML."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    short = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
    return escape("" if value is None else short)


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already; the header is escaped here."""
    head = "".join(f"<th>{escape(name[:SHOWN_CHARACTERS])}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{one}</td>' for one in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
