"""Packages of a whole drive whose transforms were recorded: geometry against the drive's truth."""

import hashlib
import json
import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mcap.writer import Writer

from avdataops.labels import read_labels
from avdataops.labels.coco import COCO
from avdataops.labels.openlabel import OPENLABEL
from avdataops.model.labels import ObjectLabel, Track, box_of_corner
from avdataops.model.time import NS_PER_S
from avdataops.signals.geo import to_local, wrap_pi
from avdataops.testing.command_line import Desk
from sample_data import SampleDrive
from sample_data.geodesy import to_wgs84 as sample_wgs84
from sample_data.projection import MOUNT_X_M, MOUNT_Z_M
from sample_data.ros_types import ROS2, cdr, header, ros2, vector3
from sample_data.world import build_world
from tests.doubles.environments import environment_of

WHY = "data protection officer, 2026-12"
FRONT = "/camera/front/image/compressed"
TO_OPTICAL = (-0.5, 0.5, -0.5, 0.5)
"""From a camera's x right, y down, z forward to a vehicle's x forward, y left, z up."""


def write_transforms(path: Path, start_ns: int) -> None:
    """Write where the camera sits as tf_static: behind a mast that stands on the vehicle."""
    kind = "tf2_msgs/msg/TFMessage"
    quaternion, transform = (
        ros2("geometry_msgs/msg/Quaternion"),
        ros2("geometry_msgs/msg/Transform"),
    )
    stamped = ros2("geometry_msgs/msg/TransformStamped")
    chain = [
        ("base_link", "mast", (MOUNT_X_M, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0)),
        ("mast", "camera_front", (0.0, 0.0, MOUNT_Z_M - 1.0), TO_OPTICAL),
    ]
    placed = [
        stamped(
            header=header(start_ns, parent),
            child_frame_id=child,
            transform=transform(
                translation=vector3(*place),
                rotation=quaternion(**dict(zip("xyzw", turn, strict=True))),
            ),
        )
        for parent, child, place, turn in chain
    ]
    with path.open("wb") as file:
        writer: Any = Writer(file)
        writer.start(profile="ros2")
        text, _ = ROS2.generate_msgdef(kind, ros_version=2)
        schema = writer.register_schema(kind, "ros2msg", text.encode())
        channel = writer.register_channel("/tf_static", "cdr", schema)
        data = cdr(ros2(kind)(transforms=placed))
        for t_ns in (start_ns, start_ns + 1_000_000_000):
            writer.add_message(channel, log_time=t_ns, data=data, publish_time=t_ns)
        writer.finish()


