"""The commute through the whole product, and its sources as series."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

import avdataops as av
from avdataops.lake import FoundScene
from avdataops.model.errors import InputError
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.clocks import ClockModel
from avdataops.signals.columns import floats, times
from avdataops.signals.filters import low_pass
from avdataops.signals.gnss_time import time_columns, utc_stamps
from avdataops.signals.kinematics import acceleration_from_speed
from avdataops.signals.usable import blank_unusable
from avdataops.testing.command_line import Desk
from benchmarks.commute.agreement import Series

FILES, DATABASES = "css_3BA199E2_00000165_*", ("canmod-gps.dbc", "OBD-v4.4.dbc")
FIX_3D = 3.0
MAX_GAP_NS = 500_000_000
"""As scenes are found with."""
_INERTIAL = "can/gnss_imu"
_TIME = "can/gnss_time"
_CUTOFF_HZ = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What each source alone says; times on the reference clock except where told."""

    wheel_speed_mps: Series
    gnss_speed_mps: Series
    yaw_rate_radps: Series
    heading_rad: Series
    """Counter-clockwise, unwrapped."""
    wheel_accel_mps2: Series
    """Slope of the wheels' speed below 1 Hz."""
    inertial_accel_mps2: Series
    """Along the car, below 1 Hz, without its median."""
    utc_ns: Times
    recorded_ns: Times
    """On the recorder's own clock."""
    clock: ClockModel


def processed(data: Path, workspace: Path) -> Path:
    """Upload the commute's files below ``data``, run everything, and return the workspace."""
    files = sorted((data / "mdf4").glob(FILES)) if data.is_dir() else []
    databases = [data / "dbc" / name for name in DATABASES]
    if not files or not all(path.is_file() for path in databases):
        raise InputError(f"no commute below {data}; set AVDATAOPS_TEST_DATA to its folder")
    folder = workspace / "given"
    folder.mkdir(parents=True)
    for path in files:
        (folder / path.name).symlink_to(path.resolve())
    desk = Desk(workspace / "made")
    given = [part for path in databases for part in ("--dbc", path)]
    uploaded = desk.here("upload", folder, "--vehicle", "commute", *given, "--format", "json")
    if uploaded.status:
        raise InputError(f"the commute was not taken: {uploaded.err.strip()}")
    ran = desk.here("run", uploaded.json["measurement"], "--format", "json")
    if ran.status:
        raise InputError(f"the commute was not processed: {ran.err.strip()}")
    return desk.workspace


def sources(lake: av.Lake) -> Sources:
    """Return every source of motion and time of the only measurement."""
    (measurement,) = lake.measurements()
    ego = lake.table(measurement.id, "ego")
    obd = lake.stream(measurement.id, "CAN1.OBD_RX").sort_by("t_ns")
    status = lake.stream(measurement.id, "CAN2.gnss_status").sort_by("t_ns")
    speed = lake.stream(measurement.id, "CAN2.gnss_speed").sort_by("t_ns")
    attitude = lake.stream(measurement.id, "CAN2.gnss_attitude").sort_by("t_ns")
    fixed = _series(status, "fix_type")
    heading = _kept(attitude, "heading", _fixed(attitude, fixed, "attitude_valid"))
    wheel = _series(obd, "s01_pid0_d_vehicle_speed")
    wheel = Series(wheel.t_ns, wheel.x / 3.6)
    moving = _series(ego, "ego_speed_mps", "t_ns")
    accel = acceleration_from_speed(
        moving.t_ns, moving.x, max_gap_ns=MAX_GAP_NS, cutoff_hz=_CUTOFF_HZ
    )
    wheel_accel = Series(moving.t_ns[np.isfinite(accel)], accel[np.isfinite(accel)])
    stamped = lake.stream(measurement.id, "CAN2.gnss_time").sort_by("t_ns")
    names = time_columns(_TIME, stamped.schema)
    utc_ns, recorded_ns = utc_stamps(stamped, names)
    return Sources(
        wheel_speed_mps=wheel,
        gnss_speed_mps=_kept(speed, "speed", _fixed(speed, fixed, "speed_valid")),
        yaw_rate_radps=_series(ego, "yaw_rate_radps", "t_ns"),
        heading_rad=Series(heading.t_ns, -np.unwrap(np.radians(heading.x))),
        wheel_accel_mps2=wheel_accel,
        inertial_accel_mps2=_forward(lake.stream(measurement.id, "CAN2.gnss_imu"), wheel_accel),
        utc_ns=utc_ns,
        recorded_ns=recorded_ns,
        clock=_clock(lake.table(measurement.id, "clock_models").to_pylist()),
    )


