"""Packages for labelling made of tables in memory."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from avdataops.labels import read_labels
from avdataops.model.documents import to_json
from avdataops.model.errors import ConfigError, NotFound, SchemaMismatch
from avdataops.model.label_package import LabelPackage
from avdataops.model.labels import Box
from avdataops.model.rig import Calibration, Intrinsics, Placement, Sensor
from avdataops.model.scene import Scene
from avdataops.ports.files import BytesFile
from avdataops.ports.step import Bytes, InputFile, Inputs
from avdataops.signals.geo import to_wgs84
from avdataops.steps.export_labels import Params, run
from avdataops.steps.import_labels import read_package
from avdataops.tables.kinds import kind
from avdataops.tables.scene_rows import scene_rows
from avdataops.testing.step_tables import RecordingContext, memory_table

FRONT = "/front"
JPEG = cv2.imencode(".jpg", np.full((40, 60, 3), 90, np.uint8))[1].tobytes()
START = 1_700_000_000_000_000_000
TICKS = tuple(START + t for t in (0, 500_000_000, 1_000_000_000))


def scene(name: str, start_ns: int, stop_ns: int) -> Scene:
    return Scene(
        id=f"scn_{name}",
        type=name,
        measurement="m_1",
        vehicle="test car",
        t_start_ns=START + start_ns,
        t_end_ns=START + stop_ns,
        detector="d",
        detector_version=1,
        confidence=1.0,
    )


def inputs(**more: Any) -> Inputs:
    scenes = [scene("night", 0, 2_000_000_000), scene("hard_brake", 400_000_000, 600_000_000)]
    rows = [
        {"t_ns": t, "stream": FRONT, "frame_t_ns": t + 7, "frame_row": row, "part": "a.mcap"}
        for row, t in enumerate(TICKS)
    ]
    messages = [JPEG, JPEG[:9], JPEG]
    stamps = pa.array([t + 7 for t in TICKS], pa.int64())
    camera = pa.table({"t_ns": stamps, "data": pa.array(messages, pa.binary())})
    found = pa.Table.from_batches([scene_rows(scenes)])
    frames = pa.Table.from_pylist(rows, schema=kind("frames").schema)
    tables = {
        "scenes": (memory_table(found, kind="scenes", name="scenes"),),
        "frames": (memory_table(frames, kind="frames", name="frames"),),
        "cameras": (memory_table(camera, kind="stream", name=FRONT, part="a.mcap"),),
    }
    return Inputs(tables={**tables, **more})


TOP = "/top"
ROW = {"x_m": 10.0, "y_m": 0.0, "z_m": 1.0, "yaw_rad": 0.0}
CAR = {**ROW, "track_id": "7", "object_class": "car", "stream": "/objects"}
SIZE = {"length_m": 4.0, "width_m": 2.0, "height_m": 2.0}


def with_everything(calibration: Calibration | None = None) -> Inputs:
    """Return a drive with lidar, objects and a straight way of 30 m, and a user's calibration."""
    rows = [
        {"t_ns": t, "stream": stream, "frame_t_ns": t + 7, "frame_row": row, "part": "a.mcap"}
        for row, t in enumerate(TICKS)
        for stream in (FRONT, TOP)
    ]
    frames = pa.Table.from_pylist(rows, schema=kind("frames").schema)
    point = {"points_x_m": [9.0, 50.0], "points_y_m": [0.5, 0.0], "points_z_m": [1.0, 1.0]}
    sweeps = [
        {"t_ns": t + 7, "header_frame_id": "base_link", "points_t": [0, 1000], **point}
        for t in TICKS
    ]
    cloud = pa.Table.from_pylist(sweeps)
    cloud = cloud.set_column(
        cloud.schema.get_field_index("points_t"),
        "points_t",
        cloud["points_t"].cast(pa.list_(pa.uint32())),
    )
    objects = pa.Table.from_pylist(
        [{"t_ns": t, **CAR, **SIZE} for t in TICKS], schema=kind("objects").schema
    )
    t = np.arange(START - 10**8, START + 2 * 10**9, 5 * 10**7)
    east = (t - START) * 1e-9 * 30.0
    lat, lon = to_wgs84(east, np.zeros(t.size), 56.0, 10.0)
    columns = {"t_ns": t, "lat_deg": lat, "lon_deg": lon, "heading_rad": np.zeros(t.size)}
    ego = pa.table({**columns, "alt_m": np.full(t.size, 5.0)})
    given = inputs(
        frames=(memory_table(frames, kind="frames", name="frames"),),
        lidars=(memory_table(cloud, kind="stream", name=TOP, part="a.mcap"),),
        objects=(memory_table(objects, kind="objects", name="objects"),),
        ego=(memory_table(ego, kind="ego", name="ego"),),
    )
    if calibration is None:
        return given
    data = to_json(calibration).encode()
    artifact = memory_table(pa.table({"t_ns": [0]}), kind="reference", name="cal.json").artifact
    return replace(
        given, files={"calibration": (InputFile(artifact, BytesFile("cal.json", data)),)}
    )


