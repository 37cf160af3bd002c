"""Films of cameras: raw pixels, pictures that are broken or change their size, video streams."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from avdataops.clips.clip import Clip, ClipTable, Outcome
from avdataops.clips.video import MAX_WIDTH_PX, write_video
from avdataops.model.errors import MissingStream
from avdataops.model.time import TimeRange
from tests.unit.clips.test_mcap import ROS, SCENE, T0, S, artifact

WIDTH, HEIGHT = 64, 48


def jpeg(level: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    picture = np.full((size[1], size[0], 3), level, np.uint8)
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())


def camera(rows: dict[str, Any], name: str = "/cam") -> ClipTable:
    count = len(rows["data"])
    times = rows.pop("t_ns", [T0 + 10 * S + number * S // 10 for number in range(count)])
    table = pa.table({"t_ns": times, **rows})

    def taken(span: TimeRange, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        del span
        yield from table.select(["t_ns", *(columns or table.schema.names)]).to_batches()

    facts = {"topic": name, "topic_class": "camera", "clock": "ros"}
    return ClipTable(
        artifact=artifact(name, "stream", "a.mcap", **facts),
        clock=ROS,
        rows=taken,
        schema=lambda: table.schema,
    )


def filmed(folder: Path, *cameras: ClipTable) -> Outcome:
    span = TimeRange(T0 + 9 * S, T0 + 13 * S)
    made_of = Clip(scene=SCENE, span=span, recordings=(), streams=cameras, derived=())
    return write_video(made_of, folder)


def brightness(path: Path) -> list[float]:
    capture = cv2.VideoCapture(str(path))
    found = []
    while True:
        good, frame = capture.read()
        if not good:
            break
        found.append(float(frame.mean()))
    capture.release()
    return found


def test_raw_pixels_are_shown_in_their_colours(tmp_path: Path) -> None:
    red = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    red[:, :, 0] = 200
    rows = {
        "data": [red.tobytes()] * 3,
        "height": [HEIGHT] * 3,
        "width": [WIDTH] * 3,
        "step": [WIDTH * 3] * 3,
        "encoding": ["rgb8"] * 3,
    }
    done = filmed(tmp_path, camera(rows))
    capture = cv2.VideoCapture(str(done.files[0].path))
    _, frame = capture.read()
    capture.release()
    blue, green, red_seen = frame.reshape(-1, 3).mean(axis=0)
    assert red_seen > 150
    assert max(blue, green) < 50


def test_a_broken_picture_costs_itself_and_is_counted(tmp_path: Path) -> None:
    done = filmed(tmp_path, camera({"data": [jpeg(50), b"\xff\xd8\xffnothing", b"", jpeg(200)]}))
    assert done.files[0].facts["frames"] == 2
    assert brightness(done.files[0].path) == pytest.approx([50, 200], abs=8)
    assert [(one.code, one.lost_rows) for one in done.caveats] == [("damaged", 2)]
    assert done.lost_data


def test_pictures_of_another_size_are_fitted(tmp_path: Path) -> None:
    given = [jpeg(50), jpeg(100, (128, 96)), jpeg(150, (32, 24))]
    done = filmed(tmp_path, camera({"data": given}))
    facts = done.files[0].facts
    assert (facts["width"], facts["height"], facts["frames"]) == (WIDTH, HEIGHT, 3)
    assert brightness(done.files[0].path) == pytest.approx([50, 100, 150], abs=8)


def test_large_and_odd_pictures_become_smaller_and_even(tmp_path: Path) -> None:
    done = filmed(tmp_path, camera({"data": [jpeg(90, (1921, 1081))] * 2}))
    facts = done.files[0].facts
    assert (facts["width"], facts["height"]) == (MAX_WIDTH_PX, 540)


def test_a_frame_that_is_not_later_than_the_last_has_no_time_to_be_shown(tmp_path: Path) -> None:
    times = [T0 + 10 * S, T0 + 10 * S, T0 + 11 * S]
    done = filmed(tmp_path, camera({"data": [jpeg(9)] * 3, "t_ns": times}))
    assert done.files[0].facts["frame_times_ns"] == [times[0], times[2]]
    assert done.lost_data


def test_every_camera_has_a_film_and_parts_of_one_join(tmp_path: Path) -> None:
    first = camera({"data": [jpeg(50)] * 2})
    times = [T0 + 12 * S, T0 + 12 * S + S // 10]
    second = camera({"data": [jpeg(60)] * 2, "t_ns": times})
    second = replace(second, artifact=replace(second.artifact, part="b.mcap"))
    done = filmed(tmp_path, first, second, camera({"data": [jpeg(70)]}, "/rear"))
    assert {one.facts["name"]: one.facts["frames"] for one in done.files} == {"/cam": 4, "/rear": 1}
    assert len(list(tmp_path.iterdir())) == 2
    assert len(done.used) == 3


def test_of_a_video_stream_no_film_is_made_and_it_is_said(tmp_path: Path) -> None:
    rows = {"data": [b"\0\0\1\x65"] * 2, "format": ["h264"] * 2}
    done = filmed(tmp_path, camera(rows), camera({"data": [jpeg(7)]}, "/rear"))
    assert [one.facts["name"] for one in done.files] == ["/rear"]
    assert [one.code for one in done.caveats] == ["video_codec"]
    assert "MCAP holds it" in done.caveats[0].message


def test_without_any_picture_nothing_is_written(tmp_path: Path) -> None:
    done = filmed(tmp_path, camera({"data": [b"x"]}))
    assert done.files == ()
    assert {one.code for one in done.caveats} == {"damaged", "no_frame"}
    with pytest.raises(MissingStream, match="no camera"):
        filmed(tmp_path)
