"""Poses by speed and yaw rate against circles, straight lines and what is unknown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import InputError
from avdataops.signals.dead_reckoning import planar_poses, window

S = 1_000_000_000
T0 = 1_700_000_000 * S


def _times(seconds: float, rate_hz: float = 50.0) -> np.ndarray:
    return T0 + np.round(np.arange(round(seconds * rate_hz) + 1) * S / rate_hz).astype(np.int64)


@pytest.mark.parametrize("rate_radps", [-0.7, -0.1, 0.2, 0.5])
@pytest.mark.parametrize("speed_mps", [-3.0, 8.0, 30.0])
def test_a_circle_is_driven_as_a_circle(speed_mps: float, rate_radps: float) -> None:
    t = _times(4.0)
    flat = np.ones(t.size)
    poses = planar_poses(t, speed_mps * flat, rate_radps * flat)
    angle = rate_radps * (t - T0) / S
    radius_m = speed_mps / rate_radps
    truth = np.column_stack((radius_m * np.sin(angle), radius_m * (1 - np.cos(angle))))
    np.testing.assert_allclose(poses.positions_m[:, :2], truth, atol=0.01)
    np.testing.assert_allclose(poses.quaternions_xyzw[:, 2], np.sin(angle / 2), atol=1e-9)
    np.testing.assert_allclose(poses.quaternions_xyzw[:, 3], np.cos(angle / 2), atol=1e-9)
    assert not poses.positions_m[:, 2].any()


def test_turning_at_the_spot_moves_nothing() -> None:
    t = _times(2.0)
    poses = planar_poses(t, np.zeros(t.size), np.ones(t.size))
    assert not poses.positions_m.any()
    assert poses.quaternions_xyzw[-1].tolist() == pytest.approx([0, 0, np.sin(1), np.cos(1)])


def test_samples_without_speed_or_yaw_rate_have_no_pose() -> None:
    t = _times(1.0)
    speed, rate = np.full(t.size, 10.0), np.zeros(t.size)
    speed[10:20], rate[30] = np.nan, np.nan
    poses = planar_poses(t, speed, rate)
    assert poses.t.size == t.size - 11
    assert not np.isin(t[[10, 19, 30]], poses.t).any()
    assert poses.positions_m[-1, 0] == pytest.approx(10.0)


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_samples_give_hardly_any_poses(count: int) -> None:
    t = T0 + np.arange(count, dtype=np.int64)
    poses = planar_poses(t, np.ones(count), np.ones(count))
    assert poses.positions_m.shape == (count, 3)
    assert poses.quaternions_xyzw.shape == (count, 4)


def test_signals_of_another_length_are_refused() -> None:
    with pytest.raises(InputError):
        planar_poses(_times(1.0), np.ones(3), np.ones(51))


@given(low=st.integers(-10, 60), length=st.integers(-5, 60))
def test_a_window_holds_the_poses_of_its_time_and_no_other(low: int, length: int) -> None:
    t = np.arange(50, dtype=np.int64)
    poses = planar_poses(t, np.ones(50), np.zeros(50))
    part = window(poses, low, low + length)
    assert part.t.tolist() == [one for one in t.tolist() if low <= one <= low + length]
    assert len(part.positions_m) == len(part.quaternions_xyzw) == part.t.size
