"""The deskew_lidar step: sweeps as if measured at one moment.  Not in the default pipeline.

A sweep of 100 ms is bent by 1.4 m at 50 km/h: its points are where the sensor was when it saw them.
Each point is moved by what the ego drove and turned between its own time and that of the message.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.model.errors import ConfigError, InputError, NothingToDo
from avdataops.model.stream import Account, Problem
from avdataops.model.time import NS_PER_MS
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext, Table
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.columns import floats, times
from avdataops.signals.dead_reckoning import planar_poses, window
from avdataops.signals.deskew import Poses, deskew
from avdataops.signals.message_times import recorded_times, reference_times
from avdataops.signals.point_times import LONGEST_NS, since_message, time_column
from avdataops.signals.rows import in_time_order, picked_rows, unified_schema
from avdataops.signals.stamps import STAMP_COLUMN
from avdataops.tables.kinds import kind

_PLACE = ("points_x_m", "points_y_m", "points_z_m")
_INTENSITY = "points_intensity"
_MOUNTING = 6
_EDGE_NS = NS_PER_MS * 500
"""Poses this long before and after what a sweep needs are looked at."""

Parts = tuple[Table, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskewParams:
    """How the points tell their time, and where the sensor sits."""

    time_column: str = ""
    """Column of the points' own times; empty: the first known one (see signals/point_times)."""
    time_unit: str = ""
    """s, ms, us or ns; empty: whole numbers are ns, others s."""
    at_ms: float = 0.0
    """Moment, counted from the message's stamp, at which the whole sweep is told: 50 is the middle
    of a sweep of 100 ms that is stamped at its start."""
    mounting: tuple[float, ...] = ()
    """Place x, y, z [m] and roll, pitch, yaw [rad] of the sensor in the vehicle's frame (ISO 8855);
    empty: the clouds are in the vehicle's frame already."""


def run(ctx: StepContext, inputs: Inputs, params: DeskewParams) -> Iterator[Rows]:
    """Yield the sweeps of one stream with their points at one moment each, in their given order.

    Points whose time or pose is unknown are null; sweeps without a pose at their own moment are
    left out.  Raises ``ConfigError`` for a mounting that is not of six numbers, ``NothingToDo``
    for a stream without points, times of points, or a clock that is tied to the ego's.
    """
    mounting = _mounting(params.mounting)
    parts = in_time_order(inputs.tables["stream"])
    name = parts[0].artifact.name
    schema = unified_schema([table.schema for table in parts])
    at = reference_times(parts, inputs.tables["sync_quality"], inputs.tables.get("stamps", ()))
    why, column = "clock_unknown", ""
    try:
        column = _time_column(schema, params)
    except InputError as error:
        text = f"'{name}' is not put to one moment: {error.message}"
        ctx.caveat(Problem(code="no_point_time", message=text, stream=name))
        at, why = None, "no_point_time"
    if at is None:
        ctx.account(_account(name, recorded_times(parts).size, 0, why))
        raise NothingToDo(f"no sweep of '{name}' can be put to one moment: {why}")
    moved = _Sweeps(_poses(inputs), mounting, column, params)
    lost = 0
    output = Output(kind="deskewed", name=name)
    yield Rows(output, pa.RecordBatch.from_pylist([], schema=kind("deskewed").schema))
    for t_ns, message in _messages(parts, schema, column, at):
        sweep = moved.at_one_moment(t_ns, message)
        lost += sweep is None
        if sweep is not None:
            yield Rows(output, sweep)
    ctx.account(_account(name, at.size, at.size - lost, "no_pose"))


@dataclass(frozen=True, slots=True)
class _Sweeps:
    """What moves the points of sweeps."""

    poses: Poses
    mounting: Floats
    column: str
    params: DeskewParams

    def at_one_moment(self, t_ns: int, message: dict[str, Any]) -> pa.RecordBatch | None:
        """Return a sweep as a row of the kind ``deskewed``; None without a pose at its moment."""
        moment_ns = t_ns + round(self.params.at_ms * NS_PER_MS)
        x, y, z = (_numbers(message[name]) for name in _PLACE)
        points = np.column_stack((x, y, z))
        stamp_ns = message.get(STAMP_COLUMN) or message["t_ns"]
        since = since_message(_raw(message[self.column]), stamp_ns, self.params.time_unit)
        if since.size != x.size:
            since = np.full(x.size, LONGEST_NS * 1000, dtype=np.int64)
        ends = (t_ns - LONGEST_NS, moment_ns, t_ns + LONGEST_NS)
        near = window(self.poses, min(ends) - _EDGE_NS, max(ends) + _EDGE_NS)
        if not _has_pose(near, moment_ns):
            return None
        flat = deskew(points, t_ns + since, moment_ns, near, self.mounting)
        known: Bools = np.asarray(np.isfinite(flat).all(axis=1), dtype=np.bool_)
        shift = np.linalg.norm(flat - points, axis=1)[known]
        columns = {
            "t_ns": [moment_ns],
            "recorded_t_ns": [message["t_ns"]],
            "row": [message["row"]],
            "part": [message["part"]],
            **{name: _list(flat[:, axis], known) for axis, name in enumerate(_PLACE)},
            _INTENSITY: _intensity(message.get(_INTENSITY)),
            "unknown_points": [int(known.size - np.count_nonzero(known))],
            "most_moved_m": [float(shift.max()) if shift.size else None],
        }
        schema = kind("deskewed").schema
        arrays = [pa.array(columns[field.name], field.type) for field in schema]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _time_column(schema: pa.Schema, params: DeskewParams) -> str:
    if not set(_PLACE).issubset(schema.names):
        raise InputError("it holds no clouds of points with x, y and z in metres")
    return time_column(schema.names, params.time_column)


