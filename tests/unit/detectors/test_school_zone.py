"""Schools beside the road."""

import numpy as np
import pytest

from avdataops.detectors.school_zone import SCHOOL_ZONE, Params, find
from avdataops.ports.detecting import Detection, Drive
from avdataops.testing.drives import clock, cruise, drive, seconds
from avdataops.testing.drives_places import past, with_words, without_route


def passing(road: str | None = None, aside_m: float = 0.0) -> Drive:
    """A minute past a school that is 300 m along the road."""
    distance = np.hypot(10.0 * clock(60.0, 1) - 300.0, aside_m)
    given = past(school_distance_m=distance)
    return given if road is None else with_words(given, road_class=np.full(61, road, dtype=object))


def test_a_school_within_150_m_is_a_zone() -> None:
    (scene,) = find(passing(), Params()).found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == pytest.approx((15.0, 45.0))
    assert scene.evidence["min_distance_m"] == 0.0
    assert scene.evidence["duration_s"] == pytest.approx(30.0)
    assert scene.evidence["ego_speed_mps"] == 10.0
    assert not scene.truncated
    assert SCHOOL_ZONE.tags == {"school_zone": "ZoneSchool"}


def test_boundaries_lie_between_ticks() -> None:
    (scene,) = find(passing(aside_m=90.0), Params()).found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == pytest.approx(
        (18.0, 42.0), abs=0.02
    )


def test_a_school_further_away_is_none() -> None:
    assert find(passing(aside_m=151.0), Params()) == Detection()
    assert len(find(passing(aside_m=151.0), Params(max_distance_m=160.0)).found) == 1


@pytest.mark.parametrize("road", ["motorway", "trunk_link", "primary", "secondary"])
def test_a_large_road_passes_a_school_without_being_its_street(road: str) -> None:
    assert find(passing(road), Params()) == Detection()


@pytest.mark.parametrize("road", ["tertiary", "residential", "service", "living_street"])
def test_a_small_road_is_a_street_of_the_school(road: str) -> None:
    assert len(find(passing(road), Params()).found) == 1


def test_a_map_without_schools_has_no_zone() -> None:
    assert find(past(), Params()) == Detection()


def test_a_drive_that_starts_in_a_zone_is_cut() -> None:
    (scene,) = find(past(school_distance_m=10.0), Params()).found
    assert scene.truncated


def test_where_the_road_is_unknown_so_is_the_zone() -> None:
    detection = find(without_route(passing(), 20.0, 30.0), Params())
    assert [(seconds(one.start_ns), seconds(one.stop_ns)) for one in detection.found] == [
        (15.0, 19.0),
        (30.0, 45.0),
    ]
    assert all(one.truncated for one in detection.found)
    assert [one.reason for one in detection.unknown] == ["gap in matched road"]
    assert [one.reason for one in find(drive(cruise(9.0)), Params()).unknown] == ["no matched road"]
