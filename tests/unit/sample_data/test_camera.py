from typing import Any

import cv2
import numpy as np
import pytest

from sample_data.actors import seen_from
from sample_data.camera import camera_info_stream, camera_times, image_stream, pictures
from sample_data.noise import generator
from sample_data.projection import CENTRE_PX, FOCAL_PX, MOUNT_X_M
from sample_data.ros_types import ROS2
from sample_data.scene_painter import ScenePainter
from sample_data.world import World


def picture(world: World, t_s: float) -> np.ndarray:
    return next(pictures(world, np.array([t_s]))).astype(np.float64)


def test_pictures_have_the_size_of_the_sensor(world: World) -> None:
    shown = next(pictures(world, np.array([5.0])))
    assert shown.shape == (180, 320, 3)
    assert shown.dtype == np.uint8


def test_it_gets_dark(world: World) -> None:
    dusk, night = picture(world, 1.0).mean(), picture(world, 178.0).mean()
    assert 40.0 < dusk < 120.0
    assert 8.0 < night < 40.0


def test_the_road_is_lit_by_the_headlights_at_night(world: World) -> None:
    shown = picture(world, 170.0)
    lit, aside = shown[110:140, 130:190], shown[150:180, :40]
    assert lit.mean() > 2.0 * aside.mean()


def test_lane_paint_is_brighter_than_the_road(world: World) -> None:
    shown = picture(world, 34.0)
    bottom = shown[150:170].max(axis=(0, 2))
    assert bottom.max() > 1.7 * np.median(bottom)


def test_the_car_ahead_is_where_the_pinhole_puts_it(world: World) -> None:
    """Red tail lamps stand out; their mean column must be that of the car."""
    actor = next(a for a in world.actors if a.role == "cut_in")
    t_s = world.plan.named("hard_brake")[0].end_s
    now = np.array([t_s])
    seen = seen_from(world.ego(now), actor.at(now))
    column = CENTRE_PX[0] - FOCAL_PX * seen.y_m[0] / (seen.x_m[0] - MOUNT_X_M)
    shown = picture(world, t_s)
    # Lamps are 0.75 m high; those of the truck farther on are higher up in the picture.
    row = CENTRE_PX[1] + FOCAL_PX * 0.7 / (seen.x_m[0] - 2.3 - MOUNT_X_M)
    red = (shown[..., 2] > 180.0) & (shown[..., 1] < 90.0)
    red[: int(row) - 5] = False
    columns = np.flatnonzero(red.any(axis=0))
    near = columns[np.abs(columns - column) < 40]
    assert near.size > 4
    assert near.mean() == pytest.approx(column, abs=4.0)


def test_the_traffic_light_is_red_while_ego_waits_for_it(world: World) -> None:
    approach_s = world.reds[0].start + 1.0
    shown = picture(world, approach_s)
    right_half = shown[20:82, 165:]
    assert ((right_half[..., 2] > 200.0) & (right_half[..., 1] < 90.0)).sum() >= 4
    before = picture(world, world.reds[0].start - 4.0)[20:82, 165:]
    assert ((before[..., 1] > 180.0) & (before[..., 2] < 110.0)).sum() >= 2


def test_a_tunnel_has_no_sky(world: World) -> None:
    beat = world.plan.named("tunnel")[0]
    inside = picture(world, 0.5 * (beat.start_s + beat.end_s))
    assert inside[:30].mean() < 30.0


def test_rain_streaks_only_show_in_the_rain(world: World) -> None:
    def grain(t_s: float) -> float:
        painter = ScenePainter(world)
        shown = painter.paint(t_s, generator(1, "x"))[:40].astype(np.float64)
        return float(np.abs(np.diff(shown, axis=1)).mean())

    assert grain(172.0) > grain(100.0) + 0.2


def test_no_picture_is_taken_within_the_gap(world: World) -> None:
    (gap,) = world.camera_gaps
    t_s = camera_times(world)
    assert not ((t_s >= gap.start) & (t_s < gap.stop)).any()
    assert np.diff(t_s).max() > gap.stop - gap.start
    assert np.median(np.diff(t_s)) == pytest.approx(0.1, abs=0.001)


def test_messages_hold_jpegs_that_an_independent_decoder_opens(short_world: World) -> None:
    stream = image_stream(short_world)
    message: Any = ROS2.deserialize_cdr(next(stream.payloads), stream.message_type)
    assert message.format == "jpeg"
    assert message.data[:2].tolist() == [0xFF, 0xD8]
    decoded = cv2.imdecode(message.data, cv2.IMREAD_COLOR)
    assert decoded is not None
    original = next(pictures(short_world, camera_times(short_world)[:1]))
    assert np.abs(decoded.astype(int) - original.astype(int)).mean() < 4.0


def test_the_calibration_is_the_pinhole(short_world: World) -> None:
    stream = camera_info_stream(short_world)
    message: Any = ROS2.deserialize_cdr(next(stream.payloads), stream.message_type)
    assert (message.width, message.height) == (320, 180)
    assert message.k.tolist() == [FOCAL_PX, 0, CENTRE_PX[0], 0, FOCAL_PX, CENTRE_PX[1], 0, 0, 1]
    assert message.p.reshape(3, 4)[:, :3].ravel().tolist() == message.k.tolist()
    assert stream.stamps_ns.size == 36
