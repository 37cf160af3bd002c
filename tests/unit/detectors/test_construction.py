"""Cones and barriers along the road."""

from dataclasses import replace

import pytest

from avdataops.detectors.construction import Params, find
from avdataops.ports.detecting import Detection
from avdataops.testing.drives import cruise, drive, seconds, without_rows
from avdataops.testing.drives_places import road_works


@pytest.mark.parametrize("name", ["cone", "barrier"])
def test_three_within_30_m_are_road_works(name: str) -> None:
    # Cones stand at 250, 258, ... 282 m; the third is within 29.9 m along the way at 236.1 m.
    (scene,) = find(road_works(5, name), Params()).found
    assert seconds(scene.start_ns) == pytest.approx(23.7, abs=0.11)
    assert seconds(scene.stop_ns) == pytest.approx(29.6, abs=0.11)
    assert scene.evidence["max_count_ids"] == 5.0
    assert not scene.truncated


def test_two_are_none() -> None:
    assert find(road_works(2), Params()) == Detection()
    assert len(find(road_works(2), Params(min_count=2.0)).found) == 1


def test_other_objects_are_none_but_then_cones_may_not_be_known() -> None:
    detection = find(road_works(5, "car"), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no cones or barriers in the object list"]


def test_without_an_object_list_all_is_unknown() -> None:
    given = drive(cruise(10.0))
    (stretch,) = find(replace(given, objects=None), Params()).unknown
    assert (stretch.start_ns, stretch.stop_ns) == (given.start_ns, given.stop_ns)
    assert stretch.reason == "no object list"


def test_a_gap_of_the_object_list_cuts_and_is_unknown() -> None:
    detection = find(without_rows(road_works(), 26.0, 28.0), Params())
    assert [one.truncated for one in detection.found] == [True, True]
    assert [one.reason for one in detection.unknown] == ["gap in object list"]
