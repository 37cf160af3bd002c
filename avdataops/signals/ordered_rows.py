"""The rows of a stream's parts in order of time, piece by piece, however the parts overlap."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.ports.step import Table
from avdataops.signals.arrays import Indices, Times, in_order
from avdataops.signals.columns import times

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class _Floor:
    """How early the rows that are still to come can be, by how many of a part were read."""

    starts: Indices
    """First row of each stretch of the part; the first is 0."""
    least_ns: Times
    """Least time in each stretch and all later ones."""
    rows: int

    def after(self, rows: int) -> int:
        """Return a time before which no row comes any more; the end of time after the last."""
        if rows >= self.rows:
            return _NEVER
        place = int(np.searchsorted(self.starts, rows, side="right")) - 1
        return int(self.least_ns[place])


@dataclass(frozen=True, slots=True)
class OrderedRows:
    """Rows of a stream in order of time; of rows at one time the last one in the order of parts.

    What is held at once is a batch of each part, and rows that wait for earlier ones: as many as
    the parts overlap or run backwards.
    """

    parts: tuple[Table, ...]
    schema: pa.Schema
    """The columns of all parts; one that a part lacks is null there."""
    always: tuple[str, ...]
    """Columns read beside the wanted ones, because ``ready`` looks at them."""
    ready: Callable[[pa.Table], pa.Table]
    """Done to each batch before its time is looked at; keeps rows and columns."""
    floors: tuple[_Floor, ...]

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return sum(floor.rows for floor in self.floors)

    def only(self, names: list[str]) -> pa.Schema:
        """Return the columns ``t_ns`` and those of ``names``, in the stream's order."""
        return pa.schema([f for f in self.schema if f.name == "t_ns" or f.name in names])

    def pieces(self, names: list[str]) -> Iterator[pa.Table]:
        """Yield ``t_ns`` and the named columns; times increase strictly within and over pieces."""
        wanted = self.only(names)
        waiting = [wanted.empty_table()] * len(self.parts)
        read = [0] * len(self.parts)
        batches = [self.batches(part, names) for part in self.parts]
        until = [floor.after(0) for floor in self.floors]
        while min(until, default=_NEVER) < _NEVER:
            part = until.index(min(until))
            batch = next(batches[part])
            read[part] += batch.num_rows
            until[part] = self.floors[part].after(read[part])
            waiting[part] = pa.concat_tables([waiting[part], batch.select(wanted.names)])
            ripe = [_split(table, min(until)) for table in waiting]
            waiting = [rest for _, rest in ripe]
            done = pa.concat_tables([early for early, _ in ripe])
            if done.num_rows:
                yield done.take(pa.array(in_order(times(done["t_ns"]))))

    def batches(self, part: Table, names: list[str]) -> Iterator[pa.Table]:
        """Yield the rows of one part as they come, ready, with the columns always read."""
        wanted = self.only([*names, *self.always])
        return (self.ready(batch) for batch in _as_stated(part, wanted))


def ordered_rows(
    parts: tuple[Table, ...],
    schema: pa.Schema,
    ready: Callable[[pa.Table], pa.Table],
    *,
    always: tuple[str, ...] = (),
) -> OrderedRows:
    """Return the rows of ``parts`` in order, after one pass over what ``ready`` makes of times.

    ``schema`` says which columns there are; ``always`` which of them ``ready`` needs.
    """
    plain = OrderedRows(parts, schema, always, ready, ())
    floors = tuple(_floor(plain.batches(part, [])) for part in parts)
    return OrderedRows(parts, schema, always, ready, floors)


def in_stated_columns(parts: tuple[Table, ...], wanted: pa.Schema) -> Iterator[pa.Table]:
    """Yield the batches of all parts as they come, null where a part lacks a column."""
    for part in parts:
        yield from _as_stated(part, wanted)


def _as_stated(part: Table, wanted: pa.Schema) -> Iterator[pa.Table]:
    """Yield a part's batches with all wanted columns, in the wanted types."""
    there = set(part.schema.names)
    empty = wanted.empty_table()
    for batch in part.batches([name for name in wanted.names if name in there]):
        table = pa.Table.from_batches([batch])
        yield pa.concat_tables([empty, table], promote_options="permissive").cast(wanted)


def _floor(batches: Iterator[pa.Table]) -> _Floor:
    starts, least, rows = [], [], 0
    for batch in batches:
        if batch.num_rows:
            starts.append(rows)
            least.append(int(times(batch["t_ns"]).min()))
            rows += batch.num_rows
    later = np.minimum.accumulate(np.array(least[::-1], dtype=np.int64))[::-1]
    return _Floor(np.array(starts, dtype=np.int64), later, rows)


def _split(table: pa.Table, until_ns: int) -> tuple[pa.Table, pa.Table]:
    """Return the rows before a time, or all at the end of time, and the rest, each in its order."""
    t = times(table["t_ns"])
    early = t < until_ns if until_ns < _NEVER else np.ones(t.size, dtype=np.bool_)
    if early.all():
        return table, table.schema.empty_table()
    return table.filter(pa.array(early)), table.filter(pa.array(~early))