@pytest.fixture(scope="module")
def rigged(short: SampleDrive, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """Return a finished drive that recorded its transforms, and its id."""
    folder = tmp_path_factory.mktemp("rigged")
    drive = folder / "drive"
    drive.mkdir()
    for path in (short.sensors, short.localization):
        shutil.copy2(path, drive)
    write_transforms(drive / "frames.mcap", short.start_ns)
    desk = Desk(folder / "lake")
    uploaded = desk.here("upload", drive, "--vehicle", short.vehicle, "--format", "json")
    assert uploaded.status == 0, uploaded.err
    measurement = uploaded.json["measurement"]
    ran = desk.here("run", measurement, "--format", "json")
    assert ran.status == 0, ran.err
    return desk, measurement


@pytest.fixture(scope="module")
def package(rigged: tuple[Desk, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a package of the whole drive in all formats, pictures exempted."""
    desk, measurement = rigged
    folder = tmp_path_factory.mktemp("package") / "out"
    options = ("--to", "openlabel,coco,nuscenes", "--exemption", WHY, "--deskew", "-o", folder)
    done = desk.here("labels", "export", measurement, *options)
    assert done.status == 0, done.err
    return folder


def loaded(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def test_every_file_of_a_package_is_in_its_manifest_with_its_hash(package: Path) -> None:
    listed = {one["name"]: one["sha256"] for one in loaded(package, "manifest.json")["files"]}
    there = {
        path.relative_to(package).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in package.rglob("*")
        if path.is_file()
    }
    del there["manifest.json"]
    assert listed == there


def test_recorded_transforms_and_calibration_place_and_draw_the_camera(package: Path) -> None:
    sensors = {one["stream"]: one for one in loaded(package, "calibration.json")["sensors"]}
    camera = sensors[FRONT]
    assert camera["placement"]["translation_m"] == pytest.approx([MOUNT_X_M, 0.0, MOUNT_Z_M])
    turn = np.array(camera["placement"]["rotation_xyzw"])
    assert abs(turn @ TO_OPTICAL) == pytest.approx(1.0)
    assert camera["placement_from"] == "/tf_static"
    assert camera["intrinsics"]["matrix"][:3] == [265.0, 0.0, 160.0]
    assert sensors["/lidar/top/points"]["placement_from"] == "header_frame_id"


def test_poses_are_where_the_truth_says_to_the_noise_of_the_receiver(
    package: Path, short: SampleDrive
) -> None:
    path = loaded(package, "ego_poses.json")
    assert (path["axes"], path["source"]) == ("enu", "/localization/odometry")
    assert path["tie_rms_m"] < 1.5
    t_s = np.array([(one["t_ns"] - short.start_ns) / NS_PER_S for one in path["poses"]])
    ego = build_world(7, short.duration_s, short.start_ns).ego(t_s)
    lat, lon = sample_wgs84(ego.x_m, ego.y_m)
    origin = path["origin"]
    true = np.column_stack(to_local(lat, lon, origin["lat_deg"], origin["lon_deg"]))
    places = np.array([one["placement"]["translation_m"][:2] for one in path["poses"]])
    assert np.linalg.norm(places - true, axis=1).max() < 1.5
    # Among each other they are as exact as the odometry, which drifts by centimetres.
    told, truly = (np.linalg.norm(each - each[0], axis=1) for each in (places, true))
    assert np.abs(told - truly).max() < 0.4
    turns = np.array([one["placement"]["rotation_xyzw"] for one in path["poses"]])
    yaw = 2 * np.arctan2(turns[:, 2], turns[:, 3])
    assert np.abs(wrap_pi(yaw - ego.heading_rad)).max() < math.radians(2)


def test_objects_in_space_and_points_of_the_lidar_agree(package: Path) -> None:
    annotations = loaded(package, "v1.0-avdataops/sample_annotation.json")
    near = [one for one in annotations if one["num_lidar_pts"] > 5]
    assert near
    kinds = {one["name"] for one in loaded(package, "v1.0-avdataops/category.json")}
    assert "vehicle.car" in kinds


def test_all_sweeps_have_point_times_and_straight_copies_where_poses_allow(package: Path) -> None:
    sweeps = loaded(package, "manifest.json")["sweeps"]
    assert {one["point_time"] for one in sweeps} == {"points_t"}
    straight = [one["deskewed_file"] for one in sweeps if one["deskewed_file"]]
    assert len(straight) >= len(sweeps) - 2
    assert all((package / name).is_file() for name in straight)


def test_the_package_is_valid_openlabel_and_both_formats_say_the_same(
    package: Path, real_data: Path
) -> None:
    from jsonschema import Draft7Validator

    schema = loaded(real_data, "openlabel/openlabel_json_schema-v1.0.0.json")
    document = loaded(package, "labels.openlabel.json")
    assert [error.message for error in Draft7Validator(schema).iter_errors(document)] == []
    assert document["openlabel"]["coordinate_systems"]["camera_front"]["parent"]
    files = ("labels.openlabel.json", "labels.coco.json")
    one, other = (read_labels((package / name).read_bytes(), name)[1] for name in files)
    assert one == other
    assert OPENLABEL.write(one) == (package / files[0]).read_bytes()
    assert COCO.write(one) == (package / files[1]).read_bytes()


def test_what_comes_back_unchanged_changes_nothing(rigged: tuple[Desk, str], package: Path) -> None:
    desk, measurement = rigged

    def back(name: str) -> Any:
        asked = ("labels", "import", package / name, "--measurement", measurement)
        done = desk.here(*asked, "--format", "json")
        assert done.status == 0, done.err
        return done.json

    first, second = back("labels.openlabel.json"), back("labels.coco.json")
    told = loaded(package, "manifest.json")
    assert first["changes"]["added"]["count"] == first["labels"] > len(told["scenes"])
    assert {word: one["count"] for word, one in second["changes"].items()} == {
        "added": 0,
        "removed": 0,
        "moved": 0,
        "changed": 0,
    }
    listed = desk.here("labels", "list", measurement, "--format", "json").json
    assert [row["delivery"] for row in listed] == [1, 2]
    cuboids = ("labels", "show", told["package"], "--shape", "cuboid", "--format", "json")
    rows = desk.here(*cuboids).json
    assert len(rows) == sum(
        label.cuboid is not None
        for label in read_labels((package / "labels.coco.json").read_bytes(), "it")[1].labels
    )


def test_a_calibration_file_counts_more_than_the_recording(
    rigged: tuple[Desk, str], package: Path, tmp_path: Path
) -> None:
    desk, measurement = rigged
    calibration = loaded(package, "calibration.json")
    for one in calibration["sensors"]:
        one["placement"]["translation_m"] = [2.5, 0.0, 1.5]
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(calibration))
    options = ("--scene-type", "night", "--calibration", file, "--no-sweeps")
    export = ("labels", "export", measurement, *options, "-o")
    done = desk.here(*export, tmp_path / "out")
    assert done.status == 0, done.err
    (camera, _) = loaded(tmp_path / "out", "calibration.json")["sensors"]
    assert (camera["placement_from"], camera["placement"]["translation_m"][0]) == ("mine.json", 2.5)
    lineage = desk.here(
        "lineage", "show", made_by(desk, measurement, done.json["package"]), "--format", "json"
    ).json
    assert hashlib.sha256(file.read_bytes()).hexdigest() in {
        node.get("sha256") for node in lineage["nodes"]
    }
    file.write_text("{}nothing")
    refused = desk.here(*export, tmp_path / "other")
    assert (refused.status, "mine.json: not a Calibration" in refused.err) == (65, True)


def made_by(desk: Desk, measurement: str, package: str) -> str:
    listed = desk.here("labels", "list", measurement, "--format", "json").json
    return next(str(row["run"]) for row in listed if row["package"] == package)


@pytest.mark.parametrize(
    ("options", "text"),
    [(("--to", "nuscens"), "did you mean 'nuscenes'"), (("--to", "coco,yolo"), "no label format")],
    ids=["near_miss", "unknown"],
)
def test_a_format_that_is_not_there_is_refused_before_anything_is_made(
    rigged: tuple[Desk, str], tmp_path: Path, options: tuple[str, ...], text: str
) -> None:
    desk, measurement = rigged
    done = desk.here("labels", "export", measurement, *options, "-o", tmp_path / "out")
    assert (done.status, text in done.err) == (78, True), done.err
    assert not (tmp_path / "out").exists()


def opened_with(tool: str, package: Path, out: Path) -> Any:
    """Return what a tool in its own environment tells of a package."""
    python = environment_of("labels") / "python"
    script = Path(__file__).with_name("label_tools.py")
    done = subprocess.run(
        [str(python), str(script), str(package), str(out), tool],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_the_devkit_of_nuscenes_loads_and_draws_a_package(package: Path, tmp_path: Path) -> None:
    found = opened_with("nuscenes", package, tmp_path)
    manifest = loaded(package, "manifest.json")
    assert found["tables"]["sample"] == len(with_pose(package))
    assert found["tables"]["sensor"] == found["tables"]["calibrated_sensor"] == 2
    assert found["tables"]["instance"] > 0
    assert found["hits"] > 5
    assert found["intrinsic"][0] == [265.0, 0.0, 160.0]
    for name in ("lidar", "camera", "points"):
        picture = cv2.imread(str(tmp_path / f"{name}.png"))
        assert picture is not None
        assert picture.std() > 1
    assert len(manifest["frames"]) >= found["tables"]["sample"]


def with_pose(package: Path) -> list[dict[str, Any]]:
    frames = loaded(package, "labels.openlabel.json")["openlabel"]["frames"].values()
    facts = [one.get("frame_properties", {}) for one in frames]
    return [one for one in facts if "transforms" in one]


@pytest.mark.slow
def test_pycocotools_loads_what_comes_back(package: Path, tmp_path: Path) -> None:
    _, labels = read_labels((package / "labels.coco.json").read_bytes(), "it")
    picture = labels.pictures[0]
    box = ObjectLabel(
        track="7",
        shape="bbox",
        frame=picture.frame,
        stream=picture.stream,
        box=box_of_corner(10.5, 20.25, 30.0, 40.0),
    )
    tracks = (*labels.tracks, Track(key="7", object_class="bicycle"))
    more = replace(labels, tracks=tracks, labels=(*labels.labels, box))
    (tmp_path / "labels.coco.json").write_bytes(COCO.write(more))
    found = opened_with("coco", tmp_path, tmp_path)
    assert found == {
        "images": len(labels.pictures),
        "annotations": 1,
        "areas": [1200.0],
        "categories": ["bicycle"],
    }
