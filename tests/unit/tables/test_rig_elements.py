"""Sensors and poses as OpenLABEL, held against the schema where it is at hand."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avdataops.model.labels import Frame
from avdataops.model.rig import (
    Calibration,
    EgoPath,
    EgoPose,
    Intrinsics,
    Origin,
    Placement,
    Rig,
    Sensor,
    Sweep,
)
from avdataops.tables.rig_elements import rig_frames, rig_root

PLACE = Placement(translation_m=(1.0, 2.0, 3.0), rotation_xyzw=(0.0, 0.0, 0.6, 0.8))
K = (500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0)
CAMERA = Sensor(
    stream="/front",
    kind="camera",
    frame_id="cam_front",
    intrinsics=Intrinsics(width_px=640, height_px=480, matrix=K, distortion_model="plumb_bob"),
    placement=PLACE,
    placement_from="/tf_static",
)
LIDAR = Sensor(stream="/top", kind="lidar", frame_id="base_link", placement=PLACE)
LOST = Sensor(stream="/rear", kind="camera")
PATH = EgoPath(
    axes="enu",
    origin=Origin(lat_deg=56.0, lon_deg=10.0),
    source="/odom",
    poses=(EgoPose(t_ns=100, placement=PLACE),),
)
SWEEP = Sweep(
    frame=0,
    stream="/top",
    t_ns=99,
    at_ns=100,
    file="lidar/a.pcd",
    sha256="0",
    points=1,
    point_time=None,
)
RIG = Rig(calibration=Calibration(sensors=(CAMERA, LIDAR, LOST)), path=PATH, sweeps=(SWEEP,))
FRAMES = (Frame(index=0, t_ns=100, attributes={"x": 1}), Frame(index=1, t_ns=200))


def document(rig: Rig) -> dict[str, Any]:
    frames = {str(one.index): one.attributes for one in rig_frames(FRAMES, rig)}
    for one in frames.values():
        assert isinstance(one, dict)
        one.pop("x", None)
    return {
        "openlabel": {"metadata": {"schema_version": "1.0.0"}, "frames": frames, **rig_root(rig)}
    }


def test_every_sensor_hangs_where_it_is_known_to_sit() -> None:
    systems = rig_root(RIG)["coordinate_systems"]
    assert systems["cam_front"]["parent"] == "vehicle-iso8855"
    assert systems["cam_front"]["pose_wrt_parent"] == {
        "quaternion": [0.0, 0.0, 0.6, 0.8],
        "translation": [1.0, 2.0, 3.0],
    }
    assert systems["vehicle-iso8855"]["parent"] == "enu"
    assert systems["vehicle-iso8855"]["children"] == ["cam_front"]
    assert systems["enu"]["avdataops"]["origin"]["lat_deg"] == 56.0
    assert systems["/rear"] == {"type": "sensor_cs", "parent": ""}
    assert set(systems) == {"cam_front", "vehicle-iso8855", "enu", "/rear"}


def test_streams_name_the_system_that_they_measure_in() -> None:
    streams = rig_root(RIG)["streams"]
    named = {
        n: one["stream_properties"]["avdataops"]["coordinate_system"] for n, one in streams.items()
    }
    assert named == {"/front": "cam_front", "/top": "vehicle-iso8855", "/rear": "/rear"}
    assert {name: one["type"] for name, one in streams.items()} == {
        "/front": "camera",
        "/top": "lidar",
        "/rear": "camera",
    }


def properties(**more: Any) -> dict[str, Any]:
    drawn = replace(CAMERA.intrinsics or Intrinsics(width_px=1, height_px=1, matrix=K), **more)
    root = rig_root(Rig(calibration=Calibration(sensors=(replace(CAMERA, intrinsics=drawn),))))
    found: dict[str, Any] = root["streams"]["/front"]["stream_properties"]
    return found


def test_a_pinhole_has_the_matrix_of_three_by_four_and_at_least_five_coefficients() -> None:
    pinhole = properties(distortion=(0.1, 0.2))["intrinsics_pinhole"]
    assert pinhole["camera_matrix"] == [500.0, 0.0, 320.0, 0, 0, 510.0, 240.0, 0, 0, 0, 1.0, 0]
    assert pinhole["distortion_coeffs"] == [0.1, 0.2, 0.0, 0.0, 0.0]
    eight = properties(distortion_model="rational_polynomial", distortion=(0.1,) * 8)
    assert eight["intrinsics_pinhole"]["distortion_coeffs"] == [0.1] * 8


def test_a_fisheye_and_an_unknown_model_keep_all_they_say() -> None:
    fisheye = properties(distortion_model="equidistant", distortion=(0.1, 0.2, 0.3, 0.4))
    assert fisheye["intrinsics_fisheye"]["lens_coeffs"] == [0.1, 0.2, 0.3, 0.4]
    assert fisheye["intrinsics_fisheye"]["center_x_px"] == 320.0
    own = properties(distortion_model="ours", distortion=(0.5,))["intrinsics_custom"]
    assert (own["distortion_model"], own["distortion"]) == ("ours", (0.5,))
    plain = properties(distortion_model=None, distortion=())
    assert plain["intrinsics_pinhole"]["distortion_coeffs"] == [0.0] * 5


def test_frames_tell_where_the_vehicle_was_and_which_sweeps_are_theirs() -> None:
    first, second = rig_frames(FRAMES, RIG)
    facts = first.attributes["frame_properties"]
    (motion,) = facts["transforms"].values()
    assert (motion["src"], motion["dst"]) == ("vehicle-iso8855", "enu")
    assert motion["transform_src_to_dst"]["translation"] == [1.0, 2.0, 3.0]
    assert facts["streams"]["/top"]["uri"] == "lidar/a.pcd"
    assert first.attributes["x"] == 1
    assert second.attributes == {}


def test_without_sensors_and_poses_nothing_is_said() -> None:
    assert rig_root(Rig()) == {}
    assert rig_frames(FRAMES, Rig()) == FRAMES
    unplaced = rig_root(replace(RIG, path=EgoPath()))["coordinate_systems"]
    assert unplaced["vehicle-iso8855"]["parent"] == ""


@pytest.mark.parametrize("model", ["plumb_bob", "equidistant", "ours", None])
def test_all_of_it_is_valid_openlabel(model: str | None, real_data: Path) -> None:
    from jsonschema import Draft7Validator

    schema = json.loads((real_data / "openlabel/openlabel_json_schema-v1.0.0.json").read_text())
    drawn = Intrinsics(
        width_px=64, height_px=48, matrix=K, distortion_model=model, distortion=(0.1, 0.2, 0, 0)
    )
    sensors = (replace(CAMERA, intrinsics=drawn), LIDAR, LOST)
    given = document(replace(RIG, calibration=Calibration(sensors=sensors)))
    given = json.loads(json.dumps(given))
    assert [error.message for error in Draft7Validator(schema).iter_errors(given)] == []
