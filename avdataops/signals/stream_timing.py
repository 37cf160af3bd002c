"""The timing of one stream as rows of the kind ``stream_timing``, and back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.signals.arrays import Pairs, Times
from avdataops.signals.columns import times
from avdataops.signals.timing import TimingAccumulator
from avdataops.tables.kinds import kind


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTiming:
    """How the messages of one stream lie in time, on the clock that stamped them."""

    stream: str
    topic_class: str
    clock: str
    first_ns: int
    last_ns: int
    rows: int
    period_ns: int | None
    """Median; None for a single message."""
    jitter_ms: float | None
    coverage: float | None
    backwards: int
    duplicates: int
    gaps: Pairs

    @property
    def stretches(self) -> Pairs:
        """From the first to the last message without the gaps, each with its last ns."""
        starts = np.append(self.first_ns, self.gaps[:, 1])
        stops = np.append(self.gaps[:, 0], self.last_ns) + 1
        return np.column_stack((starts, stops)).astype(np.int64)


def measure(
    stream: str, topic_class: str, clock: str, stamps: Iterable[Times]
) -> StreamTiming | None:
    """Return the timing over all batches of stamps, in bounded memory; None without a message."""
    measured = TimingAccumulator()
    for batch in stamps:
        measured.add(batch)
    timing, gaps = measured.timing(), measured.gaps()
    if timing.first_ns is None or timing.last_ns is None:
        return None
    return StreamTiming(
        stream=stream,
        topic_class=topic_class,
        clock=clock,
        first_ns=timing.first_ns,
        last_ns=timing.last_ns,
        rows=timing.rows,
        period_ns=timing.median_period_ns,
        jitter_ms=timing.jitter_ms,
        coverage=timing.coverage,
        backwards=timing.backwards,
        duplicates=timing.duplicates,
        gaps=np.column_stack((gaps.start_ns, gaps.stop_ns)),
    )


def to_batch(timing: StreamTiming | None) -> pa.RecordBatch:
    """Return the summary row and one row per gap, sorted by time; no rows without a message."""
    schema = kind("stream_timing").schema
    if timing is None:
        return pa.RecordBatch.from_pylist([], schema=schema)
    same = {
        "stream": timing.stream,
        "period_ns": timing.period_ns,
        "topic_class": timing.topic_class,
        "clock": timing.clock,
    }
    summary = {
        "t_ns": timing.first_ns,
        "last_ns": timing.last_ns,
        "rows": timing.rows,
        "jitter_ms": timing.jitter_ms,
        "coverage": timing.coverage,
        "backwards": timing.backwards,
        "duplicates": timing.duplicates,
    }
    gaps = [{"t_ns": start, "gap_stop_ns": stop} for start, stop in timing.gaps.tolist()]
    rows = [same | row for row in (summary, *gaps)]
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def from_table(table: pa.Table) -> StreamTiming | None:
    """Return what :func:`to_batch` wrote; None for a stream without a message."""
    rows = table.to_pylist()
    summaries = [row for row in rows if row["gap_stop_ns"] is None]
    if not summaries:
        return None
    summary = summaries[0]
    gaps = [(row["t_ns"], row["gap_stop_ns"]) for row in rows if row["gap_stop_ns"] is not None]
    return StreamTiming(
        stream=summary["stream"],
        topic_class=summary["topic_class"] or "other",
        clock=summary["clock"] or "",
        first_ns=summary["t_ns"],
        last_ns=summary["last_ns"],
        rows=summary["rows"],
        period_ns=summary["period_ns"],
        jitter_ms=summary["jitter_ms"],
        coverage=summary["coverage"],
        backwards=summary["backwards"],
        duplicates=summary["duplicates"],
        gaps=np.array(sorted(gaps), dtype=np.int64).reshape(-1, 2),
    )


def stamps_of(batches: Iterable[pa.RecordBatch]) -> Iterator[Times]:
    """Yield the stamps of each batch."""
    for batch in batches:
        yield times(pa.chunked_array([batch.column("t_ns")]))
