"""A stream of signals at a lower rate: one time axis for all its columns.

Quantities are low-passed before they are thinned and keep their envelope in ``<column>_min``,
``<column>_max`` and ``<column>_mean``; states and texts beside them are held: each row has the last
one known at its time.  A stream of nothing but states keeps its changes alone, and a heartbeat.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.signals.align import hold_index_at, linear_at
from avdataops.signals.arrays import Bools, Floats, Indices, Times, in_order
from avdataops.signals.circles import unwrapped, wrapped_like, wraps
from avdataops.signals.columns import (
    T_FIELD,
    Nature,
    angle_period,
    float_array,
    floats,
    known,
    natures,
    one_chunk,
    own_rows,
    quantity_field,
    rows_at,
    smooth_values,
    times,
)
from avdataops.signals.resample import Decimated, decimate, keep_changes
from avdataops.signals.timing import MAX_PERIODS, MIN_GAP_NS, median_period_ns
from avdataops.tables.signals import metadata_text

_HEADER = "header_"


@dataclass(frozen=True, slots=True)
class Thinned:
    """What is left of a stream, and how many rows went why."""

    table: pa.Table
    duplicates: int
    """Rows dropped because a later one came at the same time."""
    beyond_rate: int
    """Rows that the lower rate has no place for; never negative."""
    unchanged: int = 0
    """Rows of a stream of states that say what the row before said."""


def thin_signals(
    table: pa.Table, rate_hz: float, *, envelope: bool, heartbeat_ns: int | None = None
) -> Thinned:
    """Return a stream at no more than ``rate_hz``, sorted by time, without payload columns.

    A stream that is slow enough keeps its own times and has no envelope.  A faster one gets the
    multiples of the period since the epoch that lie between its samples, never in a gap longer
    than three median periods and 0.2 s.  Null is unknown in and out; quantities become float64.

    A stream of states alone keeps the rows in which one changed and, at the latest every
    ``heartbeat_ns`` as far as there are rows, one that did not; None keeps them all.  Message
    headers and times count as no state.  Where even that is more than the rate allows, the states
    are held like those beside quantities.
    """
    rows = table.num_rows
    table = table.take(pa.array(in_order(times(table["t_ns"]))))
    t = times(table["t_ns"])
    max_gap_ns = longest_step_ns(t)
    axis = decimate(t, np.zeros(t.size), rate_hz, max_gap_ns=max_gap_ns).t_ns
    if heartbeat_ns is not None and only_states(table.schema):
        row = keep_changes(t, versions(table), max_gap_ns=max_gap_ns, heartbeat_ns=heartbeat_ns)
        if row.size <= axis.size:
            kept = as_it_is(table.take(pa.array(row)))
            return Thinned(kept, rows - t.size, 0, t.size - row.size)
    if np.array_equal(axis, t):
        thinned = as_it_is(table)
    else:
        columns = _Thinner(t, axis, rate_hz, max_gap_ns, envelope)
        thinned = _joined(axis, columns.thin(table))
    return Thinned(thinned, rows - t.size, t.size - axis.size)


def longest_step_ns(t: Times) -> int:
    """Return the longest pause between samples that is no gap: three median periods, or 0.2 s."""
    return int(max(MAX_PERIODS * (median_period_ns(t) or 0), MIN_GAP_NS))


def only_states(schema: pa.Schema) -> bool:
    """Say whether a stream has states and no quantity."""
    kinds = set(natures(schema).values())
    return Nature.DISCRETE in kinds and Nature.CONTINUOUS not in kinds


def versions(table: pa.Table) -> Indices:
    """Return a number per row that moves on whenever a state is another than in the row before."""
    changed = np.zeros(table.num_rows, dtype=np.bool_)
    if not table.num_rows:
        return changed.astype(np.int64)
    for name, nature in natures(table.schema).items():
        field = table.schema.field(name)
        is_time = metadata_text(field, "unit") == "ns"
        if nature is Nature.DISCRETE and not is_time and not name.startswith(_HEADER):
            changed[1:] |= _differs(table[name])
    return np.cumsum(changed, dtype=np.int64)


def _differs(column: pa.ChunkedArray) -> Bools:
    """Return for each row but the first whether it is unlike the row before; null equals null."""
    if pa.types.is_nested(column.type):
        values = column.to_pylist()
        pairs = zip(values[1:], values[:-1], strict=True)
        return np.fromiter((a != b for a, b in pairs), dtype=np.bool_, count=len(values) - 1)
    codes = one_chunk(column).dictionary_encode(null_encoding="encode").indices
    return np.asarray(np.diff(codes.to_numpy(zero_copy_only=False)) != 0, dtype=np.bool_)


def _joined(t: Times, columns: Iterator[tuple[pa.Field, pa.Array]]) -> pa.Table:
    fields, arrays = [T_FIELD], [pa.array(t)]
    for field, array in columns:
        fields.append(field)
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def as_it_is(table: pa.Table) -> pa.Table:
    """Return all rows with quantities as float64, without payload columns."""

    def columns() -> Iterator[tuple[pa.Field, pa.Array]]:
        for name, nature in natures(table.schema).items():
            field = table.schema.field(name)
            if nature is Nature.CONTINUOUS:
                yield quantity_field(field), float_array(floats(table[name]))
            elif nature is Nature.DISCRETE:
                yield field.with_nullable(True), table[name]

    return _joined(times(table["t_ns"]), columns())


@dataclass(frozen=True, slots=True)
class _Thinner:
    t: Times
    axis: Times
    rate_hz: float
    max_gap_ns: int
    envelope: bool

    def thin(self, table: pa.Table) -> Iterator[tuple[pa.Field, pa.Array]]:
        kinds = natures(table.schema)
        smooth = smooth_values(table, [n for n, kind in kinds.items() if kind is Nature.CONTINUOUS])
        for name, nature in kinds.items():
            field = table.schema.field(name)
            if nature is Nature.CONTINUOUS:
                yield from self._quantity(field, smooth[name])
            elif nature is Nature.DISCRETE:
                yield field.with_nullable(True), self._state(table[name])

    def _quantity(self, field: pa.Field, x: Floats) -> Iterator[tuple[pa.Field, pa.Array]]:
        period = angle_period(field)
        if period is not None and wraps(x, period):
            low_passed = self._low_passed(unwrapped(x, period))
            parts = [wrapped_like(part, x, period) for part in low_passed[1:]]
        else:
            parts = list(self._low_passed(x)[1:])
        yield quantity_field(field), float_array(parts[0])
        if self.envelope:
            yield quantity_field(field, "_min"), float_array(parts[1])
            yield quantity_field(field, "_max"), float_array(parts[2])
            yield quantity_field(field, "_mean"), float_array(parts[3])

    def _low_passed(self, x: Floats) -> Decimated:
        own = own_rows(np.isfinite(x))
        if own.all():
            return decimate(self.t, x, self.rate_hz, max_gap_ns=self.max_gap_ns)
        t = self.t[own]
        at_axis = linear_at(t, x[own], self.axis, longest_step_ns(t))
        return Decimated(self.axis, at_axis, at_axis, at_axis, at_axis)

    def _state(self, column: pa.ChunkedArray) -> pa.Array:
        own = own_rows(known(column))
        t = self.t[own]
        row = hold_index_at(t, self.axis, longest_step_ns(t)).row
        return rows_at(column.filter(pa.array(own)), row)