PLACED = Placement(translation_m=(1.5, 0.0, 1.4), rotation_xyzw=(-0.5, 0.5, -0.5, 0.5))
CAMERA = Sensor(
    stream=FRONT,
    kind="camera",
    placement=PLACED,
    intrinsics=Intrinsics(width_px=60, height_px=40, matrix=(50, 0, 30, 0, 50, 20, 0, 0, 1)),
)


def made(given: Inputs, **params: Any) -> tuple[LabelPackage, dict[str, bytes], RecordingContext]:
    context = RecordingContext()
    files: dict[str, bytes] = {}
    for one in run(context, given, Params(**params)):
        assert isinstance(one, Bytes)
        files[one.output.name.partition("/")[2]] = one.file.read_at(0, one.file.size)
    return read_package(files["manifest.json"]), files, context


def test_pictures_stay_without_an_exemption_and_their_hashes_leave() -> None:
    package, files, context = made(inputs())
    assert sorted(files) == [
        "calibration.json",
        "ego_poses.json",
        "labels.coco.json",
        "labels.openlabel.json",
        "manifest.json",
    ]
    assert [one.frame for one in package.pictures] == [0, 2]
    assert {(one.width_px, one.height_px) for one in package.pictures} == {(60, 40)}
    assert [problem.code for problem in context.caveats] == [
        "no_picture",
        "pii",
        "unknown_calibration",
        "no_poses",
    ]
    counts = {"scenes": 2, "frames": 3, "pictures": 2, "sweeps": 0, "poses": 0, "cuboids": 0}
    assert context.facts["counts"] == counts


def test_pictures_leave_as_they_came_with_an_exemption() -> None:
    package, files, _ = made(inputs(), exemption="DPO 7")
    assert package.exemption == "DPO 7"
    assert [files[str(one.file)] for one in package.pictures] == [JPEG, JPEG]
    assert package.pictures[0].t_ns == START + 7


def test_only_frames_inside_the_wanted_scenes_leave_under_their_own_numbers() -> None:
    package, _, _ = made(inputs(), scene_types=("hard_brake",))
    assert package.scenes == ("scn_hard_brake",)
    assert [(one.index, one.t_ns) for one in package.frames] == [(1, TICKS[1])]
    by_id, _, _ = made(inputs(), scene_ids=("scn_night",))
    assert by_id.scenes == ("scn_night",)


def test_a_wish_that_nothing_meets_is_told_with_what_there_is() -> None:
    with pytest.raises(NotFound, match="no scene of this measurement is one of: u_turn") as told:
        made(inputs(), scene_types=("u_turn",))
    assert told.value.hint == "it has: hard_brake, night"
    with pytest.raises(ConfigError, match="no label format 'yolo'"):
        made(inputs(), formats=("yolo",))


def test_scenes_alone_make_a_package() -> None:
    package, files, context = made(inputs(frames=(), cameras=()))
    assert (package.frames, package.pictures, context.caveats) == ((), (), [])
    _, labels = read_labels(files["labels.openlabel.json"], "it")
    assert [one.group for one in labels.elements] == ["actions", "contexts"]


def seen(x_px: float, width_px: float, after_ns: int = 7) -> dict[str, Any]:
    row = {
        "t_ns": START + after_ns,
        "stream": FRONT,
        "object_class": "van",
        "score": 0.5,
        "x_px": x_px,
    }
    size = {"y_px": -3.0, "width_px": width_px, "height_px": 13.0}
    return {**row, **size, "detector": "net", "confidence_class": "normal"}


def test_prelabels_are_cut_at_the_edge_and_their_class_joins_the_taxonomy() -> None:
    rows = [seen(50.0, 30.0), seen(70.0, 5.0), seen(1.0, 5.0, after_ns=8)]
    table = pa.Table.from_pylist(rows, schema=kind("camera_objects").schema)
    given = inputs(camera_objects=(memory_table(table, kind="camera_objects", name=FRONT),))
    package, files, _ = made(given)
    assert "van" in package.taxonomy.object_classes
    for name in ("labels.openlabel.json", "labels.coco.json"):
        (label,) = read_labels(files[name], name)[1].labels
        assert label.box == Box(50.0, 0.0, 10.0, 10.0)
        assert (label.frame, label.stream) == (0, FRONT)
        assert label.attributes["attributes"]["num"] == [{"name": "score", "val": 0.5}]


