"""Pictures painted over by a real, tiny network that sees blue and red cells."""

import hashlib
import json
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile, Inputs, Rows
from avdataops.steps.anonymise import ANONYMISE, Params, run
from avdataops.tables.kinds import kind
from avdataops.testing.onnx_by_hand import colour_network
from avdataops.testing.step_tables import MemoryTable, RecordingContext, memory_table

FRONT = "/front"
WEIGHTS = colour_network()
SIDE = 32
MS = 1_000_000
USUAL = {"side_px": SIDE, "strides": (8,), "min_score": 0.3}


def picture(*cells: tuple[int, int], colour: tuple[int, int, int] = (255, 0, 0)) -> Any:
    """Return a black picture of 4 x 4 cells, some of them blue, with a pattern that shows."""
    found = np.zeros((SIDE, SIDE, 3), np.uint8)
    for row, column in cells:
        found[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = colour
        found[row * 8 + 2, column * 8 + 2] = (255, 255, 255)
    return found


def png(image: Any) -> bytes:
    return bytes(cv2.imencode(".png", image)[1].tobytes())


def camera(*messages: bytes | None, part: str = "a", first_ns: int = 0) -> MemoryTable:
    stamps = [first_ns + n * 100 * MS for n in range(len(messages))]
    data = pa.table({"t_ns": pa.array(stamps, pa.int64()), "data": pa.array(messages, pa.binary())})
    return memory_table(data, kind="stream", name=FRONT, part=part)


def made(
    *tables: MemoryTable, weights: bytes = WEIGHTS, **params: Any
) -> tuple[dict[str, list[dict[str, Any]]], RecordingContext]:
    context = RecordingContext()
    file = InputFile(camera().artifact, BytesFile("net.onnx", weights))
    given = Inputs(tables={"frames": tables}, files={"anonymiser": (file,)})
    found: dict[str, list[dict[str, Any]]] = {}
    for one in run(context, given, Params(**{**USUAL, **params})):
        assert isinstance(one, Rows)
        kind("anonymised").check(one.batch.schema)
        found.setdefault(one.output.part, []).extend(one.batch.to_pylist())
    return found, context


def decoded(data: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_what_the_network_sees_is_painted_over_and_the_rest_stays() -> None:
    original = picture((1, 1))
    original[28:31, 28:31] = (0, 90, 0)
    rows, context = made(camera(png(original)))
    (row,) = rows["a"]
    found = decoded(row["data"])
    # The white dot of the pattern is gone, and so is every other pixel of the cell's own.
    assert (found[10, 10] != (255, 255, 255)).any()
    assert len(np.unique(found[8:16, 8:16].reshape(-1, 3), axis=0)) <= 4
    assert (found[28:31, 28:31] == (0, 90, 0)).all()
    (region,) = json.loads(row["regions"])
    assert (region["object_class"], region["held"]) == ("face", False)
    assert row["weights_sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert context.facts["pii_status"] == "anonymised"
    assert context.facts["weights_sha256"] == row["weights_sha256"]
    counts = context.facts["counts"]
    assert isinstance(counts, dict)
    assert (counts["pictures"], counts["seen"], counts["held"]) == (1, 1, 0)


def test_a_face_that_the_network_misses_in_one_picture_is_painted_over_there_too() -> None:
    blue = picture((1, 1))
    faint = picture()
    faint[8:16, 8:16] = (60, 0, 0)
    faint[10, 10] = (255, 255, 255)
    held, _ = made(camera(png(blue), png(faint), png(blue)), hold_ms=0.0)
    middle = held["a"][1]
    assert middle["held"] == 1
    assert (decoded(middle["data"])[10, 10] != (255, 255, 255)).any()
    bare, _ = made(camera(png(blue), png(faint), png(blue)), hold_ms=0.0, bridge_ms=0.0)
    assert (decoded(bare["a"][1]["data"])[10, 10] == (255, 255, 255)).all()


def test_holding_reaches_over_the_parts_of_a_stream() -> None:
    first = camera(png(picture((1, 1))))
    second = camera(png(picture()), png(picture()), part="b", first_ns=100 * MS)
    rows, _ = made(first, second, hold_ms=100.0)
    assert [row["held"] for row in rows["b"]] == [1, 0]


def test_every_row_of_the_source_has_its_row_and_an_unreadable_one_no_picture() -> None:
    rows, context = made(camera(png(picture((0, 0))), b"no picture", None))
    assert [row["row"] for row in rows["a"]] == [0, 1, 2]
    assert [row["data"] is None for row in rows["a"]] == [False, True, True]
    assert [problem.code for problem in context.caveats] == ["no_picture"]
    (account,) = context.accounts
    assert account.balanced
    assert account.rows_in == 3


def test_only_named_classes_are_painted_over_on_request() -> None:
    red = png(picture((2, 2), colour=(0, 0, 255)))
    everything, _ = made(camera(red))
    assert json.loads(everything["a"][0]["regions"])[0]["object_class"] == "licence_plate"
    faces, _ = made(camera(red), classes=("face",))
    assert faces["a"][0]["regions"] == "[]"


def test_too_many_boxes_cover_all_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avdataops.steps.anonymise.MAX_BOXES", 1)
    rows, context = made(camera(png(picture((0, 0), (3, 3)))))
    assert [problem.code for problem in context.caveats] == ["too_many_boxes"]
    assert len(np.unique(decoded(rows["a"][0]["data"]).reshape(-1, 3), axis=0)) <= 4


def test_raw_pixels_are_pictures_too() -> None:
    image = picture((1, 1))
    data = pa.table(
        {
            "t_ns": [0],
            "data": [image.tobytes()],
            "height": [SIDE],
            "width": [SIDE],
            "step": [SIDE * 3],
            "encoding": ["bgr8"],
        }
    )
    rows, _ = made(memory_table(data, kind="stream", name=FRONT, part="a"))
    assert rows["a"][0]["data"].startswith(b"\x89PNG")


def test_a_stream_without_pictures_gives_nothing() -> None:
    info = memory_table(pa.table({"t_ns": [1], "k": [[1.0]]}), kind="stream", name="/info")
    assert made(info)[0] == {}
    assert made(camera())[0] == {"a": []}


def test_weights_that_are_none_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="no ONNX network"):
        made(camera(png(picture())), weights=b"no network")


def test_the_same_pictures_give_the_same_bytes() -> None:
    table = camera(png(picture((1, 1))), png(picture()))
    assert made(table)[0] == made(table)[0]
    assert ANONYMISE.makes == ("anonymised",)