def _has_pose(poses: Poses, t_ns: int) -> bool:
    origin, moment = np.zeros((1, 3)), np.array([t_ns])
    return bool(np.isfinite(deskew(origin, moment, t_ns, poses)).all())


def _mounting(given: tuple[float, ...]) -> Floats:
    """Return the motion (4, 4) from the sensor's frame to the vehicle's: z, then y, then x."""
    motion = np.eye(4)
    if not given:
        return motion
    if len(given) != _MOUNTING or not np.isfinite(given).all():
        raise ConfigError(f"a mounting is x, y, z, roll, pitch, yaw, not {given}")
    (cr, cp, cy), (sr, sp, sy) = np.cos(given[3:]), np.sin(given[3:])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
    about_y = np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
    about_z = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
    motion[:3, :3], motion[:3, 3] = about_z @ about_y @ about_x, given[:3]
    return motion


def _poses(inputs: Inputs) -> Poses:
    names = ["t_ns", "ego_speed_mps", "yaw_rate_radps"]
    ego = pa.concat_tables([table.read(names) for table in inputs.tables["ego"]])
    speed, rate = (floats(ego[name]) for name in names[1:])
    return planar_poses(times(ego["t_ns"]), speed, rate)


def _messages(
    parts: Parts, schema: pa.Schema, column: str, at: Times
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield time on the reference clock and columns of each message, in order of time."""
    names = {"t_ns", "row", STAMP_COLUMN, *_PLACE, _INTENSITY, column}
    wanted = pa.schema([field for field in schema if field.name in names])
    batches = (
        (table.artifact.part, batch)
        for table in parts
        for batch in table.batches([n for n in wanted.names if n in table.schema.names])
    )
    order = np.argsort(at, kind="stable")
    done = 0
    for batch in picked_rows(batches, wanted, order):
        for row in range(batch.num_rows):
            message = {name: batch.column(name)[row] for name in batch.schema.names}
            yield (
                int(at[order[done]]),
                {
                    name: value if pa.types.is_list(value.type) else value.as_py()
                    for name, value in message.items()
                },
            )
            done += 1


def _raw(scalar: pa.ListScalar) -> Any:
    if scalar.values is None:
        return np.empty(0)
    return np.asarray(scalar.values.to_numpy(zero_copy_only=False))


def _numbers(scalar: pa.ListScalar) -> Floats:
    return np.asarray(_raw(scalar), dtype=np.float64)


def _list(values: Floats, known: Bools) -> pa.Array:
    """Return one list of the values, null where they are not known."""
    flat = pa.array(values.astype(np.float32), mask=~known)
    return pa.ListArray.from_arrays(pa.array([0, len(flat)], pa.int32()), flat)


def _intensity(scalar: pa.ListScalar | None) -> pa.Array:
    if scalar is None or scalar.values is None:
        return pa.nulls(1, pa.list_(pa.float32()))
    values = _numbers(scalar)
    return _list(values, np.isfinite(values))


def _account(name: str, rows_in: int, rows_out: int, why: str) -> Account:
    lost = rows_in - rows_out
    return Account(
        stream=name, rows_in=rows_in, rows_out=rows_out, dropped={why: lost} if lost else {}
    )


DESKEW_LIDAR = Step(
    name="deskew_lidar",
    version=1,
    split=Split.STREAM,
    needs={
        "stream": Need(kind="stream", where={"topic_class": "lidar"}),
        "ego": Need(kind="ego", doc="Speed and yaw rate say how the ego moved within a sweep."),
        "sync_quality": Need(kind="sync_quality", doc="Where the stream lies in time."),
        "stamps": Need(kind="stamp_models", optional=True, doc="What messages' own stamps are."),
    },
    makes=("deskewed",),
    params=DeskewParams,
    run=run,
    doc="Lidar sweeps with every point at one moment, by the points' own times.",
)