def test_both_formats_say_the_same_and_name_the_package() -> None:
    package, files, _ = made(inputs())
    both = [read_labels(files[f"labels.{name}.json"], name)[1] for name in ("openlabel", "coco")]
    assert both[0] == both[1]
    assert both[0].package == package.package
    assert json.loads(files["manifest.json"])["pii_status"] == "raw"


def test_other_wishes_are_another_package() -> None:
    assert made(inputs())[0].package == made(inputs())[0].package
    assert made(inputs())[0].package != made(inputs(), exemption="x")[0].package


def test_a_package_holds_calibration_poses_sweeps_and_cuboids() -> None:
    package, files, context = made(with_everything(Calibration(sensors=(CAMERA,))), exemption="x")
    counts = context.facts["counts"]
    assert counts == {
        "scenes": 2,
        "frames": 3,
        "pictures": 2,
        "sweeps": 3,
        "poses": 3,
        "cuboids": 3,
    }
    assert [problem.code for problem in context.caveats] == ["no_picture"]
    calibration = json.loads(files["calibration.json"])
    told = {one["stream"]: one for one in calibration["sensors"]}
    assert told[FRONT]["placement_from"] == "cal.json"
    assert told[TOP]["placement_from"] == "header_frame_id"
    poses = json.loads(files["ego_poses.json"])
    assert (poses["axes"], poses["flat"], poses["source"]) == ("enu", True, "ego")
    # Frame 2 is a second, thus 30 m, after frame 0; the origin is 0.1 s before that.
    at = {one["t_ns"]: one["placement"]["translation_m"] for one in poses["poses"]}
    assert [at[t][0] for t in TICKS] == pytest.approx([3.0, 18.0, 33.0], abs=0.01)
    assert [one.points for one in package.sweeps] == [2, 2, 2]
    assert {one.point_time for one in package.sweeps} == {"points_t"}
    for sweep in package.sweeps:
        assert hashlib.sha256(files[sweep.file]).hexdigest() == sweep.sha256
    _, labels = read_labels(files["labels.openlabel.json"], "it")
    assert [one.shape for one in labels.labels] == ["cuboid"] * 3
    assert package.taxonomy.object_classes.count("car") == 1


def test_nuscenes_tables_hold_what_left_and_count_the_points_in_each_cuboid() -> None:
    given = with_everything(Calibration(sensors=(CAMERA,)))
    _, files, _ = made(given, formats=("nuscenes",), exemption="x")
    tables = {name: json.loads(data) for name, data in files.items() if name.startswith("v1.0")}
    data = tables["v1.0-avdataops/sample_data.json"]
    assert {one["filename"] for one in data} <= set(files)
    assert len(data) == 5
    found = tables["v1.0-avdataops/sample_annotation.json"]
    assert [one["num_lidar_pts"] for one in found] == [1, 1, 1]
    stayed, _, context = made(given, formats=("nuscenes",))[0:3]
    assert stayed.exemption is None
    assert "nuscenes: 2 pictures stay and have no sample_data" in [
        problem.message for problem in context.caveats
    ]


def test_a_deskewed_copy_goes_along_on_request() -> None:
    _, files, context = made(with_everything(), deskew=True)
    raw = sorted(name for name in files if name.startswith("lidar/"))
    straight = sorted(name for name in files if name.startswith("lidar_deskewed/"))
    assert [name.partition("/")[2] for name in raw] == [name.partition("/")[2] for name in straight]
    assert "not_deskewed" not in {problem.code for problem in context.caveats}
    bare, files, _ = made(with_everything(), sweeps=False)
    assert (bare.sweeps, [name for name in files if "lidar" in name]) == ((), [])


def test_a_calibration_file_that_is_none_is_refused_by_name() -> None:
    given = with_everything(Calibration())
    broken = InputFile(given.files["calibration"][0].artifact, BytesFile("cal.json", b"{}x"))
    with pytest.raises(SchemaMismatch, match=r"cal.json: not a Calibration"):
        made(replace(given, files={"calibration": (broken,)}))
    strange = Calibration(sensors=(replace(CAMERA, stream="/frnt"),))
    codes = [problem.code for problem in made(with_everything(strange))[2].caveats]
    assert "unknown_sensor" in codes


def test_an_actor_of_a_scene_that_is_tracked_is_one_track_of_known_class() -> None:
    lead = replace(scene("cut_in", 0, 2_000_000_000), actor="7")
    found = pa.Table.from_batches([scene_rows([lead])])
    tables = {"scenes": (memory_table(found, kind="scenes", name="scenes"),)}
    given = with_everything()
    _, files, _ = made(replace(given, tables={**given.tables, **tables}))
    _, labels = read_labels(files["labels.openlabel.json"], "it")
    assert [(one.name, one.object_class) for one in labels.tracks] == [("7", "car")]
