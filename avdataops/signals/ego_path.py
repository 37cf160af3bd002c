"""Where the vehicle was, in metres east, north and up of an origin where satellites allow it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from avdataops.model.rig import EgoPath, EgoPose, Origin, Placement
from avdataops.ports.step import Table
from avdataops.signals.align import angle_at, linear_at, slerp_at
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.columns import floats, times
from avdataops.signals.deskew import MAX_POSE_GAP_NS, Poses
from avdataops.signals.geo import to_local

TYPE = "nav_msgs/msg/Odometry"
_PLACE = tuple(f"pose_pose_position_{axis}_m" for axis in "xyz")
_TURN = tuple(f"pose_pose_orientation_{axis}" for axis in "xyzw")
_FRAMES = ("child_frame_id", "header_frame_id")
_EGO = ("lat_deg", "lon_deg", "heading_rad")
MIN_EXTENT_M = 20.0
"""A shorter way does not tell how the odometry's axes lie on the Earth: with fixes good to 0.6 m
its direction would be off by degrees."""
MAX_TIE_RMS_M = 5.0
"""Fixes of a plain receiver scatter by less; above, the odometry drifts or is of another drive."""


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Where the vehicle was, at any time that is near enough to a sample."""

    path: EgoPath
    """Without its poses."""
    poses: Poses

    def at(self, t: Times) -> EgoPath:
        """Return the path with the poses at these times; times without one are left out."""
        ticks = np.unique(t)
        places, turns = sampled(self.poses, ticks)
        known = np.isfinite(places).all(axis=1) & np.isfinite(turns).all(axis=1)
        found = [
            EgoPose(
                t_ns=int(ticks[row]),
                placement=Placement(
                    translation_m=tuple(places[row].tolist()),
                    rotation_xyzw=tuple(turns[row].tolist()),
                ),
            )
            for row in np.flatnonzero(known)
        ]
        return replace(self.path, poses=tuple(found))


def sampled(poses: Poses, ticks: Times) -> tuple[Floats, Floats]:
    """Return positions (m, 3) and quaternions (m, 4) at ticks, NaN where there is none."""
    columns = [
        linear_at(poses.t, poses.positions_m[:, k], ticks, MAX_POSE_GAP_NS) for k in range(3)
    ]
    return np.column_stack(columns), slerp_at(
        poses.t, poses.quaternions_xyzw, ticks, MAX_POSE_GAP_NS
    )


def trajectory(
    odometry: Sequence[Table], ego: Table | None, vehicle_frame: str
) -> Trajectory | None:
    """Return the path of the vehicle from the best that there is; None where there is nothing.

    Odometry of the vehicle's frame gives the shape, and satellites where on the Earth it lies: the
    turn and shift about the vertical that fits their positions best.  Without odometry positions
    are the satellites' own with the heading of the table ``ego``, and roll and pitch are unknown.
    """
    fixes = _fixes(ego)
    for table in odometry:
        found = _odometry(table, vehicle_frame)
        if found is not None:
            return _tied(table.artifact.name, found, fixes)
    return None if fixes is None else _of_fixes(fixes)


@dataclass(frozen=True, slots=True)
class _Fixes:
    t: Times
    enu_m: Floats
    """(n, 3); NaN where unknown."""
    heading_rad: Floats
    origin: Origin


def _fixes(ego: Table | None) -> _Fixes | None:
    if ego is None or not {*_EGO} <= {*ego.schema.names}:
        return None
    rows = ego.read([n for n in ("t_ns", *_EGO, "alt_m") if n in ego.schema.names])
    lat, lon = floats(rows["lat_deg"]), floats(rows["lon_deg"])
    known = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
    if not known.size:
        return None
    first = int(known[0])
    has_alt = "alt_m" in rows.schema.names
    alt = floats(rows["alt_m"]) if has_alt else np.full(lat.size, np.nan)
    alt0 = float(alt[first]) if np.isfinite(alt[first]) else None
    east, north = to_local(lat, lon, float(lat[first]), float(lon[first]))
    up = alt - alt0 if alt0 is not None else np.zeros(lat.size)
    origin = Origin(lat_deg=float(lat[first]), lon_deg=float(lon[first]), alt_m=alt0)
    enu = np.column_stack((east, north, up))
    return _Fixes(times(rows["t_ns"]), enu, floats(rows["heading_rad"]), origin)


