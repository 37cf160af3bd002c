import numpy as np
import pytest

from sample_data.actors import (
    SIZES,
    TRACK_HZ,
    Actor,
    Path,
    States,
    make_actor,
    seen_from,
    track_times,
)
from sample_data.motion import EgoMotion
from sample_data.world import World

ROLES = ("cut_in", "slow", "follower", "crossing", "walker", "oncoming")


def parked_ego(x_m: float, y_m: float, heading_rad: float, count: int = 1) -> EgoMotion:
    zero = np.zeros(count)
    return EgoMotion(
        t_s=zero,
        x_m=zero + x_m,
        y_m=zero + y_m,
        heading_rad=zero + heading_rad,
        speed_mps=zero,
        accel_x_mps2=zero,
        accel_y_mps2=zero,
        yaw_rate_rps=zero,
        offset_m=zero,
        offset_rate_mps=zero,
        road_heading_rad=zero,
        s_m=zero,
    )


def still(x_m: float, y_m: float, heading_rad: float) -> States:
    zero = np.zeros(1)
    return States(zero + x_m, zero + y_m, zero + heading_rad, zero + 3.0, zero, zero, zero + 1.0)


def test_an_object_north_of_an_eastbound_ego_is_to_the_left() -> None:
    seen = seen_from(parked_ego(0.0, 0.0, 0.0), still(4.0, 9.0, 0.5))
    assert (seen.x_m[0], seen.y_m[0], seen.yaw_rad[0]) == pytest.approx((4.0, 9.0, 0.5))


def test_positions_and_velocities_turn_with_ego() -> None:
    seen = seen_from(parked_ego(1.0, 2.0, np.pi / 2), still(1.0, 7.0, np.pi / 2))
    assert (seen.x_m[0], seen.y_m[0], seen.yaw_rad[0]) == pytest.approx((5.0, 0.0, 0.0), abs=1e-12)
    assert (seen.vx_mps[0], seen.vy_mps[0]) == pytest.approx((0.0, -3.0), abs=1e-12)
    assert (seen.ax_mps2[0], seen.ay_mps2[0]) == pytest.approx((1.0, 0.0), abs=1e-12)


def test_yaw_is_wrapped_to_half_a_turn() -> None:
    seen = seen_from(parked_ego(0.0, 0.0, -3.0), still(1.0, 0.0, 3.0))
    assert seen.yaw_rad[0] == pytest.approx(6.0 - 2.0 * np.pi)


def test_velocity_is_the_rate_of_position(world: World) -> None:
    for actor in world.actors:
        t_s = actor.path.t_s
        states = actor.states
        east = np.concatenate(([0.0], np.cumsum(0.5 * (states.vx_mps[1:] + states.vx_mps[:-1]))))
        np.testing.assert_allclose(
            east / TRACK_HZ, states.x_m - states.x_m[0], atol=0.02, err_msg=actor.role
        )
        assert np.diff(t_s) == pytest.approx(1.0 / TRACK_HZ)


def test_vehicles_drive_where_they_look(world: World) -> None:
    for actor in world.actors:
        states = actor.states
        speed = np.hypot(states.vx_mps, states.vy_mps)
        moving = speed > 1.0
        aside = states.vy_mps * np.cos(states.heading_rad) - states.vx_mps * np.sin(
            states.heading_rad
        )
        np.testing.assert_allclose(aside[moving], 0.0, atol=0.12, err_msg=actor.role)
        ahead = states.vx_mps * np.cos(states.heading_rad) + states.vy_mps * np.sin(
            states.heading_rad
        )
        assert (ahead[moving] > 0.0).all(), actor.role


def test_accelerations_are_those_of_road_users(world: World) -> None:
    for actor in world.actors:
        force = np.hypot(actor.states.ax_mps2, actor.states.ay_mps2)
        assert force.max() < 6.5, actor.role


def test_a_road_user_is_present_only_during_its_path(world: World) -> None:
    actor = world.actors[0]
    start, stop = actor.path.t_s[0], actor.path.t_s[-1]
    times = np.array([start - 0.01, start, stop, stop + 0.01])
    assert actor.present(times).tolist() == [False, True, True, False]


def test_track_times_lie_on_the_common_grid() -> None:
    assert track_times(0.005, 0.065).tolist() == pytest.approx([0.02, 0.04, 0.06])


def test_every_size_is_that_of_a_box() -> None:
    for size in SIZES.values():
        assert min(size.length_m, size.width_m, size.height_m) > 0.3


def test_a_standing_car_looks_along_the_road(world: World) -> None:
    t_s = track_times(0.0, 1.0)
    path = Path(t_s, np.full_like(t_s, 30.0), np.full_like(t_s, -5.25))
    actor: Actor = make_actor(world.road, path, kind="car", role="parked", track=bytes(16))
    heading = world.road.heading(np.array([30.0]))[0]
    np.testing.assert_allclose(actor.states.heading_rad, heading)


def test_all_roles_are_cast(world: World) -> None:
    assert {actor.role for actor in world.actors} == set(ROLES)
