"""Frames and sweeps as pictures."""

import cv2
import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, MissingStream, NotFound
from avdataops.signals.birds_eye import Box
from avdataops.wiring.sensor_pictures import Kept, SensorPictures, Shown
from tests.unit.wiring.viewed import Shelf

GREY = np.full((24, 32, 3), 128, np.uint8)
JPEG = cv2.imencode(".jpg", GREY)[1].tobytes()
PNG = cv2.imencode(".png", GREY)[1].tobytes()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def camera(shelf: Shelf, **columns: object) -> tuple[SensorPictures, Artifact]:
    artifact = shelf.put("stream", pa.table(columns), "/camera")
    return SensorPictures(shelf.storage), artifact


def test_a_frame_is_given_as_it_was_recorded(shelf: Shelf) -> None:
    frames = [JPEG + bytes([n]) for n in range(40)]
    pictures, artifact = camera(shelf, data=frames, format=["jpeg"] * 40)
    for row in (0, 17, 39):
        shown = pictures.frame(artifact, row)
        assert (shown.data, shown.media_type) == (frames[row], "image/jpeg")


def test_its_kind_is_what_its_bytes_are_and_not_what_it_says(shelf: Shelf) -> None:
    evil = b"<script>alert(1)</script>"
    pictures, artifact = camera(shelf, data=[PNG, evil], format=["image/svg+xml", "jpeg"])
    assert pictures.frame(artifact, 0).media_type == "image/png"
    with pytest.raises(InputError, match="is no picture that can be shown"):
        pictures.frame(artifact, 1)


def test_a_raw_frame_becomes_a_jpeg(shelf: Shelf) -> None:
    pictures, artifact = camera(
        shelf, data=[GREY.tobytes()], height=[24], width=[32], step=[96], encoding=["rgb8"]
    )
    shown = pictures.frame(artifact, 0)
    read = np.asarray(cv2.imdecode(np.frombuffer(shown.data, np.uint8), cv2.IMREAD_COLOR))
    assert (shown.media_type, read.shape) == ("image/jpeg", (24, 32, 3))
    assert np.abs(read.astype(int) - 128).max() < 4


def test_a_raw_frame_that_is_too_short_is_told(shelf: Shelf) -> None:
    pictures, artifact = camera(
        shelf, data=[b"x"], height=[2**31 - 1], width=[2**31 - 1], step=[96], encoding=["rgb8"]
    )
    with pytest.raises(InputError):
        pictures.frame(artifact, 0)


def test_an_empty_frame_and_one_that_is_not_there_are_told(shelf: Shelf) -> None:
    pictures, artifact = camera(shelf, data=pa.array([None], pa.binary()), format=["jpeg"])
    with pytest.raises(InputError):
        pictures.frame(artifact, 0)
    with pytest.raises(NotFound):
        pictures.frame(artifact, 1)


def test_frames_after_the_one_that_was_asked_for_are_there_at_once(shelf: Shelf) -> None:
    pictures, artifact = camera(shelf, data=[JPEG + bytes([n]) for n in range(40)])
    pictures.frame(artifact, 3)
    shelf.storage.delete(artifact.location)
    assert pictures.frame(artifact, 18).data == JPEG + bytes([18])
    with pytest.raises(NotFound):
        pictures.frame(artifact, 19)


def test_what_is_kept_has_a_bound_and_the_least_used_goes_first() -> None:
    kept = Kept(most_bytes=30)
    for name in "abc":
        kept.put((name,), Shown(name.encode() * 10, "x"))
    assert kept.get(("a",)) is not None
    kept.put(("d",), Shown(b"d" * 10, "x"))
    assert [kept.get((name,)) is not None for name in "abcd"] == [True, False, True, True]
    kept.put(("e",), Shown(b"e" * 1000, "x"))
    assert [kept.get((name,)) is not None for name in "abcde"] == [False] * 4 + [True]


def sweep(shelf: Shelf, frame: str = "base_link", **more: object) -> Artifact:
    points = {f"points_{axis}": [[10.0, 20.0], [1.0, 2.0]] for axis in ("x_m", "y_m", "z_m")}
    table = {**points, "header_frame_id": [frame, frame], **more}
    return shelf.put("stream", pa.table(table), f"/lidar {frame} {len(more)}")


def decoded(shown: Shown) -> np.ndarray:
    assert shown.media_type == "image/png"
    return np.asarray(cv2.imdecode(np.frombuffer(shown.data, np.uint8), cv2.IMREAD_COLOR))


def boxes() -> tuple[Box, ...]:
    return (Box(20.0, -5.0, 0.0, 4.0, 2.0, is_actor=True),)


def test_a_sweep_is_drawn_with_the_boxes_of_its_time(shelf: Shelf) -> None:
    pictures, artifact = SensorPictures(shelf.storage), sweep(shelf)
    plain = decoded(pictures.from_above(artifact, 1, tuple, "a"))
    with_box = decoded(pictures.from_above(artifact, 1, boxes, "b"))
    # Red, green, blue became blue, green, red on the way to the encoder.
    assert (with_box == (87, 166, 255)).all(axis=2).any()
    assert not (plain == (87, 166, 255)).all(axis=2).any()


def test_boxes_of_another_frame_are_not_drawn_where_they_are_not(shelf: Shelf) -> None:
    pictures, artifact = SensorPictures(shelf.storage), sweep(shelf, "lidar_top")

    def asked() -> tuple[Box, ...]:
        pytest.fail("nobody has to look for boxes")

    assert decoded(pictures.from_above(artifact, 0, asked, "a")).size


def test_a_sweep_is_drawn_once(shelf: Shelf) -> None:
    pictures, artifact = SensorPictures(shelf.storage), sweep(shelf)
    first = pictures.from_above(artifact, 0, boxes, "a")
    shelf.storage.delete(artifact.location)
    assert pictures.from_above(artifact, 0, boxes, "a") is first


def test_a_cloud_whose_points_were_not_decoded_is_told(shelf: Shelf) -> None:
    artifact = shelf.put("stream", pa.table({"data": [b"x"]}), "/velodyne_packets")
    with pytest.raises(MissingStream, match="has no columns of points"):
        SensorPictures(shelf.storage).from_above(artifact, 0, tuple, "a")


def test_a_cloud_without_points_is_an_empty_picture(shelf: Shelf) -> None:
    empty = {f"points_{axis}": pa.array([None], pa.list_(pa.float32())) for axis in
             ("x_m", "y_m", "z_m")}  # fmt: skip
    artifact = shelf.put("stream", pa.table(empty), "/lidar")
    assert decoded(SensorPictures(shelf.storage).from_above(artifact, 0, tuple, "a")).size


def test_axes_that_do_not_fit_together_are_told(shelf: Shelf) -> None:
    table = pa.table({"points_x_m": [[1.0, 2.0]], "points_y_m": [[1.0]], "points_z_m": [[1.0]]})
    artifact = shelf.put("stream", table, "/lidar")
    with pytest.raises(InputError, match="is no sweep"):
        SensorPictures(shelf.storage).sweep(artifact, 0)
