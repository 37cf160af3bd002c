"""What was modelled of each clock of a drive, on the reference clock."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from avdataops.ports.detecting import ClockSpan
from avdataops.signals.clock_table import STAMPS

_Rows = list[dict[str, Any]]


def clock_spans(
    models: pa.Table | None, quality: pa.Table | None, drive: tuple[int, int]
) -> Mapping[str, tuple[ClockSpan, ...]]:
    """Return the spans of each modelled clock in order of time.

    ``models`` and ``quality`` are of the kinds ``clock_models`` and ``sync_quality``; ``drive`` is
    its [start, stop) in ns.  Stamps are named by their stream, recorders by their clock, whose one
    model holds for the whole drive.  Clocks of which nothing is known have no entry.
    """
    offsets_ns = {row["stream"]: _offset_ns(row) for row in _rows(quality)}
    found: dict[str, list[ClockSpan]] = {}
    segments: dict[str, int] = {}
    for row in _rows(models):
        if row["clock"] == STAMPS:
            stream, offset_ns = row["stream"], offsets_ns.get(row["stream"])
            if row["segment"] is not None and offset_ns is not None:
                stepped = segments.get(stream, row["segment"]) != row["segment"]
                segments[stream] = row["segment"]
                found.setdefault(stream, []).append(_of_stamps(row, offset_ns, stepped=stepped))
        elif row["skew_ppm"] is not None:
            span = ClockSpan(start_ns=drive[0], stop_ns=drive[1], skew_ppm=row["skew_ppm"])
            found.setdefault(row["clock"], [span])
    return {name: tuple(spans) for name, spans in found.items()}


def _of_stamps(row: dict[str, Any], offset_ns: int, *, stepped: bool) -> ClockSpan:
    return ClockSpan(
        start_ns=row["t_ns"] + offset_ns,
        stop_ns=row["stop_ns"] + offset_ns,
        skew_ppm=row["skew_ppm"],
        stepped=stepped,
        step_ms=row["step_ms"],
    )


def _offset_ns(row: dict[str, Any]) -> int | None:
    """Return the offset at the start of a stream; what drifts until its end is no matter here."""
    return None if row["offset_ms"] is None else round(row["offset_ms"] * 1e6)


def _rows(table: pa.Table | None) -> _Rows:
    rows: _Rows = [] if table is None else table.to_pylist()
    return sorted(rows, key=lambda row: row["t_ns"])
