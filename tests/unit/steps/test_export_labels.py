"""Packages for labelling made of tables in memory."""

import json
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from avdataops.labels import read_labels
from avdataops.model.errors import ConfigError, NotFound
from avdataops.model.label_package import LabelPackage
from avdataops.model.labels import Box
from avdataops.model.scene import Scene
from avdataops.ports.step import Bytes, Inputs
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


def made(given: Inputs, **params: Any) -> tuple[LabelPackage, dict[str, bytes], RecordingContext]:
    context = RecordingContext()
    files: dict[str, bytes] = {}
    for one in run(context, given, Params(**params)):
        assert isinstance(one, Bytes)
        files[one.output.name.partition("/")[2]] = one.file.read_at(0, one.file.size)
    return read_package(files["manifest.json"]), files, context


def test_pictures_stay_without_an_exemption_and_their_hashes_leave() -> None:
    package, files, context = made(inputs())
    assert sorted(files) == ["labels.coco.json", "labels.openlabel.json", "manifest.json"]
    assert [one.frame for one in package.pictures] == [0, 2]
    assert {(one.width_px, one.height_px) for one in package.pictures} == {(60, 40)}
    assert [problem.code for problem in context.caveats] == ["no_picture", "pii"]
    assert context.facts["counts"] == {"scenes": 2, "frames": 3, "pictures": 2}


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
