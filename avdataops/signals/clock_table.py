"""Models of clocks as rows of the kinds ``clock_models`` and ``stamp_models``, and back."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import pyarrow as pa

from avdataops.model.time import NS_PER_MS
from avdataops.signals.clock_pieces import Piece, steps_of
from avdataops.signals.clocks import ClockModel, Refusal
from avdataops.signals.gnss_ties import GNSS_METHOD, UTC_CLOCK, GnssClock
from avdataops.signals.stamps import StampKind, Stamps
from avdataops.signals.ties import Tie
from avdataops.tables.kinds import kind

STAMPS = "stamps"
_METHODS: Mapping[StampKind, str] = {
    StampKind.NONE: "receive_time",
    StampKind.SOFTWARE: "receive_time",
    StampKind.COMMON: "as_stamped",
    StampKind.OWN: "one_way",
}

Row = dict[str, object]


def stamp_table(stream: str, clock: str, span: tuple[int, int], stamps: Stamps) -> pa.Table:
    """Return the rows of one stream's stamps: one per piece, or one that says why there is none.

    ``clock`` is the recorder's, ``span`` the receive times [start, stop) in ns.
    """
    same: Row = {
        "clock": STAMPS,
        "stream": stream,
        "reference": clock,
        "method": _METHODS[stamps.kind],
        "stamp_kind": stamps.kind.value,
    }
    steps = dict(steps_of(stamps.pieces))
    rows = [same | _piece(piece, steps) for piece in stamps.pieces]
    if not rows:
        rows = [same | {"t_ns": span[0], "stop_ns": span[1], "refused": stamps.refused}]
    return pa.Table.from_pylist(rows, schema=kind("stamp_models").schema)


def stamps_from(table: pa.Table) -> Stamps:
    """Return what :func:`stamp_table` wrote."""
    rows = table.to_pylist()
    if not rows:
        return Stamps(StampKind.NONE)
    pieces = tuple(_read(row) for row in rows if row["segment"] is not None)
    return Stamps(StampKind(rows[0]["stamp_kind"]), pieces, rows[0]["refused"])


def clock_table(
    ties: Iterable[Tie],
    reference: str,
    starts_ns: Mapping[str, int],
    gnss: Mapping[str, GnssClock],
    stamps: Iterable[pa.Table],
) -> pa.Table:
    """Return every link between clocks: the ties to the reference, those to UTC, and the stamps.

    ``starts_ns`` is the first message of each clock.  Sorted by time, clock and stream.
    """
    schema = kind("clock_models").schema
    rows = [_tie(one, reference, starts_ns[one.clock]) for one in ties]
    rows += [_gnss(one, starts_ns[one.clock]) for one in gnss.values()]
    made = pa.Table.from_pylist(rows, schema=schema)
    joined = pa.concat_tables(
        [made, *(table.select(schema.names).cast(schema) for table in stamps)]
    )
    return joined.sort_by([(name, "ascending") for name in kind("clock_models").sort])


def _tie(one: Tie, reference: str, start_ns: int) -> Row:
    same: Row = {"t_ns": start_ns, "clock": one.clock, "reference": reference}
    return same | {"method": one.method, "refused": one.refused} | _model(one.model)


def _gnss(one: GnssClock, start_ns: int) -> Row:
    same: Row = {
        "t_ns": start_ns,
        "clock": one.clock,
        "stream": one.stream,
        "reference": UTC_CLOCK,
        "method": GNSS_METHOD,
    }
    if isinstance(one.found, Refusal):
        return same | {"refused": _text(one.found)}
    return same | _model(one.found)


def _piece(piece: Piece, steps: Mapping[int, int | None]) -> Row:
    step_ns = steps.get(piece.start_ns)
    return {
        "t_ns": piece.start_ns,
        "stop_ns": piece.stop_ns,
        "segment": piece.segment,
        "step_ms": None if step_ns is None else step_ns / NS_PER_MS,
        "refused": _text(piece.refused),
    } | _model(piece.model)


def _text(refused: Refusal | None) -> str | None:
    return None if refused is None else f"{refused.reason} ({refused.message})"


def _model(model: ClockModel | None) -> Row:
    if model is None:
        return {}
    return {
        "t0_ns": model.t0_ns,
        "offset_ns": model.offset_ns,
        "skew_ppm": model.skew_ppm,
        "sigma_ms": model.sigma_ms,
        "residual_p50_ms": model.residual_p50_ms,
        "residual_p95_ms": model.residual_p95_ms,
        "points": model.points,
    }


def _read(row: Mapping[str, Any]) -> Piece:
    refused = row["refused"]
    model = None
    if refused is None:
        model = ClockModel(**{field.name: row[field.name] for field in fields(ClockModel)})
    return Piece(
        segment=row["segment"],
        start_ns=row["t_ns"],
        stop_ns=row["stop_ns"],
        model=model,
        refused=refused and Refusal(refused.partition(" (")[0], refused),
    )
