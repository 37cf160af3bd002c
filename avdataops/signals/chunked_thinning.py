"""A stream of signals at a lower rate, chunk by chunk: the same rows as thinning it whole gives.

The rows are read several times in order of time: for the time axis, for what a column is over the
whole stream, and to make the rows that come out.  A low-passed value needs the samples within the
reach of the filter and the levels at both ends of its run, which are found beforehand; so nothing
changes, to the last bit, with the size of a chunk.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.signals.align import hold_index_at, linear_at
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.circles import wrapped
from avdataops.signals.column_facts import ColumnFacts, column_facts
from avdataops.signals.columns import (
    T_FIELD,
    Nature,
    float_array,
    floats,
    known,
    natures,
    one_chunk,
    quantity_field,
    quaternions,
    rows_at,
    times,
)
from avdataops.signals.followed import as_floats, without_jumps
from avdataops.signals.ordered_rows import OrderedRows
from avdataops.signals.resample import Decimated, keep_changes, with_envelope
from avdataops.signals.row_window import RowWindow
from avdataops.signals.staged_filter import low_passed, reach_of
from avdataops.signals.thinning import as_it_is, only_states, versions
from avdataops.signals.thinning_plan import Axis, Piece, axis_of

CHUNK_ROWS = 65_536
"""Rows that a chunk is made from, beside those that the filter needs around it."""


@dataclass(frozen=True, slots=True)
class ThinnedChunks:
    """What is left of a stream, and how many rows went why; as ``thinning.Thinned``."""

    tables: Iterator[pa.Table]
    """At least one; to be read once."""
    rows: int
    duplicates: int
    beyond_rate: int
    unchanged: int = 0


def thin_in_chunks(
    source: OrderedRows,
    rate_hz: float,
    *,
    envelope: bool,
    heartbeat_ns: int | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ThinnedChunks:
    """Return what :func:`avdataops.signals.thinning.thin_signals` returns, holding a few chunks.

    Held are some chunks of rows, the ends of each run of known samples, and rows that wait for
    earlier ones (see :class:`OrderedRows`); at most a filter's reach and a gap beside a chunk.
    """
    names = list(natures(source.schema))
    axis = axis_of(source, rate_hz)
    twice = source.rows - axis.rows
    if heartbeat_ns is not None and only_states(source.schema):
        kept = sum(t.num_rows for t in _changes(source, names, axis.max_gap_ns, heartbeat_ns))
        if kept <= axis.size:
            tables = _changes(source, names, axis.max_gap_ns, heartbeat_ns)
            return ThinnedChunks(map(as_it_is, tables), kept, twice, 0, axis.rows - kept)
    if axis.stages:
        thinner = _thinner(source, names, axis, envelope)
        few = thinner.tables(max(1, chunk_rows // thinner.many))
        tables = _at_least_one(_gathered(few, chunk_rows), thinner.schema().empty_table())
    else:
        tables = _at_least_one(
            map(as_it_is, source.pieces(names)), as_it_is(source.schema.empty_table())
        )
    return ThinnedChunks(tables, axis.size, twice, axis.rows - axis.size)


def _at_least_one(tables: Iterator[pa.Table], empty: pa.Table) -> Iterator[pa.Table]:
    """Yield the tables, or an empty one if there are none, so that the columns are known."""
    none = True
    for table in tables:
        yield table
        none = False
    if none:
        yield empty


def _gathered(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield small tables together, so that a stream with many gaps has not as many tables."""
    waiting: list[pa.Table] = []
    count = 0
    for table in tables:
        waiting.append(table)
        count += table.num_rows
        if count >= rows:
            yield pa.concat_tables(waiting)
            waiting, count = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def _changes(
    source: OrderedRows, names: list[str], max_gap_ns: int, heartbeat_ns: int
) -> Iterator[pa.Table]:
    """Yield the rows that :func:`keep_changes` keeps.

    Whether a row stays is told by the row before, the one after and the last that stayed.  So each
    round begins with the last one that stayed, and its own last row waits for the next round.
    """
    held = source.only(names).empty_table()
    done = 0
    for piece in source.pieces(names):
        held = pa.concat_tables([held, piece]).combine_chunks()
        row = keep_changes(
            times(held["t_ns"]), versions(held), max_gap_ns=max_gap_ns, heartbeat_ns=heartbeat_ns
        )
        yield held.take(pa.array(row[done:-1]))
        done = min(row.size - 1, 1)
        held = held.slice(int(row[:-1][-1]) if done else 0)
    yield held.slice(max(held.num_rows - 1, 0))


def _thinner(source: OrderedRows, names: list[str], axis: Axis, envelope: bool) -> "_Thinner":
    kinds = natures(source.schema)
    smooth = {name for name, kind in kinds.items() if kind is Nature.CONTINUOUS}
    facts = column_facts(lambda: as_floats(source.pieces(names), smooth), axis)
    periods = {name: one.period for name, one in facts.items() if one.period is not None}

    def window(columns: list[str]) -> RowWindow:
        return RowWindow(without_jumps(as_floats(source.pieces(columns), smooth), periods))

    def own_window(name: str) -> RowWindow:
        beside = next((group for group in quaternions(source.schema) if name in group), (name,))
        tables = without_jumps(as_floats(source.pieces(list(beside)), smooth), periods)
        return RowWindow(table.filter(pa.array(known(table[name]))) for table in tables)

    dense = [name for name in names if not facts[name].sparse]
    # A quaternion's signs need all its columns, also those that are sparse.
    beside = {n for group in quaternions(source.schema) if {*group} & {*dense} for n in group}
    sparse = {name: own_window(name) for name in names if facts[name].sparse}
    fields = [source.schema.field(name) for name in names]
    return _Thinner(axis, fields, facts, envelope, window([*dense, *beside]), sparse)


