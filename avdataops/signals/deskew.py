"""Points of a lidar sweep put where they would be had the whole sweep been measured at once.

A pure function; the step ``deskew_lidar`` calls it with poses by dead reckoning.
"""

from dataclasses import dataclass

import numpy as np

from avdataops.model.errors import InputError
from avdataops.signals.align import linear_at, slerp_at
from avdataops.signals.arrays import Floats, Times

BIN_NS = 1_000_000
"""Points within a millisecond share a pose: 3 cm at 30 m/s, and half of it at most is error."""
MAX_POSE_GAP_NS = 200_000_000
_UNIT_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Poses:
    """Where the vehicle was in a fixed frame."""

    t: Times
    positions_m: Floats
    """(p, 3)."""
    quaternions_xyzw: Floats
    """(p, 4); from the vehicle to the fixed frame."""


def deskew(
    points_m: Floats,
    t_points: Times,
    t_reference_ns: int,
    poses: Poses,
    sensor_to_vehicle: Floats | None = None,
) -> Floats:
    """Return points (n, 3) [m] as the sensor at ``t_reference_ns`` would see them.

    ``points_m`` (n, 3) are in the sensor's frame, each measured at its ``t_points``.  Between poses
    positions are taken on the straight line and orientations by slerp, never across 0.2 s.
    ``sensor_to_vehicle`` (4, 4) is the mounting (identity if not given).  Still objects come to
    rest; moving ones keep their own motion.

    Points at times without a pose are NaN, and so are all if the reference time has none.
    Raises ``InputError`` on other shapes or a mounting that is no rigid motion.
    Source: p_ref = T_SB T_BW(t_ref) T_WB(t_i) T_BS p_i, as is standard for rotating scanners.
    """
    _check(points_m, t_points, poses)
    mounting = np.eye(4) if sensor_to_vehicle is None else _rigid(sensor_to_vehicle)
    bins, of_point = np.unique(_middle(t_points - t_reference_ns), return_inverse=True)
    ticks = np.append(bins + t_reference_ns, t_reference_ns)
    places = np.column_stack(
        [linear_at(poses.t, poses.positions_m[:, k], ticks, MAX_POSE_GAP_NS) for k in range(3)]
    )
    turns = _matrices(slerp_at(poses.t, poses.quaternions_xyzw, ticks, MAX_POSE_GAP_NS))
    back = turns[-1].T
    # From the vehicle at each bin to the vehicle at the reference time.
    turn = back @ turns[:-1]
    shift = (places[:-1] - places[-1]) @ back.T
    # The mounting on both sides: sensor to vehicle before, vehicle to sensor after.
    hold, arm = mounting[:3, :3], mounting[:3, 3]
    turn_sensor = hold.T @ turn @ hold
    shift_sensor = (turn @ arm + shift - arm) @ hold
    moved = np.einsum("nij,nj->ni", turn_sensor[of_point], points_m)
    return np.asarray(moved + shift_sensor[of_point], dtype=np.float64)


def _middle(since_ns: Times) -> Times:
    """Return the middle of the millisecond that each time lies in."""
    return np.asarray(since_ns // BIN_NS * BIN_NS + BIN_NS // 2, dtype=np.int64)


def _matrices(q_xyzw: Floats) -> Floats:
    """Return rotation matrices (m, 3, 3) of unit quaternions (m, 4)."""
    x, y, z, w = q_xyzw.T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _rigid(motion: Floats) -> Floats:
    if motion.shape != (4, 4):
        raise InputError(f"a mounting has shape (4, 4), not {motion.shape}")
    turn = motion[:3, :3]
    is_turn = np.allclose(turn @ turn.T, np.eye(3), atol=_UNIT_TOLERANCE)
    if not is_turn or np.linalg.det(turn) < 0 or not np.allclose(motion[3], (0, 0, 0, 1)):
        raise InputError("a mounting must be a rotation and a translation")
    return motion


def _check(points: Floats, t: Times, poses: Poses) -> None:
    wanted = {
        "points": (points.shape, (t.size, 3)),
        "positions": (poses.positions_m.shape, (poses.t.size, 3)),
        "quaternions": (poses.quaternions_xyzw.shape, (poses.t.size, 4)),
    }
    for name, (got, needed) in wanted.items():
        if got != needed:
            raise InputError(f"{name} have shape {got}, not {needed}")
