import numpy as np
import pytest

from sample_data.road import AFTER_M, BEFORE_M
from sample_data.world import World


def test_ego_is_where_its_place_on_the_road_says(world: World) -> None:
    x_m, y_m = world.road.place(world.motion.s_m, world.motion.offset_m)
    np.testing.assert_allclose(x_m, world.motion.x_m, atol=2e-3)
    np.testing.assert_allclose(y_m, world.motion.y_m, atol=2e-3)


def test_the_distance_along_the_road_is_its_arc_length(world: World) -> None:
    road = world.road
    steps = np.hypot(np.diff(road.x_m), np.diff(road.y_m))
    np.testing.assert_allclose(steps, np.diff(road.s_m), rtol=2e-3, atol=1e-4)


def test_the_road_goes_on_before_and_after_the_drive(world: World) -> None:
    assert world.road.s_m[0] == pytest.approx(-BEFORE_M)
    assert world.road.s_m[-1] == pytest.approx(world.motion.s_m[-1] + AFTER_M, abs=0.5)


def test_the_heading_is_the_direction_of_the_centre_line(world: World) -> None:
    road = world.road
    direction = np.arctan2(np.diff(road.y_m), np.diff(road.x_m))
    middle = 0.5 * (road.heading_rad[1:] + road.heading_rad[:-1])
    np.testing.assert_allclose(np.angle(np.exp(1j * (direction - middle))), 0.0, atol=1e-3)


def test_curvature_is_negative_in_the_right_turn_and_zero_on_straights(world: World) -> None:
    turn = world.plan.named("turn_right")[0]
    change = world.plan.named("lane_change_left")[0]
    places = world.ego(np.array([0.5 * (turn.start_s + turn.end_s), change.start_s])).s_m
    bend, straight = world.road.curvature(places)
    assert bend < -1.0 / 25.0
    assert straight == pytest.approx(0.0, abs=1e-6)


def test_a_positive_offset_is_left_of_the_road(world: World) -> None:
    s_m = np.array([10.0])
    x0, y0 = world.road.place(s_m, np.array([0.0]))
    x1, y1 = world.road.place(s_m, np.array([2.0]))
    heading = world.road.heading(s_m)
    left = (y1 - y0) * np.cos(heading) - (x1 - x0) * np.sin(heading)
    assert left[0] == pytest.approx(2.0)