@dataclass(frozen=True, slots=True)
class _Block:
    """Ticks [start, stop) of a piece, and the times of the rows nearest to them."""

    piece: Piece
    start: int
    stop: int
    ticks: Times
    middles: Times
    """Between neighbours among the ticks."""
    from_ns: int
    until_ns: int
    """Of the last row."""


@dataclass(frozen=True, slots=True)
class _Thinner:
    axis: Axis
    fields: list[pa.Field]
    facts: dict[str, ColumnFacts]
    envelope: bool
    dense: RowWindow
    """Rows of the columns that are not sparse."""
    sparse: dict[str, RowWindow]
    """Each sparse column's own samples."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What the columns of a quantity are called beside its name."""
        return ("", "_min", "_max", "_mean") if self.envelope else ("",)

    @property
    def many(self) -> int:
        """Rows per tick, about."""
        return int(np.prod(self.axis.stages))

    def schema(self) -> pa.Schema:
        """Return the columns that come out."""
        kinds = natures(pa.schema(self.fields))
        fields = [T_FIELD]
        for field in self.fields:
            if kinds[field.name] is Nature.CONTINUOUS:
                fields += [quantity_field(field, suffix) for suffix in self.suffixes]
            else:
                fields.append(field.with_nullable(True))
        return pa.schema(fields)

    def tables(self, block_ticks: int) -> Iterator[pa.Table]:
        """Yield the thinned rows, so many at a time and none over a gap."""
        kinds, schema = natures(pa.schema(self.fields)), self.schema()
        reach_ns = self.axis.period_ns / self.many * (reach_of(self.axis.stages) + 1)
        margin_ns = int(reach_ns) + 1 + self.axis.max_gap_ns
        for block in _blocks(self.axis, block_ticks):
            start_ns, stop_ns = int(block.ticks[0]) - margin_ns, int(block.ticks[-1]) + margin_ns
            t, rows = self.dense.around(start_ns, stop_ns)
            columns = [pa.array(block.ticks)]
            for field in self.fields:
                if kinds[field.name] is Nature.CONTINUOUS:
                    columns += self._quantity(field.name, block, t, rows)
                else:
                    columns.append(self._state(field.name, block, t, rows))
            yield pa.Table.from_arrays(columns, schema=schema)

    def _quantity(self, name: str, block: _Block, t: Times, rows: pa.Table) -> list[pa.Array]:
        facts = self.facts[name]
        if facts.sparse:
            t_own, own = self._own(name, block)
            x = linear_at(t_own, floats(own[name]), block.ticks, facts.longest_ns)
            values: tuple[Floats, ...] = (x, x, x, x)
        else:
            values = self._low_passed(facts, block, t, floats(rows[name]))[1:]
        if facts.period is not None:
            values = tuple(wrapped(part, facts.period, least=facts.least) for part in values)
        return [float_array(part) for part in values[: len(self.suffixes)]]

    def _low_passed(self, facts: ColumnFacts, block: _Block, t: Times, x: Floats) -> Decimated:
        finite = np.isfinite(x)
        t_known, x_known = t[finite], x[finite]
        result = np.full(block.ticks.size, np.nan)
        for level in facts.levels_between(int(block.ticks[0]), int(block.ticks[-1])):
            run = level.run
            first = self.axis.numbers(run.tick_ns, run.tick_ns)[0]
            start, stop = max(first, block.start), min(first + run.ticks, block.stop)
            inside = slice(*np.searchsorted(t_known, (run.first_ns, run.last_ns + 1)))
            wanted = start - first, stop - first
            values = low_passed(run, level.ends, t_known[inside], x_known[inside], wanted)
            result[start - block.start : stop - block.start] = values
        low, high = np.searchsorted(t, (block.from_ns, block.until_ns + 1))
        row_of = np.searchsorted(block.middles, t[low:high], side="left")
        return with_envelope(block.ticks, result, row_of, x[low:high], finite[low:high])

    def _state(self, name: str, block: _Block, t: Times, rows: pa.Table) -> pa.Array:
        facts = self.facts[name]
        if facts.sparse:
            t, rows = self._own(name, block)
        row = hold_index_at(t, block.ticks, facts.longest_ns).row
        return one_chunk(pa.chunked_array([rows_at(rows[name], row)]))

    def _own(self, name: str, block: _Block) -> tuple[Times, pa.Table]:
        return self.sparse[name].around(int(block.ticks[0]), int(block.ticks[-1]))


def _blocks(axis: Axis, block_ticks: int) -> Iterator[_Block]:
    """Yield the ticks of an axis, piece by piece, so many at a time."""
    for piece in axis.pieces:
        for start in range(piece.start, piece.stop, block_ticks):
            stop = min(start + block_ticks, piece.stop)
            more = axis.times(max(start - 1, piece.start), min(stop + 1, piece.stop))
            middles = more[:-1] + np.diff(more) // 2
            is_first, is_last = start == piece.start, stop == piece.stop
            inner = slice(0 if is_first else 1, middles.size if is_last else -1)
            yield _Block(
                piece=piece,
                start=start,
                stop=stop,
                ticks=axis.times(start, stop),
                middles=middles[inner],
                from_ns=piece.first_ns if is_first else int(middles[0]) + 1,
                until_ns=piece.last_ns if is_last else int(middles[-1]),
            )
