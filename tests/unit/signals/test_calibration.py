"""What recordings and files say of sensors."""

from typing import Any, Literal

import pyarrow as pa
import pytest

from avdataops.model.errors import SchemaMismatch
from avdataops.model.rig import Calibration, Intrinsics, Placement, Sensor
from avdataops.signals.calibration import (
    INFO_TYPE,
    known_sensors,
    sources,
    unknowns,
    with_given,
)
from avdataops.signals.transform_tree import TransformTree
from avdataops.testing.step_tables import MemoryTable, memory_table

FRONT, LEFT, TOP = "/cam/front/image", "/cam/left/image", "/lidar/top"
K = (500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0)
MAST = Placement(translation_m=(1.0, 0.0, 2.0), rotation_xyzw=(0.0, 0.0, 0.0, 1.0))


def images(name: str, *frames: str, part: str = "") -> MemoryTable:
    data = pa.table(
        {"t_ns": [1] * len(frames), "header_frame_id": frames, "data": [b""] * len(frames)}
    )
    return memory_table(data, kind="stream", name=name, part=part)


def info(name: str, *ks: Any, frame: str = "cam_front", **more: Any) -> MemoryTable:
    rows = [
        {
            "t_ns": n,
            "header_frame_id": frame,
            "width": 640,
            "height": 480,
            "k": k and list(k),
            "distortion_model": "plumb_bob",
            "d": [0.1, 0, 0, 0, 0.0],
            **more,
        }
        for n, k in enumerate(ks or (K,))
    ]
    attributes = {"type": INFO_TYPE}
    return memory_table(pa.Table.from_pylist(rows), kind="stream", name=name, attributes=attributes)


def tree(**children: Placement) -> TransformTree:
    return TransformTree(
        parents=dict.fromkeys(children, "base_link"), placements=children, source="/tf_static"
    )


def known(
    *tables: MemoryTable,
    infos: tuple[MemoryTable, ...] = (),
    at: TransformTree | None = None,
    kind: Literal["camera", "lidar"] = "camera",
) -> tuple[dict[str, Sensor], list[str]]:
    found, problems = known_sensors(
        sources(tables, kind), infos, at or TransformTree(), "base_link"
    )
    return {one.stream: one for one in found}, [one.code for one in problems]


def test_a_camera_is_drawn_by_the_info_beside_it_and_sits_where_transforms_say() -> None:
    found, problems = known(
        images(FRONT, "cam_front"),
        images(LEFT, "cam_left"),
        infos=(info("/cam/front/camera_info"), info("/cam/left/camera_info", frame="cam_left")),
        at=tree(cam_front=MAST),
    )
    front = found[FRONT]
    assert front.intrinsics == Intrinsics(
        width_px=640,
        height_px=480,
        matrix=K,
        distortion_model="plumb_bob",
        distortion=(0.1, 0.0, 0.0, 0.0, 0.0),
    )
    assert (front.intrinsics_from, front.placement_from) == ("/cam/front/camera_info", "/tf_static")
    assert front.placement == MAST
    assert found[LEFT].intrinsics_from == "/cam/left/camera_info"
    assert found[LEFT].placement is None
    assert problems == []


def test_an_info_elsewhere_counts_if_its_frame_is_the_cameras() -> None:
    found, _ = known(images("/pictures", "/cam_front"), infos=(info("/calibration/a"),))
    assert found["/pictures"].intrinsics_from == "/calibration/a"
    other, _ = known(images("/pictures", "x"), infos=(info("/calibration/a"),))
    assert other["/pictures"].intrinsics is None


def test_where_several_infos_would_do_none_is_taken() -> None:
    both = (info("/cam/front/camera_info"), info("/cam/front/other_info"))
    found, _ = known(images(FRONT, "cam_front"), infos=both)
    assert found[FRONT].intrinsics is None


def test_a_lidar_in_the_frame_of_the_vehicle_sits_there() -> None:
    cloud = pa.table({"t_ns": [1], "header_frame_id": ["base_link"], "points_x_m": [[1.0]]})
    found, _ = known(memory_table(cloud, kind="stream", name=TOP), kind="lidar")
    assert found[TOP].placement == Placement(
        translation_m=(0.0, 0.0, 0.0), rotation_xyzw=(0.0, 0.0, 0.0, 1.0)
    )
    assert (found[TOP].placement_from, found[TOP].intrinsics) == ("header_frame_id", None)


