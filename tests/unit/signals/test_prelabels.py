"""Tracked objects as cuboids, and the points inside them."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.labels import Cuboid, Frame, cuboid_of
from avdataops.model.rig import Placement
from avdataops.ports.labelling import Cloud
from avdataops.signals.prelabels import cuboids, inside, lidar_hits
from avdataops.tables.kinds import kind
from avdataops.tables.scene_elements import ROAD_USER, VEHICLE, actor_key
from avdataops.testing.step_tables import memory_table

FRAMES = (Frame(index=3, t_ns=1_000_000_000), Frame(index=8, t_ns=1_500_000_000), Frame(index=9))
SLACK_NS = 50_000_000


def row(t_ns: int, track: str = "a", **more: Any) -> dict[str, Any]:
    place = {"x_m": 10.0, "y_m": 2.0, "z_m": 0.8, "yaw_rad": 0.5}
    size = {"length_m": 4.5, "width_m": 1.8, "height_m": 1.5}
    usual = {"t_ns": t_ns, "track_id": track, "object_class": "car", "stream": "/objects"}
    return {**usual, **place, **size, "vx_mps": 3.0, "vy_mps": None, **more}


def found(*rows: dict[str, Any]) -> Any:
    data = pa.Table.from_pylist(list(rows), schema=kind("objects").schema)
    return cuboids("m_1", memory_table(data, kind="objects", name="objects"), FRAMES, SLACK_NS)


def test_an_object_is_a_cuboid_of_the_nearest_frame() -> None:
    (tracks, labels), lacking = found(row(1_020_000_000))
    (label,) = labels
    assert (label.frame, label.shape, label.name, lacking) == (3, "cuboid", "prelabel", 0)
    assert label.cuboid is not None
    assert label.cuboid.centre_m == (10.0, 2.0, 0.8)
    assert label.cuboid.size_m == (4.5, 1.8, 1.5)
    assert label.cuboid.rotation == pytest.approx((0, 0, math.sin(0.25), math.cos(0.25)))
    assert label.attributes["coordinate_system"] == VEHICLE
    about = {one["name"]: one["val"] for one in label.attributes["attributes"]["num"]}
    assert about == {"late_ms": 20.0, "vx_mps": 3.0}
    (track,) = tracks
    assert (track.key, track.object_class) == (actor_key("m_1", "a"), "car")
    assert track.name == "a"


def test_only_the_nearest_list_counts_and_none_that_is_too_far() -> None:
    (_, labels), _ = found(
        row(960_000_000), row(1_010_000_000, "b"), row(1_600_000_000, "c"), row(0, "d")
    )
    assert [(one.frame, one.track) for one in labels] == [(3, actor_key("m_1", "b"))]


@pytest.mark.parametrize("name", ["yaw_rad", "length_m", "height_m", "z_m"])
def test_an_object_without_size_or_heading_is_counted_and_left_out(name: str) -> None:
    (tracks, labels), lacking = found(row(1_000_000_000, **dict[str, Any]({name: None})))
    assert (tracks, labels, lacking) == ((), (), 1)


def test_an_object_without_extent_is_no_cuboid() -> None:
    (_, labels), lacking = found(row(1_000_000_000, width_m=0.0))
    assert (labels, lacking) == ((), 1)


def test_the_class_of_a_track_is_the_latest_that_is_known() -> None:
    first, second = row(1_000_000_000, object_class="car"), row(1_500_000_000, object_class=None)
    (tracks, labels), _ = found(first, second)
    assert ([one.object_class for one in tracks], len(labels)) == (["car"], 2)
    (unknown, _), _ = found(second)
    assert [one.object_class for one in unknown] == [ROAD_USER]


def test_points_on_and_in_a_turned_cuboid_are_inside() -> None:
    half = math.pi / 8
    turned = Cuboid((5.0, 0.0, 1.0), (0.0, 0.0, math.sin(half), math.cos(half)), (4.0, 2.0, 2.0))
    along = np.array([math.cos(2 * half), math.sin(2 * half), 0.0])
    points = np.array([5.0, 0.0, 1.0]) + np.outer([0.0, 1.99, -1.99, 2.01], along)
    assert inside(turned, points).tolist() == [True, True, True, False]
    as_angles = cuboid_of((5.0, 0.0, 1.0, 0.0, 0.0, 2 * half, 4.0, 2.0, 2.0))
    assert inside(as_angles, points).tolist() == [True, True, True, False]


def test_points_are_counted_where_the_sensor_sits() -> None:
    label = found(row(1_000_000_000, x_m=10.0, y_m=0.0, yaw_rad=0.0))[0][1][0]
    # The sensor looks backwards from two metres ahead.
    place = Placement(translation_m=(2.0, 0.0, 0.8), rotation_xyzw=(0.0, 0.0, 1.0, 0.0))
    xyz = np.array([[-8.0, 0.0, 0.0], [-6.0, 0.5, 0.2], [8.0, 0.0, 0.0]])
    cloud = Cloud(frame=3, stream="/top", t_ns=0, at_ns=0, xyz_m=xyz)
    assert lidar_hits(cloud, place, [label]) == [(3, label.track, 2)]
    other = Cloud(frame=4, stream="/top", t_ns=0, at_ns=0, xyz_m=xyz)
    assert lidar_hits(other, place, [label]) == []
