"""SQL over tables at hand, in a DuckDB of its own that reaches nothing else.

It has no file, no network and no Python variables to read: it knows the tables that it is given.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from avdataops.model.errors import InputError
from avdataops.model.places import Ring, distance_m
from avdataops.ports.question_forms import normal
from avdataops.ports.questions import Question
from avdataops.ports.scene_sql import when_true

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "1GB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_CLOSED = (
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class DuckTables:
    """Tables by name; use as a context manager or close it."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._connection = duckdb.connect(":memory:", config=_CONFIG)
        double, text = duckdb.sqltype("DOUBLE"), duckdb.sqltype("VARCHAR")
        whole = duckdb.sqltype("INTEGER")
        self._connection.create_function("distance_m", distance_m, [double] * 4, double)
        self._connection.create_function("inside_ring", _inside_ring, [double, double, text], whole)
        for name, table in tables.items():
            self._connection.register(f"{name}_given", table)
            # Copied once: a table of Arrow is scanned from its start for every look at it.
            self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_given")  # noqa: S608 - names are ours
            self._connection.unregister(f"{name}_given")
        for statement in _CLOSED:
            self._connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the tables; relations over them end with it."""
        self._connection.close()

    def sql(self, text: str, values: Sequence[object] = ()) -> Any:
        """Return the relation of one SELECT, whose values are bound where it says ``?``.

        Raises ``InputError`` for whatever DuckDB cannot do, in its own words.
        """
        try:
            statements = self._connection.extract_statements(text)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise InputError("one SELECT is asked for, nothing else")
            return self._connection.sql(text, params=list(values) or None)
        except duckdb.Error as error:
            raise InputError(f"DuckDB: {error}") from error

    def scenes(self, question: Question) -> list[str]:
        """Return the ids of scenes for which a question is true, by (start, id)."""
        test = when_true(normal(question))
        # DuckDB does not compare truth values with numbers.
        values = [float(one) if isinstance(one, bool) else one for one in test.values]
        text = f"SELECT s.id FROM scenes AS s WHERE {test.sql} ORDER BY s.t_start_ns, s.id"  # noqa: S608 - values are bound
        return [row[0] for row in self._connection.execute(text, values).fetchall()]


def _inside_ring(lat_deg: float, lon_deg: float, corners: str) -> int:
    return int(_ring(corners).holds(lat_deg, lon_deg))


@functools.lru_cache(maxsize=16)
def _ring(corners: str) -> Ring:
    return Ring(tuple((lat, lon) for lat, lon in json.loads(corners)))
