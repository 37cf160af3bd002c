"""The see_objects step over pictures in memory."""

import hashlib
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.artifact import Artifact
from avdataops.model.errors import UnreadableFile
from avdataops.model.location import Location, Zone
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile, Inputs
from avdataops.steps import STEPS
from avdataops.steps.see_objects import SEE_OBJECTS, Params
from avdataops.tables.kinds import kind
from avdataops.testing.onnx_by_hand import colour_network
from avdataops.testing.step_tables import MemoryTable, RecordingContext, made_tables, memory_table
from avdataops.wiring.workspace import load_pipeline

S = 1_000_000_000
WEIGHTS = colour_network()
PARAMS = Params(labels=("blue", "red"), side_px=32, strides=(8,), min_score=0.5)


def png(*blue_cells: tuple[int, int]) -> bytes:
    picture = np.zeros((32, 32, 3), dtype=np.uint8)
    for row, column in blue_cells:
        picture[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = (255, 0, 0)
    return cv2.imencode(".png", picture)[1].tobytes()


def frames(*rows: tuple[float, bytes | None], part: str = "a.db3") -> MemoryTable:
    table = pa.table(
        {
            "t_ns": pa.array([round(t * S) for t, _ in rows], pa.int64()),
            "format": ["png"] * len(rows),
            "data": pa.array([data for _, data in rows], pa.binary()),
        }
    )
    return memory_table(
        table, kind="stream", name="/cam", part=part, attributes={"topic_class": "camera"}
    )


def weights(data: bytes = WEIGHTS) -> InputFile:
    at = Location(Zone.RAW, "reference/x/weights.onnx")
    sha256 = hashlib.sha256(data).hexdigest()
    artifact = Artifact(
        id="art_0123456789abcdef01234567",
        kind="reference",
        measurement=None,
        name="weights.onnx",
        location=at,
        bytes=len(data),
        sha256=sha256,
    )
    return InputFile(artifact, BytesFile("weights.onnx", data))


def seen(
    *parts: MemoryTable, params: Params = PARAMS, model: InputFile | None = None
) -> tuple[list[dict[str, Any]], RecordingContext]:
    context = RecordingContext()
    files = {"model": (model,)} if model else {}
    made = made_tables(SEE_OBJECTS.run(context, Inputs({"frames": parts}, files), params))
    ((output, table),) = made.items()
    assert (output.kind, output.name) == ("camera_objects", "/cam")
    kind("camera_objects").check(table.schema)
    return table.to_pylist(), context


def test_every_object_is_a_row_that_names_its_weights() -> None:
    rows, context = seen(
        frames((0.0, png((1, 2))), (1.0, png()), (2.0, png((0, 0)))), model=weights()
    )
    assert [(row["t_ns"], row["x_px"], row["y_px"]) for row in rows] == [
        (0, 16.0, 8.0),
        (2 * S, 0.0, 0.0),
    ]
    first = rows[0]
    assert (first["object_class"], first["detector"]) == ("blue", "onnx_yolox")
    assert (first["width_px"], first["height_px"]) == (8.0, 8.0)
    assert first["weights_sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert first["confidence_class"] == "normal"
    assert context.caveats == []
    assert context.done == 1.0


def test_only_as_many_pictures_are_looked_at_as_asked_for_over_all_parts() -> None:
    many = [(n / 10, png((0, 0))) for n in range(20)]
    rows, context = seen(frames(*many[:10]), frames(*many[10:], part="b.db3"), model=weights())
    assert [row["t_ns"] / S for row in rows] == [0.0, 0.5, 1.0, 1.5, 1.9]
    (account,) = context.accounts
    assert (account.rows_in, account.rows_out, account.dropped) == (20, 5, {"rate": 15})


def test_a_picture_that_cannot_be_read_is_accounted_for() -> None:
    rows, context = seen(frames((0.0, b"broken"), (1.0, None), (2.0, png((0, 0)))), model=weights())
    assert len(rows) == 1
    (account,) = context.accounts
    assert (account.rows_in, account.rows_out, account.dropped) == (3, 1, {"no_picture": 2})


def test_without_weights_the_weak_method_says_that_it_is_weak() -> None:
    rows, context = seen(frames((0.0, png())))
    assert rows == []
    assert [one.code for one in context.caveats] == ["weak_method"]


def test_no_pictures_are_an_empty_table() -> None:
    rows, context = seen(frames(), model=weights())
    assert rows == []
    assert context.accounts[0].rows_in == 0


def test_weights_that_are_none_are_refused() -> None:
    with pytest.raises(UnreadableFile):
        seen(frames((0.0, png())), model=weights(b"no network"))


def test_it_is_a_step_that_the_default_pipeline_leaves_out() -> None:
    assert STEPS["see_objects"] is SEE_OBJECTS
    assert "see_objects" not in [stage.step for stage in load_pipeline("drive_to_scenes").steps]
