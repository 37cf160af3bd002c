"""What a person is told of the sync of one measurement: rows for a table, and what is drawn."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from avdataops.model.time import NS_PER_MS
from avdataops.signals.clock_table import STAMPS

COLUMNS = (
    "stream",
    "rate_hz",
    "jitter_ms",
    "gaps",
    "stamp_kind",
    "clock",
    "method",
    "offset_ms",
    "drift_ppm",
    "residual_p50_ms",
    "residual_p95_ms",
    "refused",
)
"""Of a row of the quality table, in this order."""

Row = Mapping[str, Any]
_Key = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One stream over the drive, on the reference clock; times in ns."""

    stream: str
    clock: str
    method: str
    refused: str | None
    """Why it lies nowhere on the reference clock; its times are then those of its own clock."""
    first_ns: int
    last_ns: int
    rate_hz: float | None
    coverage: float | None
    gaps: tuple[tuple[int, int], ...] = ()
    steps: tuple[tuple[int, float], ...] = ()
    """When the clock of its stamps jumped, and how far in ms."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a clock's model: from when to when, and the offset in ms at both ends."""

    start_ns: int
    stop_ns: int
    offset_ms: tuple[float, float] | None
    """None where no model is given."""
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """How one clock leads to another over the drive, in pieces."""

    clock: str
    stream: str | None
    reference: str
    method: str
    pieces: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class SyncView:
    """All that a picture of the sync shows; lanes by clock (the reference first) and name."""

    lanes: tuple[Lane, ...]
    links: tuple[Link, ...]


def quality_rows(quality: pa.Table, models: pa.Table) -> list[dict[str, Any]]:
    """Return one row of ``COLUMNS`` per stream from ``sync_quality`` and ``clock_models``.

    Residuals are those of the stream's own stamps where these are modelled, else those of its
    clock, worst of all pieces.  ``refused`` is of the clock, else of the stamps.
    """
    stamps, ties = _models_by_stream(models), _ties_by_clock(models)
    rows = []
    for one in quality.to_pylist():
        own = stamps.get(one["stream"], [])
        told = [row for row in own if row["residual_p95_ms"] is not None]
        told = told or ties.get(one["clock"], [])
        refusals = [row["refused"] for row in own if row["refused"] is not None]
        more: dict[str, Any] = {
            name: _worst(row[name] for row in told)
            for name in ("residual_p50_ms", "residual_p95_ms")
        }
        more["refused"] = one["refused"] or (refusals[0] if refusals else None)
        rows.append({name: (one | more)[name] for name in COLUMNS})
    return rows


def sync_view(quality: pa.Table, gaps: pa.Table, models: pa.Table) -> SyncView:
    """Return what is drawn of the tables ``sync_quality``, ``gaps`` and ``clock_models``."""
    streams = {row["stream"]: row for row in quality.to_pylist()}
    gapped: dict[str, list[tuple[int, int]]] = {}
    for row in gaps.to_pylist():
        if row["gap_stop_ns"] is not None:
            gapped.setdefault(row["stream"], []).append((row["t_ns"], row["gap_stop_ns"]))
    stepped: dict[str, list[tuple[int, float]]] = {}
    for row in models.to_pylist():
        if row["step_ms"] is not None and row["stream"] in streams:
            at_ns = _placing(row, streams)(row["t_ns"])
            stepped.setdefault(row["stream"], []).append((at_ns, row["step_ms"]))
    lanes = [
        _lane(row, gapped.get(name, ()), stepped.get(name, ())) for name, row in streams.items()
    ]
    lanes.sort(key=lambda one: (one.method != "reference", one.clock, one.stream))
    return SyncView(tuple(lanes), _links(models, streams))


