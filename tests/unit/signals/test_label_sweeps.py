"""Sweeps for labelling: which points, and when each was measured."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.labels import Frame
from avdataops.model.rig import Placement
from avdataops.ports.labelling import Cloud
from avdataops.signals.deskew import Poses
from avdataops.signals.label_sweeps import clouds, deskewed, pcd
from avdataops.tables.kinds import kind
from avdataops.testing.step_tables import MemoryTable, memory_table

TOP = "/lidar/top"
STAMP = 1_700_000_000_123_456_789
HERE = Placement(translation_m=(0.0, 0.0, 0.0), rotation_xyzw=(0.0, 0.0, 0.0, 1.0))


def sweep(**more: Any) -> dict[str, Any]:
    usual = {"points_x_m": [1.0, 2.0], "points_y_m": [3.0, 4.0], "points_z_m": [5.0, 6.0]}
    return {"t_ns": STAMP + 5, "header_stamp_ns": STAMP, **usual, **more}


def frames(*rows: int) -> pa.Table:
    found = [
        {
            "t_ns": 100 + row,
            "stream": TOP,
            "frame_t_ns": STAMP + 5,
            "frame_row": row,
            "part": "a",
            "dt_ms": 0.002,
        }
        for row in rows
    ]
    return pa.Table.from_pylist(found, schema=kind("frames").schema)


def table(*messages: dict[str, Any], schema: Sequence[tuple[str, Any]] = ()) -> MemoryTable:
    data = pa.Table.from_pylist(list(messages))
    for name, form in schema:
        data = data.set_column(data.schema.get_field_index(name), name, data[name].cast(form))
    return memory_table(data, kind="stream", name=TOP, part="a")


def read(*messages: dict[str, Any], schema: Sequence[tuple[str, Any]] = ()) -> list[Cloud | None]:
    chosen = [Frame(index=row, t_ns=100 + row) for row in range(len(messages))]
    return list(clouds(frames(*range(len(messages))), chosen, [table(*messages, schema=schema)]))


def test_a_sweep_is_its_points_with_the_time_of_the_frame() -> None:
    (cloud,) = read(sweep(points_intensity=[7, 8], points_ring=[0, 1]))
    assert cloud is not None
    assert cloud.xyz_m.tolist() == [[1, 3, 5], [2, 4, 6]]
    assert (cloud.frame, cloud.stream, cloud.t_ns) == (0, TOP, STAMP + 5)
    assert cloud.at_ns == 100 + 2_000
    assert cloud.intensity is not None
    assert cloud.ring is not None
    assert (cloud.intensity.tolist(), cloud.ring.tolist()) == ([7, 8], [0, 1])
    assert (cloud.since_ns, cloud.point_time, cloud.times_ns) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "values", "form", "since"),
    [
        ("points_t", [0, 99_000_000], pa.uint32(), [0, 99_000_000]),
        ("points_time_stamp", [5, 7], pa.uint32(), [5, 7]),
        ("points_time", [-0.1, 0.0], pa.float32(), [-100_000_001, 0]),
        ("points_time", [0.025, 0.05], pa.float64(), [25_000_000, 50_000_000]),
        ("points_timestamp", [1_700_000_000.123456, 1_700_000_000.2], pa.float64(), None),
        ("points_timestamp", [float(STAMP), float(STAMP)], pa.float64(), None),
    ],
    ids=["ouster", "nebula", "velodyne", "velodyne_64", "hesai", "ns_since_1970"],
)
def test_the_time_of_a_point_is_understood_as_makers_tell_it(
    name: str, values: list[float], form: Any, since: list[int] | None
) -> None:
    (cloud,) = read(sweep(**{name: values}), schema=[(name, pa.list_(form))])
    assert cloud is not None
    assert cloud.since_ns is not None
    assert cloud.point_time == name
    if since is None:
        seconds = values if values[0] < 1e12 else [value / 1e9 for value in values]
        since = [round((value - STAMP / 1e9) * 1e9) for value in seconds]
    # A double holds seconds since 1970 to 240 ns.
    assert np.abs(cloud.since_ns - since).max() <= 500
    assert cloud.times_ns is not None
    assert (cloud.times_ns - cloud.since_ns == cloud.at_ns).all()


@pytest.mark.parametrize(
    "values",
    [[0.0, float("nan")], [50.0, 60.0], [1e10, 1e10], None, [0.0]],
    ids=["nan", "minutes", "another_day", "missing", "too_few"],
)
def test_a_time_that_cannot_be_understood_is_unknown(values: list[float] | None) -> None:
    (cloud,) = read(sweep(points_time=values), schema=[("points_time", pa.list_(pa.float64()))])
    assert cloud is not None
    assert (cloud.since_ns, cloud.point_time) == (None, None)


def test_points_without_a_return_are_left_out_with_all_they_say() -> None:
    (cloud,) = read(sweep(points_x_m=[float("nan"), 2.0], points_intensity=[7, 8], points_t=[1, 2]))
    assert cloud is not None
    assert cloud.xyz_m.tolist() == [[2, 4, 6]]
    assert cloud.intensity is not None
    assert cloud.since_ns is not None
    assert (cloud.intensity.tolist(), cloud.since_ns.tolist()) == ([8], [2])


@pytest.mark.parametrize(
    "bad",
    [
        {"points_x_m": None},
        {"points_x_m": [1.0]},
        {"points_x_m": [], "points_y_m": [], "points_z_m": []},
        {"points_x_m": [float("inf"), float("nan")]},
    ],
    ids=["packed_otherwise", "uneven", "empty", "no_return"],
)
def test_a_sweep_without_points_is_told_and_the_next_is_read(bad: dict[str, Any]) -> None:
    first, second = read({**sweep(), **bad}, sweep())
    assert first is None
    assert second is not None


def test_a_stream_without_points_gives_nothing_to_read() -> None:
    scan = memory_table(
        pa.table({"t_ns": [1], "ranges": [[1.0]]}), kind="stream", name=TOP, part="a"
    )
    assert list(clouds(frames(0), [Frame(index=0, t_ns=100)], [scan])) == [None]


def test_a_sweep_as_pcd_is_read_back_by_its_own_header() -> None:
    (cloud,) = read(sweep(points_intensity=[7, 8], points_ring=[0, 70_000], points_t=[0, 5]))
    assert cloud is not None
    head, _, body = pcd(cloud).partition(b"DATA binary\n")
    said = dict(line.split(" ", 1) for line in head.decode().splitlines())
    assert said["FIELDS"] == "x y z intensity ring t"
    kinds = {"F": "f", "U": "u", "I": "i"}
    form = [
        (name, f"<{kinds[kind_]}{size}")
        for name, kind_, size in zip(
            said["FIELDS"].split(), said["TYPE"].split(), said["SIZE"].split(), strict=True
        )
    ]
    points = np.frombuffer(body, dtype=form)
    assert len(points) == int(said["POINTS"]) == 2
    assert points[["x", "y", "z"]].tolist() == [(1, 3, 5), (2, 4, 6)]
    assert (points["t"].tolist(), points["ring"].tolist()) == ([0, 5], [0, 65535])


def test_a_bare_sweep_as_pcd_has_no_columns_that_nobody_knows() -> None:
    (cloud,) = read(sweep())
    assert cloud is not None
    assert b"FIELDS x y z\n" in pcd(cloud)


def driving(speed_mps: float = 10.0) -> Poses:
    t = np.arange(0, 1_000_000_000, 10_000_000, dtype=np.int64)
    places = np.column_stack((t * 1e-9 * speed_mps, np.zeros(t.size), np.zeros(t.size)))
    return Poses(t, places, np.tile((0.0, 0.0, 0.0, 1.0), (t.size, 1)))


def test_a_wall_seen_while_driving_is_straight_after_deskewing() -> None:
    since = np.arange(0, 100_000_000, 1_000_000, dtype=np.int64)
    at_ns = 500_000_000
    # A wall 20 m ahead of where the sweep starts, coming nearer with 10 m/s.
    seen = 20.0 - 10.0 * since * 1e-9
    xyz = np.column_stack((seen, np.linspace(-5, 5, since.size), np.zeros(since.size)))
    cloud = Cloud(frame=0, stream=TOP, t_ns=0, at_ns=at_ns, xyz_m=xyz, since_ns=since)
    for place in (HERE, Placement(translation_m=(1.0, 2.0, 3.0), rotation_xyzw=HERE.rotation_xyzw)):
        straight = deskewed(cloud, driving(), place)
        assert straight is not None
        # Points within a millisecond share a pose: 1 cm at this speed.
        assert np.abs(straight.xyz_m[:, 0] - 20.0).max() < 0.011
    assert deskewed(cloud, Poses(*(x[:10] for x in vars_of(driving()))), HERE) is None
    timeless = Cloud(frame=0, stream=TOP, t_ns=0, at_ns=at_ns, xyz_m=xyz)
    assert deskewed(timeless, driving(), HERE) is None


def vars_of(poses: Poses) -> tuple[Any, Any, Any]:
    return poses.t, poses.positions_m, poses.quaternions_xyzw


def test_half_turns_of_the_sensor_are_kept_when_deskewing() -> None:
    back = Placement(translation_m=(0.0, 0.0, 0.0), rotation_xyzw=(0.0, 0.0, 1.0, 0.0))
    since = np.array([0, 90_000_000], dtype=np.int64)
    xyz = np.array([[10.0, 0.0, 0.0], [10.0, 0.0, 0.0]])
    cloud = Cloud(frame=0, stream=TOP, t_ns=0, at_ns=500_000_000, xyz_m=xyz, since_ns=since)
    straight = deskewed(cloud, driving(), back)
    assert straight is not None
    assert straight.xyz_m[1, 0] == pytest.approx(10.0 - 0.9, abs=0.011)
    assert math.isclose(straight.xyz_m[0, 0], 10.0, abs_tol=0.011)
