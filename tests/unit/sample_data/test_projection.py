import numpy as np
import pytest

from sample_data.projection import (
    CENTRE_PX,
    FOCAL_PX,
    MOUNT_X_M,
    MOUNT_Z_M,
    NEAR_M,
    View,
    box_corners,
)


def test_a_point_straight_ahead_at_mount_height_is_in_the_centre() -> None:
    pixel, depth = View(0.0, 0.0, 0.0).project(np.array([20.0, 0.0, MOUNT_Z_M]))
    assert (pixel / 16.0).tolist() == list(CENTRE_PX)
    assert depth == pytest.approx(20.0 - MOUNT_X_M)


def test_left_is_left_and_down_is_down() -> None:
    pixel, depth = View(0.0, 0.0, 0.0).project(np.array([21.6, 2.0, 0.0]))
    assert pixel[0] / 16.0 == pytest.approx(CENTRE_PX[0] - FOCAL_PX * 2.0 / depth, abs=0.1)
    assert pixel[1] / 16.0 == pytest.approx(CENTRE_PX[1] + FOCAL_PX * MOUNT_Z_M / depth, abs=0.1)


def test_the_view_turns_with_ego() -> None:
    ahead, _ = View(0.0, 0.0, 0.0).project(np.array([30.0, 1.0, 0.5]))
    turned, _ = View(5.0, 5.0, np.pi / 2).project(np.array([4.0, 35.0, 0.5]))
    np.testing.assert_array_equal(ahead, turned)


def test_points_behind_have_little_depth_and_finite_pixels() -> None:
    pixel, depth = View(0.0, 0.0, 0.0).project(np.array([[-10.0, 3.0, 0.0]]))
    assert depth[0] < NEAR_M
    assert np.abs(pixel).max() <= 4000 * 16


def test_a_box_has_its_rear_face_first() -> None:
    corners = box_corners(np.array([10.0, 5.0]), 0.0, (4.0, 2.0, 1.5))
    assert corners.shape == (8, 3)
    np.testing.assert_allclose(corners[:4, 0], 8.0)
    np.testing.assert_allclose(corners[4:, 0], 12.0)
    assert sorted(set(corners[:, 2].tolist())) == [0.0, 1.5]
    np.testing.assert_allclose(np.ptp(corners[:, 1]), 2.0)
