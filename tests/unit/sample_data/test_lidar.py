from typing import Any

import numpy as np
import pytest

from sample_data.actors import seen_from
from sample_data.lidar import POINT_DTYPE, RANGE_STEP_M, SWEEP_NS, lidar_stream, sweeps
from sample_data.noise import generator
from sample_data.ros_types import ROS2
from sample_data.world import World


def sweep(world: World, t_s: float) -> np.ndarray:
    return next(sweeps(world, np.array([t_s]), generator(1, "test")))


def test_a_sweep_has_about_1500_points_in_time_order(world: World) -> None:
    points = sweep(world, 60.0)
    assert 1200 < points.size < 1800
    assert points.dtype == POINT_DTYPE
    assert (np.diff(points["t"].astype(np.int64)) >= 0).all()
    assert points["t"].max() <= SWEEP_NS


def test_coordinates_are_on_the_sensor_s_raster(world: World) -> None:
    points = sweep(world, 60.0)
    for name in ("x", "y", "z"):
        steps = points[name].astype(np.float64) / RANGE_STEP_M
        np.testing.assert_array_equal(steps, np.round(steps))


def test_ground_points_are_on_the_ground_in_rings(world: World) -> None:
    points = sweep(world, 2.0)
    ground = points[points["intensity"] < 20]
    assert np.abs(ground["z"]).max() < 0.05
    distance = np.hypot(ground["x"], ground["y"])
    assert np.unique(np.round(distance)).size <= 20


def test_returns_lie_on_the_box_of_the_car_ahead(world: World) -> None:
    actor = next(a for a in world.actors if a.role == "cut_in")
    t_s = world.plan.named("hard_brake")[0].end_s
    now = np.array([t_s])
    seen = seen_from(world.ego(now), actor.at(now))
    points = sweep(world, t_s)
    near = (np.abs(points["x"] - seen.x_m[0]) < 4.0) & (np.abs(points["y"] - seen.y_m[0]) < 2.0)
    hits = points[near & (points["z"] > 0.1)]
    assert hits.size > 20
    rear = seen.x_m[0] - actor.size.length_m / 2
    assert np.median(hits["x"]) == pytest.approx(rear, abs=0.5)
    assert hits["z"].max() < actor.size.height_m


def test_the_time_in_the_sweep_is_the_direction(world: World) -> None:
    points = sweep(world, 60.0)
    turned = (np.arctan2(points["y"], points["x"]) + np.pi) / (2.0 * np.pi)
    error = np.abs(points["t"] / SWEEP_NS - turned)
    assert np.minimum(error, 1.0 - error).max() < 2e-3


def test_messages_describe_their_layout(short_world: World) -> None:
    stream = lidar_stream(short_world)
    message: Any = ROS2.deserialize_cdr(next(stream.payloads), stream.message_type)
    assert [(f.name, f.offset, f.datatype) for f in message.fields] == [
        ("x", 0, 7),
        ("y", 4, 7),
        ("z", 8, 7),
        ("intensity", 12, 7),
        ("t", 16, 6),
    ]
    assert message.row_step == message.point_step * message.width == message.data.size
    points = message.data.view(POINT_DTYPE)
    assert np.isfinite(points["x"]).all()
    assert stream.stamps_ns.size == pytest.approx(360, abs=1)
