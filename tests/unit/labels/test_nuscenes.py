"""The tables of nuScenes: complete, consistent, and the same for the same package."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.labels import FOLDER_FORMATS, check_formats
from avdataops.labels.nuscenes import NUSCENES, VERSION
from avdataops.labels.nuscenes.names import category, channels
from avdataops.model.errors import ConfigError
from avdataops.model.labels import Element, Frame, LabelSet, ObjectLabel, Picture, Track, cuboid_of
from avdataops.model.rig import (
    Calibration,
    EgoPath,
    EgoPose,
    Intrinsics,
    Placement,
    Rig,
    Sensor,
    Sweep,
)
from avdataops.ports.labelling import Cloud, Shipment

S = 1_000_000_000
START = 1_700_000_000 * S
FRONT, TOP = "/camera/front/image/compressed", "/lidar/top/points"
HALF = math.sqrt(0.5)
LEFT = (0.0, 0.0, HALF, HALF)
NAMES = (
    *("attribute", "calibrated_sensor", "category", "ego_pose", "instance", "log", "map"),
    *("sample", "sample_annotation", "sample_data", "scene", "sensor", "visibility"),
)


def placed(x: float = 0.0, turn: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)) -> Placement:
    return Placement(translation_m=(x, 0.0, 0.0), rotation_xyzw=turn)


CAMERA = Sensor(
    stream=FRONT,
    kind="camera",
    placement=placed(1.5),
    intrinsics=Intrinsics(width_px=64, height_px=48, matrix=(50, 0, 32, 0, 51, 24, 0, 0, 1)),
)
LIDAR = Sensor(stream=TOP, kind="lidar", placement=placed())
TICKS = (START, START + S // 2, START + 10 * S)


def shipment(**more: Any) -> Shipment:
    """Return three frames, the last far from the others, with a camera, a lidar and one car."""
    frames = tuple(Frame(index=n, t_ns=t) for n, t in enumerate(TICKS))
    pictures = tuple(
        Picture(
            frame=n,
            stream=FRONT,
            file=f"frames/{n}.jpg",
            width_px=64,
            height_px=48,
            attributes={"t_reference_ns": t + 7000},
        )
        for n, t in enumerate(TICKS)
    )
    sweeps = tuple(
        Sweep(
            frame=n,
            stream=TOP,
            t_ns=t,
            at_ns=t,
            file=f"lidar/{n}.pcd",
            sha256="",
            points=5,
            point_time=None,
        )
        for n, t in enumerate(TICKS)
    )
    cars = tuple(
        ObjectLabel(
            track="car-1",
            shape="cuboid",
            frame=n,
            cuboid=cuboid_of((10, 2, 1, *LEFT, 4, 2, 1.5)),
            attributes={"coordinate_system": "vehicle-iso8855"},
        )
        for n in range(3)
    )
    night = Element(
        group="contexts",
        key="1",
        type="night",
        attributes={
            "context_data": {"text": [{"name": "scene_type", "val": "night"}]},
            "frame_intervals": [{"frame_start": 0, "frame_end": 1}],
        },
    )
    poses = [
        EgoPose(t_ns=t + d, placement=placed(100.0 + n, LEFT))
        for n, t in enumerate(TICKS)
        for d in (0, 7000)
    ]
    usual: dict[str, Any] = {
        "package": "pkg_1",
        "measurement": "m_1",
        "vehicle": "van",
        "labels": LabelSet(
            frames=frames,
            pictures=pictures,
            tracks=(Track(key="car-1", object_class="car"),),
            labels=cars,
            elements=(night,),
        ),
        "rig": Rig(
            calibration=Calibration(sensors=(CAMERA, LIDAR)),
            path=EgoPath(axes="enu", poses=tuple(poses)),
            sweeps=sweeps,
            lidar_hits=((0, "car-1", 3), (0, "car-1", 4), (1, "car-1", 1)),
        ),
        "left": frozenset(f"frames/{n}.jpg" for n in range(3)),
    }
    return Shipment(**{**usual, **more})


def written(given_: Shipment) -> dict[str, Any]:
    files = dict(NUSCENES.tables(given_))
    assert files.pop("maps/unknown.png").startswith(b"\x89PNG")
    return {
        name.removeprefix(f"{VERSION}/").removesuffix(".json"): json.loads(data)
        for name, data in files.items()
    }


def by_token(records: list[Any]) -> dict[str, Any]:
    found = {one["token"]: one for one in records}
    assert len(found) == len(records)
    return found


def test_all_thirteen_tables_are_there_and_every_token_leads_somewhere() -> None:
    tables = written(shipment())
    assert sorted(tables) == sorted(NAMES)
    keys = {name: by_token(records) for name, records in tables.items() if name != "attribute"}
    leads = {
        "sample": {"scene_token": "scene"},
        "scene": {
            "log_token": "log",
            "first_sample_token": "sample",
            "last_sample_token": "sample",
        },
        "sample_data": {
            "sample_token": "sample",
            "ego_pose_token": "ego_pose",
            "calibrated_sensor_token": "calibrated_sensor",
        },
        "calibrated_sensor": {"sensor_token": "sensor"},
        "instance": {
            "category_token": "category",
            "first_annotation_token": "sample_annotation",
            "last_annotation_token": "sample_annotation",
        },
        "sample_annotation": {
            "sample_token": "sample",
            "instance_token": "instance",
            "visibility_token": "visibility",
        },
    }
    for name, fields in leads.items():
        assert tables[name]
        for record in tables[name]:
            for field, to in fields.items():
                assert record[field] in keys[to]
    assert set(tables["map"][0]["log_tokens"]) == set(keys["log"])


def test_records_that_follow_each_other_are_chained_both_ways() -> None:
    tables = written(shipment())
    for name, chains in (("sample", 2), ("sample_data", 4), ("sample_annotation", 1)):
        found = by_token(tables[name])
        firsts = [one for one in tables[name] if one["prev"] == ""]
        assert len(firsts) == chains
        met = 0
        for one in firsts:
            here = one
            met += 1
            while here["next"]:
                assert found[here["next"]]["prev"] == here["token"]
                here = found[here["next"]]
                met += 1
        assert met == len(found)


def test_frames_far_apart_are_of_two_scenes() -> None:
    scenes = written(shipment())["scene"]
    assert [one["nbr_samples"] for one in scenes] == [2, 1]
    assert [one["description"] for one in scenes] == ["night", ""]
    assert [one["name"] for one in scenes] == ["scene-0001", "scene-0002"]


def test_a_cuboid_lies_on_the_ground_where_the_vehicle_saw_it() -> None:
    first = written(shipment())["sample_annotation"][0]
    # Ten ahead and two to the left of a vehicle at (100, 0) that looks north.
    assert first["translation"] == pytest.approx([98.0, 10.0, 1.0])
    assert first["size"] == [2.0, 4.0, 1.5]
    w, x, y, z = first["rotation"]
    assert (abs(w), x, y, abs(z)) == pytest.approx((0.0, 0.0, 0.0, 1.0), abs=1e-12)
    assert [one["num_lidar_pts"] for one in written(shipment())["sample_annotation"]] == [7, 1, 0]


def test_sensors_and_times_are_told_as_nuscenes_counts_them() -> None:
    tables = written(shipment())
    assert {one["channel"]: one["modality"] for one in tables["sensor"]} == {
        "CAM_FRONT": "camera",
        "LIDAR_TOP": "lidar",
    }
    camera = next(one for one in tables["calibrated_sensor"] if one["camera_intrinsic"])
    assert camera["camera_intrinsic"] == [[50, 0, 32], [0, 51, 24], [0, 0, 1]]
    assert camera["rotation"] == [1.0, 0.0, 0.0, 0.0]
    data = [one for one in tables["sample_data"] if one["fileformat"] == "jpg"]
    assert [one["timestamp"] for one in data] == [(t + 7000) // 1000 for t in TICKS]
    assert {(one["width"], one["height"]) for one in data} == {(64, 48)}
    poses = by_token(tables["ego_pose"])
    assert all(poses[one["ego_pose_token"]]["timestamp"] == one["timestamp"] for one in data)
    assert tables["log"][0]["date_captured"] == "2023-11-14"


def test_what_cannot_be_said_is_left_out_and_told() -> None:
    usual = shipment()
    bent = replace(
        CAMERA,
        stream="/camera/left",
        intrinsics=Intrinsics(
            width_px=64, height_px=48, matrix=(50, 0, 32, 0, 50, 24, 0, 0, 1), distortion=(0.1,)
        ),
    )
    lost = Sensor(stream="/lidar/rear", kind="lidar")
    rig = replace(
        usual.rig,
        calibration=Calibration(sensors=(CAMERA, LIDAR, bent, lost)),
        path=replace(usual.rig.path, poses=usual.rig.path.poses[2:]),
    )
    given_ = replace(usual, rig=rig, left=frozenset({"frames/1.jpg"}))
    tables = written(given_)
    assert (len(tables["sample"]), len(tables["sample_annotation"])) == (2, 2)
    assert [one["filename"] for one in tables["sample_data"] if one["width"]] == ["frames/1.jpg"]
    assert {one["channel"] for one in tables["sensor"]} == {"CAM_FRONT", "CAM_LEFT", "LIDAR_TOP"}
    assert NUSCENES.unsaid(given_) == [
        "/lidar/rear is left out: its place or its way of drawing is not known",
        "the distortion of /camera/left has no place in it",
        "1 frames are left out: where the vehicle was is not known",
        "2 pictures stay and have no sample_data",
    ]
    assert NUSCENES.unsaid(usual) == []


def test_a_package_of_nothing_is_still_thirteen_tables() -> None:
    empty = shipment(labels=LabelSet(), rig=Rig(), left=frozenset())
    tables = written(empty)
    assert sorted(tables) == sorted(NAMES)
    assert (tables["sample"], tables["scene"]) == ([], [])


def test_the_same_package_gives_the_same_bytes_and_another_other_tokens() -> None:
    assert dict(NUSCENES.tables(shipment())) == dict(NUSCENES.tables(shipment()))
    ours, other = (written(shipment(package=name))["sample"] for name in ("pkg_1", "pkg_2"))
    assert not by_token(ours).keys() & by_token(other).keys()


def test_a_sweep_is_five_floats_a_point_and_unknown_ones_are_nan() -> None:
    xyz = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    cloud = Cloud(
        frame=0, stream=TOP, t_ns=0, at_ns=TICKS[0], xyz_m=xyz, intensity=np.array([7.0, 8.0])
    )
    name, data = NUSCENES.sweep(Calibration(sensors=(CAMERA, LIDAR)), cloud)
    points = np.frombuffer(data, "<f4").reshape(-1, 5)
    assert points[:, :4].tolist() == [[1, 2, 3, 7], [4, 5, 6, 8]]
    assert np.isnan(points[:, 4]).all()
    assert name in {one["filename"] for one in written(shipment())["sample_data"]}


def test_channels_are_the_telling_words_of_a_stream() -> None:
    streams = {
        "/sensing/camera/camera3/image_raw/compressed": "CAM_CAMERA3",
        "/cam/front_left": "CAM_FRONT_LEFT",
        "/image": "CAM",
    }
    found = channels(Sensor(stream=name, kind="camera") for name in streams)
    assert found == streams


@given(st.lists(st.text("abc/_ üñ", max_size=6), unique=True, max_size=6))
def test_no_two_streams_share_a_channel_and_all_are_plain_words(names: list[str]) -> None:
    found = channels(Sensor(stream=name, kind="lidar") for name in names)
    assert len(set(found.values())) == len(names)
    assert all(name.replace("_", "").isalnum() and name.isascii() for name in found.values())


def test_classes_that_nuscenes_knows_have_its_names_and_what_they_claim_beyond_is_told() -> None:
    assert category("car") == ("vehicle.car", "avdataops class 'car'")
    assert category("bus")[0] == "vehicle.bus.rigid"
    assert "nobody said" in category("bus")[1]
    assert category("RoadUser")[0] == "avdataops.RoadUser"


def test_formats_of_folders_are_named_beside_those_of_files() -> None:
    assert FOLDER_FORMATS == {"nuscenes": NUSCENES}
    check_formats(["coco", "nuscenes"])
    with pytest.raises(ConfigError, match="did you mean 'nuscenes'"):
        check_formats(["nuscens"])