def scenes_by_type(lake: av.Lake) -> Mapping[str, tuple[FoundScene, ...]]:
    """Return the scenes by type, each in order of time."""
    found: dict[str, tuple[FoundScene, ...]] = {}
    for one in lake.scenes():
        found[one.type] = (*found.get(one.type, ()), one)
    return dict(sorted(found.items()))


def _fixed(table: pa.Table, fixed: Series, valid: str) -> Bools:
    """Return the rows called valid with a fix: without one the last values go on as valid."""
    has_fix = fixed.at(times(table["t_ref_ns"]), 2.2) == FIX_3D
    return np.asarray(has_fix & (floats(table[valid]) == 1.0))


def _kept(table: pa.Table, name: str, rows: Bools) -> Series:
    return Series(times(table["t_ref_ns"])[rows], floats(table[name])[rows])


def _series(table: pa.Table, name: str, time: str = "t_ref_ns") -> Series:
    x = floats(table[name])
    known = np.isfinite(x)
    return Series(times(table[time])[known], x[known])


def _forward(raw: pa.Table, slope: Series) -> Series:
    """Return acceleration along the car from a unit that sits in it at an unknown attitude.

    Level is across gravity (the median of all samples); forward is the level direction along
    which the samples follow the slope of the speed best.  Its size is the unit's own.
    """
    table, _ = blank_unusable(raw.sort_by("t_ns"), _INERTIAL)
    axes = np.stack([floats(table[f"acceleration_{axis}"]) for axis in "xyz"], axis=1)
    known = np.isfinite(axes).all(axis=1)
    t, axes = times(table["t_ref_ns"])[known], axes[known]
    smooth = np.stack([low_pass(t, axis, _CUTOFF_HZ, MAX_GAP_NS) for axis in axes.T], axis=1)
    theirs = slope.at(t, 0.1)
    both = np.isfinite(theirs) & np.isfinite(smooth).all(axis=1)
    forward = forward_axis(smooth[both], theirs[both])
    along = smooth @ forward
    return Series(t[both], along[both] - float(np.median(along[both])))


def forward_axis(axes: Floats, slope: Floats) -> Floats:
    """Return the unit vector of forward from accelerations (n, 3) and the slope of speed (n,)."""
    up = np.median(axes, axis=0)
    up /= np.linalg.norm(up)
    fitted = np.linalg.lstsq(np.c_[axes, np.ones(slope.size)], slope, rcond=None)[0][:3]
    level = fitted - (fitted @ up) * up
    return np.asarray(level / np.linalg.norm(level))


def _clock(rows: list[dict[str, float]]) -> ClockModel:
    told = [row for row in rows if row["offset_ns"] is not None]
    if len(told) != 1:
        raise InputError(f"the commute has {len(told)} clock models, not one")
    (row,) = told
    return ClockModel(
        t0_ns=int(row["t0_ns"]),
        offset_ns=int(row["offset_ns"]),
        skew_ppm=row["skew_ppm"],
        residual_p50_ms=row["residual_p50_ms"],
        residual_p95_ms=row["residual_p95_ms"],
        sigma_ms=row["sigma_ms"],
        points=int(row["points"]),
    )
