"""One measurement's tables as the drive that detectors see."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.ports.detecting import Drive, Signals
from avdataops.ports.step import Table
from avdataops.signals.arrays import Times, in_order
from avdataops.signals.clock_spans import clock_spans
from avdataops.signals.frame_facts import frames_seen
from avdataops.signals.nullable import to_numpy
from avdataops.signals.timing import median_period_ns

_CONTEXT_PERIODS = 3
"""Neighbours in a context table are at most this many of its periods apart."""
_TIMES = ("t_ns", "ts")
_MAX_JITTER_PERIODS = 3.0
"""A stream whose steps spread wider has no period to keep (events, bursts)."""


def drive_of(measurement: str, tables: Mapping[str, tuple[Table, ...]], max_gap_ns: int) -> Drive:
    """Return the drive of its tables by role.

    Roles: ego, objects, context, object_context, frame_facts, gaps, sync_quality, clock_models.
    It lasts from the first to the last row or message of any of them.  Rows come in order of time;
    of ego and context rows at one time the last given stays.  A stream's silence from the start of
    the drive to its first message, and from its last to the end, is a gap like others.
    """
    ego, context, objects, gap_rows, quality = (
        _read(tables.get(role, ()))
        for role in ("ego", "context", "objects", "gaps", "sync_quality")
    )
    around = _read(tables.get("object_context", ()))
    frames = _read(tables.get("frame_facts", ()))
    start, stop = _span((ego, context, objects, frames), gap_rows)
    classes, periods = _streams(gap_rows, _irregular(quality))
    return Drive(
        measurement=measurement,
        start_ns=start,
        stop_ns=stop,
        ego=_signals(ego, max_gap_ns, distinct=True),
        context=None if context is None else context_signals(context),
        objects=None if objects is None else _signals(objects, max_gap_ns, distinct=False),
        around=None if around is None else context_signals(around),
        frames=frames_seen(frames),
        gaps=_gaps(gap_rows, start, stop),
        periods_ns=periods,
        classes=classes,
        clocks=clock_spans(_read(tables.get("clock_models", ())), quality, (start, stop)),
    )


def _read(tables: tuple[Table, ...]) -> pa.Table | None:
    """Return all parts as one table, None if there is none; absent columns become null."""
    if not tables:
        return None
    return pa.concat_tables([table.read() for table in tables], promote_options="permissive")


def _times(table: pa.Table, name: str = "t_ns") -> Times:
    return np.asarray(table.column(name).to_numpy(), dtype=np.int64)


def _span(tables: tuple[pa.Table | None, ...], gap_rows: pa.Table | None) -> tuple[int, int]:
    """Return the half-open time of everything; an empty range at 0 if there is nothing."""
    stamps = [_times(table) for table in tables if table is not None]
    if gap_rows is not None:
        streams = gap_rows.filter(pc.is_valid(gap_rows.column("last_ns")))
        stamps += [_times(streams), _times(streams, "last_ns")]
    ends = [(int(t.min()), int(t.max())) for t in stamps if t.size]
    if not ends:
        return 0, 0
    return min(first for first, _ in ends), max(last for _, last in ends) + 1


def _signals(table: pa.Table | None, max_gap_ns: int, *, distinct: bool) -> Signals:
    if table is None:
        return Signals(np.empty(0, dtype=np.int64), {}, max_gap_ns)
    t = _times(table)
    order = in_order(t) if distinct else np.argsort(t, kind="stable")
    columns = {
        name: to_numpy(table.column(name))[order]
        for name in table.schema.names
        if name not in _TIMES and not pa.types.is_nested(table.schema.field(name).type)
    }
    return Signals(t[order], columns, max_gap_ns)


def context_signals(table: pa.Table) -> Signals:
    """Return a table of about one row a second; its neighbours are a few periods apart."""
    period_ns = median_period_ns(np.unique(_times(table))) or 1
    return _signals(table, _CONTEXT_PERIODS * period_ns, distinct=True)


def _irregular(quality: pa.Table | None) -> frozenset[str]:
    """Return the streams whose messages keep no period."""
    if quality is None:
        return frozenset()
    return frozenset(
        row["stream"]
        for row in quality.select(["stream", "rate_hz", "jitter_ms"]).to_pylist()
        if row["rate_hz"]
        and row["jitter_ms"] is not None
        and row["jitter_ms"] > _MAX_JITTER_PERIODS * 1e3 / row["rate_hz"]
    )


def _streams(
    gap_rows: pa.Table | None, irregular: frozenset[str]
) -> tuple[dict[str, str], dict[str, int]]:
    """Return class and period of each stream; one without a steady period has none."""
    rows: list[dict[str, Any]] = [] if gap_rows is None else gap_rows.to_pylist()
    summaries = [row for row in rows if row["gap_stop_ns"] is None]
    classes = {row["stream"]: row["topic_class"] or "other" for row in summaries}
    periods = {
        row["stream"]: row["period_ns"]
        for row in summaries
        if row["period_ns"] and row["stream"] not in irregular
    }
    return classes, periods


def _gaps(
    gap_rows: pa.Table | None, start_ns: int, stop_ns: int
) -> dict[str, tuple[tuple[int, int], ...]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for row in [] if gap_rows is None else gap_rows.to_pylist():
        gaps = found.setdefault(row["stream"], [])
        if row["gap_stop_ns"] is not None:
            gaps.append((row["t_ns"], row["gap_stop_ns"]))
            continue
        first = row["t_ns"] if row["first_ns"] is None else row["first_ns"]
        last = first if row["last_ns"] is None else row["last_ns"]
        gaps += [(a, b) for a, b in ((start_ns, first), (last, stop_ns)) if b > a]
    return {stream: tuple(sorted(gaps)) for stream, gaps in found.items()}