def _odometry(table: Table, vehicle_frame: str) -> Poses | None:
    """Return the poses of one odometry; None where it is of another frame or holds none."""
    names = table.schema.names
    if not {*_PLACE, *_TURN} <= {*names}:
        return None
    columns = ["t_ns", *_PLACE, *_TURN, *(name for name in _FRAMES if name in names)]
    rows = table.read(columns)
    if not all(_agree(rows, name, vehicle_frame) for name in _FRAMES[:1] if name in names):
        return None
    if "header_frame_id" in names and len(_texts(rows, "header_frame_id")) > 1:
        return None
    place = np.column_stack([floats(rows[name]) for name in _PLACE])
    turn = np.column_stack([floats(rows[name]) for name in _TURN])
    known = np.isfinite(place).all(axis=1) & (np.linalg.norm(turn, axis=1) > 0)
    return Poses(times(rows["t_ns"])[known], place[known], turn[known]) if known.any() else None


def _texts(rows: pa.Table, name: str) -> set[str]:
    texts = rows[name].unique().to_pylist()
    return {str(text).removeprefix("/") for text in texts if text}


def _agree(rows: pa.Table, name: str, frame: str) -> bool:
    return _texts(rows, name) <= {frame}


def _tied(source: str, found: Poses, fixes: _Fixes | None) -> Trajectory:
    local = Trajectory(EgoPath(axes="local", source=source), found)
    if fixes is None:
        return local
    columns = [linear_at(fixes.t, fixes.enu_m[:, k], found.t, MAX_POSE_GAP_NS) for k in range(3)]
    there = np.column_stack(columns)
    both = np.isfinite(there).all(axis=1)
    if not both.any() or _extent_m(there[both, :2]) < MIN_EXTENT_M:
        return local
    turn, shift = _planar_tie(found.positions_m[both], there[both])
    moved = found.positions_m @ turn.T + shift
    rms_m = float(np.sqrt(np.mean(np.sum((moved - there)[both, :2] ** 2, axis=1))))
    if rms_m > MAX_TIE_RMS_M:
        return local
    from scipy.spatial.transform import Rotation

    turned = Rotation.from_matrix(turn) * Rotation.from_quat(found.quaternions_xyzw)
    path = EgoPath(axes="enu", origin=fixes.origin, source=source, tie_rms_m=rms_m)
    return Trajectory(path, Poses(found.t, moved, np.asarray(turned.as_quat())))


def _extent_m(places: Floats) -> float:
    return float(np.max(np.linalg.norm(places - places.mean(axis=0), axis=1)))


def _planar_tie(here: Floats, there: Floats) -> tuple[Floats, Floats]:
    """Return turn (3, 3) about the vertical and shift (3,) that bring ``here`` onto ``there``.

    Least squares in the plane (Umeyama 1991 without scale), the median in height.
    """
    mean_here, mean_there = here.mean(axis=0), there.mean(axis=0)
    a, b = (here - mean_here)[:, :2], (there - mean_there)[:, :2]
    yaw = np.arctan2(np.sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]), np.sum(a * b))
    cos, sin = np.cos(yaw), np.sin(yaw)
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    shift = mean_there - turn @ mean_here
    shift[2] = np.median(there[:, 2] - here[:, 2])
    return turn, shift


def _of_fixes(fixes: _Fixes) -> Trajectory | None:
    heading = angle_at(fixes.t, fixes.heading_rad, fixes.t, MAX_POSE_GAP_NS)
    known = np.isfinite(fixes.enu_m).all(axis=1) & np.isfinite(heading)
    if not known.any():
        return None
    half = heading[known] / 2
    zero = np.zeros(half.size)
    turns = np.column_stack((zero, zero, np.sin(half), np.cos(half)))
    path = EgoPath(axes="enu", origin=fixes.origin, source="ego", flat=True)
    return Trajectory(path, Poses(fixes.t[known], fixes.enu_m[known], turns))
