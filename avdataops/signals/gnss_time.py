"""Time of satellites in a recording: what ties the recorder's clock to UTC."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.clock_steps import find_steps
from avdataops.signals.clocks import ClockModel, Refusal, inverse, one_way_clock
from avdataops.signals.columns import floats, times
from avdataops.tables.signals import find_column, metadata_text

MIN_STEP_NS = 500_000_000
"""Receivers send when they are done, up to 0.2 s apart; a leap second is a step, that is none."""
_MIN_SHARE = 0.8
_EARLIEST_NS = 946_684_800_000_000_000
_NS_PER: Mapping[str, int] = {"s": NS_PER_S, "sec": NS_PER_S, "ms": NS_PER_MS, "us": 1000, "ns": 1}


@dataclass(frozen=True, slots=True)
class _Source:
    type: re.Pattern[str]
    column: re.Pattern[str]
    flags: tuple[re.Pattern[str], ...] = ()
    """Columns that must be 1 where they exist."""


_SOURCES = (
    _Source(
        re.compile(r"can/(gnss_?time)", re.IGNORECASE),
        re.compile(r"Epoch(_s)?", re.IGNORECASE),
        (
            re.compile(r"Time_?Valid", re.IGNORECASE),
            # Until it is confirmed, a receiver may not know the leap seconds.
            re.compile(r"Time_?Confirmed", re.IGNORECASE),
        ),
    ),
    _Source(re.compile(r"sensor_msgs/(msg/)?TimeReference"), re.compile(r"time_ref(_ns)?")),
)


def time_columns(message_type: str, schema: pa.Schema) -> tuple[str, ...]:
    """Return the columns that :func:`utc_stamps` needs; empty if the stream tells no UTC."""
    for source in _SOURCES:
        name = find_column(schema, source.column) if source.type.fullmatch(message_type) else None
        if name is not None and (metadata_text(schema.field(name), "unit") or "s") in _NS_PER:
            flags = (find_column(schema, flag) for flag in source.flags)
            return ("t_ns", name, *(flag for flag in flags if flag is not None))
    return ()


def utc_stamps(table: pa.Table, names: tuple[str, ...]) -> tuple[Times, Times]:
    """Return UTC and recorder's time [ns] of the messages that are sure of their time.

    ``names`` are those of :func:`time_columns`.  Left out are null, unconfirmed, and times before
    the year 2000, which receivers send until they know better.
    """
    _, name, *flags = names
    column = table[name]
    known = np.isfinite(floats(column))
    for flag in flags:
        known &= floats(table[flag]) == 1
    recorded = times(table["t_ns"])[known]
    column = column.filter(pa.array(known))
    utc = times(column) if pa.types.is_integer(column.type) else floats(column)
    utc_ns = _whole_ns(utc, _NS_PER[metadata_text(table.schema.field(name), "unit") or "s"])
    late = utc_ns >= _EARLIEST_NS
    return utc_ns[late], recorded[late]


def gnss_clock(utc_ns: Times, recorded_ns: Times) -> ClockModel | Refusal:
    """Return the model that takes the recorder's times to UTC.

    The lower edge of all delays (:func:`~avdataops.signals.clocks.one_way_clock`): the least time
    from the instant a message tells of to its arrival, some 10 to 100 ms, cannot be seen and stays
    in the offset, so ``sigma_ms`` is ``None``.

    A step of more than 0.5 s cuts the record; if less than 80 % of the messages are left in the
    longest part the clock is refused as ``clock_stepped``.
    """
    order = np.argsort(recorded_ns, kind="stable")
    utc_ns, recorded_ns = utc_ns[order], recorded_ns[order]
    if utc_ns.size:
        delay = recorded_ns - utc_ns
        steps = find_steps(recorded_ns, delay - np.min(delay), min_step_ns=MIN_STEP_NS)
        edges = np.concatenate(([0], steps, [utc_ns.size]))
        longest = int(np.argmax(np.diff(edges)))
        start, stop = int(edges[longest]), int(edges[longest + 1])
        if stop - start < _MIN_SHARE * utc_ns.size:
            return Refusal("clock_stepped", f"UTC and recorder step apart {steps.size} times")
        utc_ns, recorded_ns = utc_ns[start:stop], recorded_ns[start:stop]
    found = one_way_clock(utc_ns, recorded_ns)
    return found if isinstance(found, Refusal) else inverse(found)


def _whole_ns(values: Times | Floats, ns_per_unit: int) -> Times:
    whole = np.floor(values).astype(np.int64)
    # A float of seconds has 0.2 us; whole seconds are kept apart so that no more is lost.
    part = np.rint((values - whole) * ns_per_unit).astype(np.int64)
    return np.asarray(whole * ns_per_unit + part, dtype=np.int64)
