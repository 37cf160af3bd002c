"""How well each stream lies on the reference clock, and its gaps there."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.signals.arrays import Times
from avdataops.signals.stream_timing import StreamTiming
from avdataops.signals.ties import Tie
from avdataops.tables.kinds import kind

_PER_MILLION = 1e-6
_Placed = Iterable[tuple[StreamTiming, Tie]]


def quality_table(
    placed: _Placed, stamp_kinds: Mapping[str, str] = MappingProxyType({})
) -> pa.Table:
    """Return one row per stream, sorted by name; ``stamp_kinds`` says what its stamps are.

    ``t_ns`` and ``last_ns`` are the first and last message on the reference clock, or on the
    stream's own where no offset is known.
    """
    rows = [
        _quality(timing, tie) | {"stamp_kind": stamp_kinds.get(timing.stream)}
        for timing, tie in placed
    ]
    table = pa.Table.from_pylist(rows, schema=kind("sync_quality").schema)
    return table.sort_by("stream")


def _quality(timing: StreamTiming, tie: Tie) -> dict[str, object]:
    first, last = tie.to_reference(np.array([timing.first_ns, timing.last_ns])).tolist()
    longest_ns = int(np.max(np.diff(timing.gaps, axis=1), initial=0))
    return {
        "t_ns": first,
        "stream": timing.stream,
        "topic_class": timing.topic_class,
        "clock": timing.clock,
        "method": tie.method,
        "refused": tie.refused,
        "offset_ms": tie.offset_ms(timing.first_ns),
        "drift_ppm": tie.model.skew_ppm if tie.model else None,
        "sigma_ms": tie.model.sigma_ms if tie.model else None,
        "rows": timing.rows,
        "rate_hz": NS_PER_S / timing.period_ns if timing.period_ns else None,
        "jitter_ms": timing.jitter_ms,
        "coverage": timing.coverage,
        "gaps": len(timing.gaps),
        "longest_gap_s": longest_ns / NS_PER_S,
        "last_ns": last,
    }


def to_reference(quality: pa.Table, stream: str, t: Times) -> Times | None:
    """Return a stream's times on the reference clock by its row of a quality table.

    None where its clock is not tied to the reference, or the stream has no row.
    """
    rows = quality.filter(pc.equal(quality["stream"], stream)).to_pylist()
    if not rows or rows[0]["offset_ms"] is None:
        return None
    offset_ns = rows[0]["offset_ms"] * NS_PER_MS
    first_ns = rows[0]["t_ns"] - round(offset_ns)
    drift = (t - first_ns) * (rows[0]["drift_ppm"] or 0.0) * _PER_MILLION
    return np.asarray(t + np.rint(offset_ns + drift).astype(np.int64), dtype=np.int64)


def gap_table(placed: _Placed) -> pa.Table:
    """Return gaps and one summary row per stream on the reference clock, sorted by time.

    Streams without a known offset are left out: their gaps lie nowhere on this clock.
    """
    rows = [row for timing, tie in placed if tie.usable for row in _gaps(timing, tie)]
    table = pa.Table.from_pylist(rows, schema=kind("gaps").schema)
    return table.sort_by([("t_ns", "ascending"), ("stream", "ascending")])


def _gaps(timing: StreamTiming, tie: Tie) -> list[dict[str, object]]:
    same: dict[str, object] = {
        "stream": timing.stream,
        "period_ns": timing.period_ns,
        "topic_class": timing.topic_class,
    }
    first, last = tie.to_reference(np.array([timing.first_ns, timing.last_ns])).tolist()
    gaps = tie.to_reference(timing.gaps.ravel()).reshape(-1, 2).tolist()
    return [
        same | {"t_ns": first, "first_ns": first, "last_ns": last},
        *(same | {"t_ns": start, "gap_stop_ns": stop} for start, stop in gaps),
    ]
