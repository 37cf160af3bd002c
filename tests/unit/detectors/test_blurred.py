"""Cameras that do not see sharply."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.detectors.blurred import Params, find
from avdataops.ports.detecting import Drive, Signals
from avdataops.testing.drives import seconds
from avdataops.testing.drives_frames import frames, pictured


def _spans(given: Drive) -> list[tuple[float, float]]:
    return [(seconds(one.start_ns), seconds(one.stop_ns)) for one in find(given, Params()).found]


def _scaled(camera: Signals, factor: float) -> Signals:
    columns = {**camera.columns, "sharpness": camera.columns["sharpness"] * factor}
    return replace(camera, columns=columns)


def test_a_soft_stretch_is_found_with_its_share_of_the_usual() -> None:
    given = pictured(front=frames(40.0, soft_s=((10.0, 14.0),)))
    assert _spans(given) == [(10.0, 14.0)]
    (scene,) = find(given, Params()).found
    assert scene.evidence["usual_share"] == pytest.approx(0.1, rel=0.15)
    assert scene.actor == "/front"
    assert scene.confidence > 0.5


@pytest.mark.parametrize("seed", range(20))
def test_a_clean_drive_has_no_blurred_hundredth(seed: int) -> None:
    assert _spans(pictured(front=frames(40.0, seed=seed))) == []


def test_a_drive_that_is_soft_for_a_third_is_found_as_a_whole() -> None:
    given = pictured(front=frames(40.0, soft_s=((10.0, 23.0),)))
    assert _spans(given) == [(10.0, 23.0)]


def test_single_soft_pictures_are_vibration() -> None:
    assert _spans(pictured(front=frames(40.0, soft_s=((10.0, 10.5), (20.0, 20.9))))) == []


def test_a_camera_that_is_very_sharp_may_lose_some_of_it() -> None:
    sharp = _scaled(frames(40.0, soft_s=((10.0, 14.0),)), 50.0)
    assert _spans(pictured(front=sharp)) == []


def test_darkness_is_not_blur() -> None:
    given = pictured(front=frames(40.0, soft_s=((10.0, 14.0),), dark_s=((9.5, 14.5),)))
    assert _spans(given) == []


def test_too_few_pictures_leave_all_unknown() -> None:
    detection = find(pictured(front=frames(9.0, soft_s=((3.0, 6.0),))), Params())
    assert detection.found == ()
    (unknown,) = detection.unknown
    assert unknown.reason.startswith("too few pictures")


def test_pictures_without_any_structure_do_not_divide_by_zero() -> None:
    camera = frames(40.0)
    flat = {**camera.columns, "sharpness": np.zeros(camera.t_ns.size)}
    assert _spans(pictured(front=replace(camera, columns=flat))) == []