def test_a_stream_in_several_frames_sits_nowhere() -> None:
    found, problems = known(
        images(FRONT, "a", part="one"), images(FRONT, "b", part="two"), at=tree(a=MAST, b=MAST)
    )
    assert (found[FRONT].frame_id, found[FRONT].placement) == (None, None)
    assert problems == ["several_frames"]


def test_a_calibration_that_changes_is_told_and_the_first_counts() -> None:
    other = (600.0, *K[1:])
    found, problems = known(
        images(FRONT, "f"), infos=(info("/cam/front/camera_info", K, K, other),)
    )
    assert problems == ["calibration_changes"]
    drawn = found[FRONT].intrinsics
    assert drawn is not None
    assert drawn.matrix == K


@pytest.mark.parametrize(
    "bad",
    [
        {"k": [0.0] * 9},
        {"k": [float("nan")] * 9},
        {"width": 0},
        {"k": None},
        {"d": [float("inf")]},
    ],
    ids=["uncalibrated", "nan", "no_width", "no_matrix", "no_distortion"],
)
def test_a_calibration_that_draws_nothing_is_left_out_and_told(bad: dict[str, Any]) -> None:
    found, problems = known(images(FRONT, "f"), infos=(info("/cam/front/camera_info", **bad),))
    assert problems == ["bad_calibration"]
    assert found[FRONT].intrinsics is None


def test_tables_of_child_rows_and_without_data_are_no_sensors() -> None:
    data = pa.table({"t_ns": [1], "data": [b""]})
    child = memory_table(data, kind="stream", name="x.y", attributes={"parent": "x"})
    assert sources([child, info("/cam/front/camera_info")], "camera") == []


CAMERA = Sensor(stream=FRONT, kind="camera", frame_id="f", placement=MAST, placement_from="/tf")


def test_what_a_user_gives_counts_most_and_nulls_change_nothing() -> None:
    drawn = Intrinsics(width_px=64, height_px=48, matrix=K)
    given = Calibration(sensors=(Sensor(stream=FRONT, kind="camera", intrinsics=drawn),))
    (found,), problems = with_given([CAMERA], given, "cal.json")
    assert (found.intrinsics, found.intrinsics_from) == (drawn, "cal.json")
    assert (found.placement, found.placement_from, found.frame_id) == (MAST, "/tf", "f")
    assert problems == []


def test_a_sensor_that_is_not_in_the_drive_is_told_with_the_near_miss() -> None:
    given = Calibration(sensors=(Sensor(stream="/cam/frnt/image", kind="camera"),))
    _, (problem,) = with_given([CAMERA], given, "cal.json")
    assert problem.code == "unknown_sensor"
    assert f"did you mean '{FRONT}'" in problem.message


def test_a_file_that_contradicts_the_drive_or_itself_is_refused() -> None:
    as_lidar = Sensor(stream=FRONT, kind="lidar")
    with pytest.raises(SchemaMismatch, match="is a camera, not a lidar"):
        with_given([CAMERA], Calibration(sensors=(as_lidar,)), "cal.json")
    with pytest.raises(SchemaMismatch, match="comes twice"):
        with_given([CAMERA], Calibration(sensors=(CAMERA, CAMERA)), "cal.json")


def test_what_nobody_says_is_named() -> None:
    bare = Sensor(stream=TOP, kind="lidar")
    assert unknowns([CAMERA, bare]) == [f"where {TOP} sits", f"how {FRONT} draws"]


@pytest.mark.parametrize(
    "bad",
    [
        {"translation_m": (0.0, 0.0), "rotation_xyzw": (0.0, 0.0, 0.0, 1.0)},
        {"translation_m": (0.0, 0.0, 1e12), "rotation_xyzw": (0.0, 0.0, 0.0, 1.0)},
        {"translation_m": (0.0, 0.0, 0.0), "rotation_xyzw": (0.0, 0.0, 0.0, 0.9)},
        {"translation_m": (0.0, 0.0, 0.0), "rotation_xyzw": (0.0, 0.0, 0.0, float("nan"))},
    ],
    ids=["two_numbers", "too_far", "no_unit", "nan"],
)
def test_a_place_is_a_rigid_motion(bad: Any) -> None:
    with pytest.raises(SchemaMismatch):
        Placement(**bad)
