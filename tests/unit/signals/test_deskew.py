"""Sweeps taken while the vehicle drove and turned, against the still world they were taken of."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from avdataops.model.errors import InputError
from avdataops.signals.deskew import Poses, deskew

Floats = NDArray[np.float64]
MS = 1_000_000
S = 1_000_000_000
T0 = 1_760_000_000 * S
SWEEP_NS = 100 * MS
SPEED_MPS, RATE_RADPS = 30.0, float(np.radians(40.0))


def _pose(t_ns: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """A circle driven at 30 m/s and 40 deg/s: positions and yaw."""
    yaw = RATE_RADPS * (t_ns - T0) / S
    radius_m = SPEED_MPS / RATE_RADPS
    place = np.column_stack((radius_m * np.sin(yaw), radius_m * (1 - np.cos(yaw)), 0 * yaw))
    return place, yaw


def _quaternions(yaw: Floats) -> Floats:
    zero = np.zeros_like(yaw)
    return np.column_stack((zero, zero, np.sin(yaw / 2), np.cos(yaw / 2)))


def _turn(yaw: float) -> Floats:
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _mounted(yaw_deg: float, *place_m: float) -> Floats:
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = _turn(float(np.radians(yaw_deg))), place_m
    return motion


def _poses(rate_hz: float = 100.0) -> Poses:
    t = T0 + (np.arange(-20, 40) * S / rate_hz).astype(np.int64)
    place, yaw = _pose(t)
    return Poses(t, place, _quaternions(yaw))


def _seen(world: Floats, t: NDArray[np.int64], mounting: Floats) -> Floats:
    """Points (n, 3) of the fixed frame in the frame of the sensor at the time of each."""
    place, yaw = _pose(t)
    seen = []
    for point, at, turn in zip(world, place, yaw, strict=True):
        in_vehicle = _turn(float(turn)).T @ (point - at)
        seen.append(mounting[:3, :3].T @ (in_vehicle - mounting[:3, 3]))
    return np.array(seen)


def _wall() -> tuple[Floats, NDArray[np.int64]]:
    """A wall 20 m ahead, and when each of its points is hit in the sweep."""
    across = np.linspace(-15.0, 15.0, 2000)
    height = np.tile([-1.0, 0.0, 1.0, 2.0], 500)
    world = np.column_stack((np.full(2000, 20.0), across, height))
    return world, T0 + np.linspace(0, SWEEP_NS, 2000).astype(np.int64)


def _rms_from_plane(points: Floats) -> float:
    centred = points - points.mean(axis=0)
    normal = np.linalg.svd(centred, full_matrices=False)[2][-1]
    return float(np.sqrt(np.mean((centred @ normal) ** 2)))


@pytest.mark.parametrize("mounting", [np.eye(4), _mounted(25.0, 1.2, -0.3, 1.8)])
@pytest.mark.parametrize("reference_ms", [0, 50, 100])
def test_a_wall_is_flat_and_in_its_place_again(mounting: Floats, reference_ms: int) -> None:
    world, t = _wall()
    raw = _seen(world, t, mounting)
    at_ns = T0 + reference_ms * MS
    points = deskew(raw, t, at_ns, _poses(), mounting)
    truth = _seen(world, np.full(t.size, at_ns), mounting)
    error = np.linalg.norm(points - truth, axis=1)
    assert _rms_from_plane(raw) > 0.05
    assert _rms_from_plane(points) <= 0.02
    assert float(np.sqrt(np.mean(error**2))) <= 0.02


def _still(t: NDArray[np.int64]) -> Poses:
    return Poses(t, np.zeros((t.size, 3)), np.tile([0.0, 0.0, 0.0, 1.0], (t.size, 1)))


STILL_T = T0 + np.array([0, 100, 200], dtype=np.int64) * MS


def test_a_vehicle_that_stands_leaves_points_where_they_are() -> None:
    points = np.random.default_rng(1).uniform(-50, 50, (100, 3))
    t = T0 + np.linspace(0, SWEEP_NS, 100).astype(np.int64)
    found = deskew(points, t, T0 + 50 * MS, _still(STILL_T))
    np.testing.assert_allclose(found, points, atol=1e-12)


def test_order_of_points_does_not_matter() -> None:
    world, t = _wall()
    raw = _seen(world, t, np.eye(4))
    poses = _poses()
    order = np.random.default_rng(2).permutation(t.size)
    straight = deskew(raw, t, T0, poses)
    np.testing.assert_array_equal(deskew(raw[order], t[order], T0, poses), straight[order])


def test_points_before_the_first_pose_are_unknown() -> None:
    t = np.array([T0 - 50 * MS, T0 + 50 * MS])
    found = deskew(np.ones((2, 3)), t, T0 + 50 * MS, _still(STILL_T))
    assert np.isnan(found).all(axis=1).tolist() == [True, False]


def test_without_a_pose_at_the_reference_nothing_is_known() -> None:
    t = np.array([T0 + 50 * MS])
    found = deskew(np.ones((1, 3)), t, T0 + 5 * S, _still(STILL_T))
    assert np.isnan(found).all()


def test_poses_too_far_apart_are_not_joined() -> None:
    t_poses = T0 + np.array([0, 300, 400], dtype=np.int64) * MS
    t = T0 + np.array([150, 350], dtype=np.int64) * MS
    found = deskew(np.ones((2, 3)), t, T0 + 350 * MS, _still(t_poses))
    assert np.isnan(found).all(axis=1).tolist() == [True, False]


def test_a_sweep_without_points_has_none() -> None:
    empty = np.empty(0, dtype=np.int64)
    found = deskew(np.empty((0, 3)), empty, T0, _still(STILL_T))
    assert found.shape == (0, 3)


def test_other_shapes_are_refused() -> None:
    t = np.array([T0])
    with pytest.raises(InputError, match=r"points have shape \(1, 2\), not \(1, 3\)"):
        deskew(np.ones((1, 2)), t, T0, _still(STILL_T))
    with pytest.raises(InputError, match="positions have shape"):
        deskew(np.ones((1, 3)), t, T0, replace(_still(STILL_T), t=STILL_T[:2]))


@pytest.mark.parametrize("mounting", [np.eye(3), 2 * np.eye(4), np.diag([1.0, 1.0, -1.0, 1.0])])
def test_a_mounting_that_is_no_rigid_motion_is_refused(mounting: Floats) -> None:
    t = np.array([T0])
    with pytest.raises(InputError, match="mounting"):
        deskew(np.ones((1, 3)), t, T0, _still(STILL_T), mounting)