def _lane(row: Row, gaps: Iterable[tuple[int, int]], steps: Iterable[tuple[int, float]]) -> Lane:
    return Lane(
        stream=row["stream"],
        clock=row["clock"] or "",
        method=row["method"] or "",
        refused=row["refused"] if row["offset_ms"] is None else None,
        first_ns=row["t_ns"],
        last_ns=row["last_ns"],
        rate_hz=row["rate_hz"],
        coverage=row["coverage"],
        gaps=tuple(sorted(gaps)),
        steps=tuple(sorted(steps)),
    )


def _links(models: pa.Table, streams: Mapping[str, Row]) -> tuple[Link, ...]:
    """Return the links that have a model or a refusal, by clock and stream, ties first."""
    grouped: dict[_Key, list[Row]] = {}
    for row in models.to_pylist():
        if row["t0_ns"] is not None or row["refused"] is not None:
            grouped.setdefault((row["clock"], row["stream"], row["reference"]), []).append(row)
    keys = sorted(grouped, key=lambda key: (key[0] == STAMPS, key[0], key[1] or "", key[2]))
    return tuple(_link(key, grouped[key], streams) for key in keys)


def _link(key: _Key, rows: list[Row], streams: Mapping[str, Row]) -> Link:
    known = next((row for row in rows if row["t0_ns"] is not None), None)
    pieces = []
    for row in rows:
        place = _placing(row if row["t0_ns"] is not None else known or row, streams)
        stop_ns = row["stop_ns"]
        if stop_ns is None:
            stop_ns = max([row["t_ns"], *(_last_ns(one) for one in _of_clock(row, streams))])
        ends = None
        if row["t0_ns"] is not None:
            ends = (_offset_ns(row, row["t_ns"]) / NS_PER_MS, _offset_ns(row, stop_ns) / NS_PER_MS)
        pieces.append(Stretch(place(row["t_ns"]), place(stop_ns), ends, row["refused"]))
    clock, stream, reference = key
    return Link(clock, stream, reference, rows[0]["method"], tuple(pieces))


def _placing(row: Row, streams: Mapping[str, Row]) -> Callable[[int], int]:
    """Return what takes a time on the clock that ``row`` models to the reference clock."""
    of_stamps = row["clock"] == STAMPS and row["t0_ns"] is not None
    via = next(iter(_of_clock(row, streams)), None)

    def place(t_ns: int) -> int:
        recorded_ns: int = t_ns + (_offset_ns(row, t_ns) if of_stamps else 0)
        if via is None or via["offset_ms"] is None:
            return recorded_ns
        drift: float = (recorded_ns - _first_ns(via)) * (via["drift_ppm"] or 0.0) * 1e-6
        offset_ns: float = via["offset_ms"] * NS_PER_MS
        return recorded_ns + round(offset_ns + drift)

    return place


def _of_clock(row: Row, streams: Mapping[str, Row]) -> list[Row]:
    """Return the quality of the stream that a model is of, or of all streams of its clock."""
    if row["stream"] in streams:
        return [streams[row["stream"]]]
    return [one for one in streams.values() if one["clock"] == row["clock"]]


def _first_ns(one: Row) -> int:
    """Return the first message on the recorder's clock."""
    return int(one["t_ns"] - round((one["offset_ms"] or 0.0) * NS_PER_MS))


def _last_ns(one: Row) -> int:
    """Return the last message on the recorder's clock, to a drift over the drive."""
    return int(one["last_ns"] - round((one["offset_ms"] or 0.0) * NS_PER_MS))


def _offset_ns(row: Row, t_ns: int) -> int:
    drift: float = (t_ns - row["t0_ns"]) * row["skew_ppm"] * 1e-6
    return int(row["offset_ns"]) + round(drift)


def _models_by_stream(models: pa.Table) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in models.to_pylist():
        if row["clock"] == STAMPS and row["stream"] is not None:
            found.setdefault(row["stream"], []).append(row)
    return found


def _ties_by_clock(models: pa.Table) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in models.to_pylist():
        if row["clock"] != STAMPS:
            found.setdefault(row["clock"], []).append(row)
    return found


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
