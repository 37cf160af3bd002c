"""Streams put on the ticks of one grid: interpolated or held, and null across every gap."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
import pyarrow as pa

from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.signals.align import angle_at, hold_index_at, linear_at, regular_grid, slerp_at
from avdataops.signals.arrays import Floats, Pairs, Times
from avdataops.signals.circles import unwrapped, wrapped_like, wraps
from avdataops.signals.columns import (
    T_FIELD,
    Nature,
    angle_period,
    float_array,
    known,
    natures,
    own_rows,
    quantity_field,
    quaternions,
    rows_at,
    smooth_values,
)
from avdataops.signals.intervals import merge_close, union
from avdataops.signals.timing import median_period_ns

# Jitter must not cost a stream of the grid's rate every second tick.
_RATE_SLACK = 1.02
_UNIT_SLACK = 0.1
_ENVELOPE = ("_min", "_max", "_mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far apart two samples may be and still speak for what is between them."""

    periods: float = 3.0
    """In median periods of the samples."""
    at_least_ms: float = 200.0
    """Shorter pauses of fast signals are no gaps."""
    at_most_ms: float = 2500.0
    """Slower signals are not interpolated.  Half a second more than two periods of 1 Hz, so that
    one missed message of a jittery receiver does not fall on the limit."""

    @property
    def at_most_ns(self) -> int:
        """The longest pause that is no gap of any signal."""
        return round(self.at_most_ms * NS_PER_MS)

    def max_gap_ns(self, t: Times) -> int:
        """Return the longest pause that is no gap, for the samples at ``t``."""
        by_period = self.periods * (median_period_ns(t) or 0)
        at_least, at_most = self.at_least_ms * NS_PER_MS, self.at_most_ms * NS_PER_MS
        return int(min(max(by_period, at_least), at_most))


def grid_over(stretches: Iterable[Pairs], rate_hz: float, *, join_ns: int = 0) -> Times:
    """Return the multiples of the period since the epoch that lie in any of the stretches.

    Pauses of at most ``join_ns`` have ticks too: what a bus that is asked in bursts says now and
    then may still speak for them.
    """
    covered = np.empty((0, 2), dtype=np.int64)
    for pairs in stretches:
        covered = union(covered, pairs)
    covered = merge_close(covered, join_ns)
    ticks = [regular_grid(int(start), int(stop), rate_hz) for start, stop in covered]
    return np.concatenate([np.empty(0, dtype=np.int64), *ticks])


def rate_within(rate_hz: float, period_ns: int | None) -> float:
    """Return the highest whole part of ``rate_hz`` that is no faster than a stream's period.

    Its ticks are ticks of ``rate_hz`` as well.  A stream of a single message gets ``rate_hz``.
    """
    if period_ns is None:
        return rate_hz
    return rate_hz / max(1, ceil(rate_hz * period_ns / NS_PER_S / _RATE_SLACK))


def at_ticks(t: Times, x: Floats, ticks: Times, method: str, limits: Limits) -> Floats:
    """Return a signal at ticks by its method (linear, angle in rad, hold); NaN is unknown."""
    max_gap_ns = limits.max_gap_ns(t)
    if method == "hold":
        row = hold_index_at(t, ticks, max_gap_ns).row
        return np.where(row >= 0, x[row] if x.size else np.nan, np.nan)
    if method == "angle":
        return angle_at(t, x, ticks, max_gap_ns)
    return linear_at(t, x, ticks, max_gap_ns)


def synced(table: pa.Table, t: Times, ticks: Times, limits: Limits) -> pa.Table:
    """Return a stream's numbers and texts at ticks; ``t`` are its times on the ticks' clock.

    Quantities are interpolated, orientations by slerp, and all else is held.  Envelopes of thinned
    signals are left out: they belong to the thinned table's own times.
    """
    names = {
        name: kind
        for name, kind in natures(table.schema).items()
        if kind is not Nature.PAYLOAD and not _is_envelope(name, table.schema)
    }
    smooth = smooth_values(table, [n for n, kind in names.items() if kind is Nature.CONTINUOUS])
    turned = _orientations(table.schema, smooth, t, ticks, limits)
    fields = [T_FIELD]
    arrays = [pa.array(ticks)]
    for name in names:
        field = table.schema.field(name)
        if name in smooth:
            fields.append(quantity_field(field))
            at = turned.get(name)
            at = _interpolated(field, t, smooth[name], ticks, limits) if at is None else at
            arrays.append(float_array(at))
        elif not pa.types.is_nested(field.type):
            fields.append(field.with_nullable(True))
            arrays.append(_held(table[name], t, ticks, limits))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def has_numbers(schema: pa.Schema) -> bool:
    """Say whether a stream has a field that can be put on a grid, beside its header."""
    return any(
        kind is Nature.CONTINUOUS or pa.types.is_integer(schema.field(name).type)
        for name, kind in natures(schema).items()
        if not name.startswith("header_")
    )


def _is_envelope(name: str, schema: pa.Schema) -> bool:
    stem = next((name.removesuffix(end) for end in _ENVELOPE if name.endswith(end)), None)
    return stem is not None and {stem, f"{stem}_min", f"{stem}_max"}.issubset(schema.names)


def _orientations(
    schema: pa.Schema, smooth: Mapping[str, Floats], t: Times, ticks: Times, limits: Limits
) -> dict[str, Floats]:
    """Return the columns of orientations at ticks, as unit quaternions on the shorter arc.

    Four columns of other lengths than about 1 (which filtering leaves) are no orientation.
    """
    found: dict[str, Floats] = {}
    for group in quaternions(schema):
        if not smooth.keys() >= set(group):
            continue
        q = np.column_stack([smooth[name] for name in group])
        known = np.isfinite(q).all(axis=1)
        length = np.linalg.norm(q[known], axis=1)
        if length.size and np.all(np.abs(length - 1.0) <= _UNIT_SLACK):
            at = slerp_at(t[known], q[known], ticks, limits.max_gap_ns(t[known]))
            found |= dict(zip(group, at.T, strict=True))
    return found


def _interpolated(field: pa.Field, t: Times, x: Floats, ticks: Times, limits: Limits) -> Floats:
    own = own_rows(np.isfinite(x))
    t, x = t[own], x[own]
    return _line(t, x, ticks, limits.max_gap_ns(t), angle_period(field))


def _line(t: Times, x: Floats, ticks: Times, max_gap_ns: int, period: float | None) -> Floats:
    if period is None or not wraps(x, period):
        return linear_at(t, x, ticks, max_gap_ns)
    return wrapped_like(linear_at(t, unwrapped(x, period), ticks, max_gap_ns), x, period)


def _held(column: pa.ChunkedArray, t: Times, ticks: Times, limits: Limits) -> pa.Array:
    own = own_rows(known(column))
    row = hold_index_at(t[own], ticks, limits.max_gap_ns(t[own])).row
    return rows_at(column.filter(pa.array(own)), row)
