"""Cameras that see nothing."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.detectors.black_frame import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import cruise, drive, seconds
from avdataops.testing.drives_frames import frames, pictured


def _spans(given: Drive) -> list[tuple[float, float]]:
    return [(seconds(one.start_ns), seconds(one.stop_ns)) for one in find(given, Params()).found]


def _with_luma(level: float, first: int, stop: int) -> Drive:
    camera = frames(40.0)
    luma = camera.columns["luma"].copy()
    luma[first:stop] = level
    return pictured(front=replace(camera, columns={**camera.columns, "luma": luma}))


@pytest.mark.parametrize(
    ("level", "kind"), [(0.0, "dark"), (9.9, "dark"), (245.1, "bright"), (255.0, "bright")]
)
def test_black_and_white_pictures_are_found(level: float, kind: str) -> None:
    given = _with_luma(level, 50, 70)
    assert _spans(given) == [(5.0, 7.0)]
    (scene,) = find(given, Params()).found
    assert scene.evidence["kind"] == kind
    assert scene.evidence["bad_messages"] == 20.0
    assert scene.evidence["luma_share"] == pytest.approx(level / 255, abs=1e-5)
    assert scene.confidence >= 0.5


@pytest.mark.parametrize("level", [10.0, 40.0, 245.0])
def test_a_dark_or_bright_street_is_still_a_picture(level: float) -> None:
    assert _spans(_with_luma(level, 50, 70)) == []


def test_a_single_black_picture_is_a_scene_of_one_period() -> None:
    assert _spans(_with_luma(0.0, 50, 51)) == [(5.0, 5.1)]


def test_a_short_break_does_not_split_a_scene_and_a_long_one_does() -> None:
    near = pictured(front=frames(40.0, dark_s=((5.0, 6.0), (6.3, 7.0))))
    far = pictured(front=frames(40.0, dark_s=((5.0, 6.0), (6.8, 7.5))))
    assert _spans(near) == [(5.0, 7.0)]
    assert _spans(far) == [(5.0, 6.0), (6.8, 7.5)]


def test_pictures_that_cannot_be_decoded_are_unknown_and_not_black() -> None:
    given = _with_luma(np.nan, 0, 401)
    detection = find(given, Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no picture"]
    assert [one.reason for one in find(drive(cruise(9.0)), Params()).unknown] == ["no picture"]


def test_a_lidar_without_pictures_beside_a_camera_changes_nothing() -> None:
    camera, lidar = frames(40.0, dark_s=((5.0, 6.0),)), frames(40.0)
    blind = replace(lidar, columns={"payload": lidar.columns["payload"]})
    detection = find(pictured(front=camera, lidar=blind), Params())
    assert [one.actor for one in detection.found] == ["/front"]
    assert detection.unknown == ()
