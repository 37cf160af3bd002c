"""Sensors that repeat themselves."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.detectors.frozen_sensor import Params, find
from avdataops.ports.detecting import Drive, Signals
from avdataops.testing.drives import cruise, drive, seconds, without_rows
from avdataops.testing.drives_frames import frames, pictured


def _spans(given: Drive, params: Params | None = None) -> list[tuple[str | None, float, float]]:
    found = find(given, params or Params()).found
    return [(one.actor, seconds(one.start_ns), seconds(one.stop_ns)) for one in found]


def test_a_camera_that_repeats_a_picture_is_frozen_until_the_next_one() -> None:
    given = pictured(front=frames(40.0, frozen_s=((5.0, 7.0),)))
    assert _spans(given) == [("/front", 5.0, 7.0)]
    (scene,) = find(given, Params()).found
    assert scene.evidence["equal_messages"] == 20.0
    assert scene.evidence["duration_s"] == pytest.approx(2.0)
    assert not scene.truncated
    assert scene.confidence > 0.9


@pytest.mark.parametrize(("messages", "times"), [(2, 0), (3, 1), (4, 1)])
def test_three_equal_messages_are_needed(messages: int, times: int) -> None:
    given = pictured(front=frames(40.0, frozen_s=((5.0, 5.0 + messages / 10 - 0.01),)))
    assert len(_spans(given)) == times


def test_two_frozen_pictures_in_a_row_are_two_scenes() -> None:
    given = pictured(front=frames(40.0, frozen_s=((5.0, 6.0), (6.0, 7.0))))
    assert _spans(given) == [("/front", 5.0, 6.0), ("/front", 6.0, 7.0)]


def test_a_picture_that_comes_back_later_is_not_frozen() -> None:
    camera = frames(40.0)
    payload = np.tile([0.0, 1.0, 2.0], 200)[: camera.t_ns.size]
    given = pictured(front=replace(camera, columns={**camera.columns, "payload": payload}))
    assert _spans(given) == []


def test_a_still_scene_is_no_frozen_camera() -> None:
    camera = frames(40.0)
    same = {**camera.columns, "luma": np.full(camera.t_ns.size, 100.0)}
    assert _spans(pictured(front=replace(camera, columns=same))) == []


def test_each_sensor_is_judged_for_itself() -> None:
    given = pictured(
        front=frames(40.0, frozen_s=((5.0, 7.0),)), lidar=frames(40.0, frozen_s=((6.0, 9.0),))
    )
    assert _spans(given) == [("/front", 5.0, 7.0), ("/lidar", 6.0, 9.0)]


def test_payloads_that_were_not_read_are_equal_to_nothing() -> None:
    camera = frames(40.0, frozen_s=((5.0, 7.0),))
    payload = camera.columns["payload"].copy()
    payload[55:57] = np.nan
    given = pictured(front=replace(camera, columns={**camera.columns, "payload": payload}))
    assert _spans(given) == [("/front", 5.0, 5.5), ("/front", 5.7, 7.0)]


def test_equal_messages_on_both_sides_of_a_gap_are_two_truncated_scenes() -> None:
    given = without_rows(pictured(front=frames(40.0, frozen_s=((5.0, 12.0),))), 7.0, 9.0)
    found = find(given, Params()).found
    assert [one.truncated for one in found] == [True, True]
    assert seconds(found[1].start_ns) == 9.0
    reasons = {one.reason for one in find(given, Params()).unknown}
    assert reasons == {"gap in sensor payload"}


def test_without_any_payload_all_is_unknown() -> None:
    nothing = Signals(np.empty(0, dtype=np.int64), {}, 1)
    for given in (drive(cruise(40.0)), pictured(front=nothing)):
        detection = find(given, Params())
        assert detection.found == ()
        assert [one.reason for one in detection.unknown] == ["no sensor payload"]
