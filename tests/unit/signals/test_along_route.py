"""Times at places along a route: exact boundaries, legs, gaps, and what is never seen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.ports.detecting import Drive
from avdataops.signals.along_route import (
    NO_MATCH,
    RouteTicks,
    Visit,
    around,
    below,
    inside,
    match_confidence,
    places,
    route_ticks,
)
from avdataops.signals.coverage import NO_SIGNALS
from avdataops.testing.drives import clock, cruise, drive, seconds, without_rows
from avdataops.testing.drives_places import SPEED_MPS, past, route_context, without_route

Times = list[tuple[float, float]]


def ticks_of(given: Drive) -> RouteTicks:
    return route_ticks(given)[0]


def times(found: list[Visit]) -> Times:
    return [(seconds(one.start_ns), seconds(one.stop_ns)) for one in found]


def near(*expected: tuple[float, float]) -> list[object]:
    return [pytest.approx(one, abs=0.01) for one in expected]


def test_a_place_is_visited_from_before_to_behind_it() -> None:
    found = around(ticks_of(past({"junction": (145.0,)})), "junction", 30.0, 15.0)
    assert times(found) == near((11.5, 16.0))
    assert not found[0].truncated
    assert found[0].from_m == pytest.approx(115.0)
    assert found[0].duration_s == pytest.approx(4.5)


def test_boundaries_lie_between_ticks() -> None:
    for place in (141.0, 143.7, 149.9):
        found = around(ticks_of(past({"junction": (place,)})), "junction", 30.0, 15.0)
        assert times(found) == near(((place - 30) / 10, (place + 15) / 10))


def test_places_close_together_are_one_visit() -> None:
    given = past({"crossing": (100.0, 135.0, 300.0)})
    assert times(around(ticks_of(given), "crossing", 30.0, 10.0)) == near((7, 14.5), (27, 31))


def test_a_place_that_is_never_reached_is_visited_up_to_the_end() -> None:
    (found,) = around(ticks_of(past({"crossing": (610.0,)})), "crossing", 30.0, 10.0)
    assert times([found]) == near((58.0, 60.0))
    assert found.truncated


def test_a_place_before_the_start_is_visited_from_the_start() -> None:
    (found,) = around(ticks_of(past({"crossing": (-5.0,)})), "crossing", 30.0, 10.0)
    assert times([found]) == near((0.0, 0.5))
    assert found.truncated


def test_a_place_out_of_reach_is_not_visited() -> None:
    for place in (-11.0, 640.0):
        assert around(ticks_of(past({"crossing": (place,)})), "crossing", 30.0, 10.0) == []


def test_nothing_on_the_route_is_no_visit() -> None:
    assert around(ticks_of(past()), "junction", 30.0, 15.0) == []
    assert inside(ticks_of(past()), "tunnel") == []


def test_a_stretch_is_visited_from_end_to_end() -> None:
    found = inside(ticks_of(past(stretches={"tunnel": ((303.0, 365.5),)})), "tunnel")
    assert times(found) == near((30.3, 36.55))
    assert found[0].to_m - found[0].from_m == pytest.approx(62.5)


def test_a_stretch_between_two_ticks_is_found() -> None:
    found = inside(ticks_of(past(stretches={"bridge": ((303.0, 308.0),)})), "bridge")
    assert times(found) == near((30.3, 30.8))


def test_each_of_several_stretches_is_found() -> None:
    given = past(stretches={"tunnel": ((100.0, 150.0), (152.0, 200.0), (400.0, 420.0))})
    assert times(inside(ticks_of(given), "tunnel")) == near((10, 15), (15.2, 20), (40, 42))


def test_a_drive_that_begins_or_ends_in_a_stretch_is_cut() -> None:
    given = past(stretches={"tunnel": ((-50.0, 45.0), (555.0, 700.0))})
    found = inside(ticks_of(given), "tunnel")
    assert times(found) == near((0.0, 4.5), (55.5, 60.0))
    assert [one.truncated for one in found] == [True, True]
    assert found[0].from_m == -np.inf
    assert found[1].to_m == np.inf


def test_a_drive_all_inside_one_stretch_is_one_visit() -> None:
    (found,) = inside(ticks_of(past(stretches={"tunnel": ((-50.0, 900.0),)})), "tunnel")
    assert times([found]) == near((0.0, 60.0))


def test_a_standing_ego_stays_at_its_place() -> None:
    s = np.concatenate((np.arange(0.0, 101.0, 10.0), np.full(20, 100.0), np.arange(110.0, 300, 10)))
    context = route_context(s, {"junction": (110.0,)})
    given = drive(cruise(float(s.size - 1), SPEED_MPS), context=context)
    assert times(around(ticks_of(given), "junction", 30.0, 15.0)) == near((8.0, 32.5))


def test_a_visit_ends_where_the_route_is_lost() -> None:
    given = without_route(past({"junction": (145.0,)}), 14.0, 20.0)
    ticks, unknown = route_ticks(given)
    (found,) = around(ticks, "junction", 30.0, 15.0)
    assert times([found]) == near((11.5, 13.0))
    assert found.truncated
    assert [(seconds(one.start_ns), seconds(one.stop_ns)) for one in unknown] == near((13, 20))
    assert {one.reason for one in unknown} == {"gap in matched road"}


def test_a_short_gap_is_driven_through() -> None:
    given = without_route(past({"junction": (145.0,)}), 13.0, 15.0)
    ticks, unknown = route_ticks(given)
    assert unknown == []
    assert times(around(ticks, "junction", 30.0, 15.0)) == near((11.5, 16.0))


def test_where_the_route_begins_anew_no_visit_goes_on() -> None:
    given = past({"junction": (145.0,)})
    assert given.context is not None
    route = given.context.columns["route_m"].copy()
    route[14:] -= route[14]
    anew = replace(
        given, context=replace(given.context, columns={**given.context.columns, "route_m": route})
    )
    ticks = ticks_of(anew)
    assert [leg.t.size for leg in ticks.legs] == [14, 47]
    found = around(ticks, "junction", 30.0, 15.0)
    assert times(found) == near((11.5, 13.0), (14.0, 16.0))
    assert all(one.truncated for one in found)


def test_a_leg_sees_each_place_once() -> None:
    ticks = ticks_of(past({"crossing": (100.0, 300.0)}))
    assert places(ticks, ticks.legs[0], "crossing") == pytest.approx([100.0, 300.0])


def test_without_a_context_table_all_is_unknown() -> None:
    given = drive(cruise(10.0))
    for context in (None, NO_SIGNALS):
        ticks, unknown = route_ticks(replace(given, context=context))
        assert ticks.legs == ()
        assert [one.reason for one in unknown] == ["no matched road"]
        assert around(ticks, "junction", 30.0, 15.0) == inside(ticks, "tunnel") == []


def test_rows_that_are_missing_are_a_gap() -> None:
    given = without_rows(past(stretches={"tunnel": ((100.0, 300.0),)}), 15.0, 20.0)
    found = inside(ticks_of(given), "tunnel")
    assert times(found) == near((10.0, 14.0), (20.0, 30.0))
    assert all(one.truncated for one in found)


def test_a_level_is_passed_between_ticks() -> None:
    distance = np.abs(10.0 * clock(60.0, 1) - 304.0)
    pairs = below(ticks_of(past(school_distance_m=distance)), "school_distance_m", 150.0)
    assert [(seconds(int(a)), seconds(int(b))) for a, b in pairs] == near((15.4, 45.4))


def test_a_level_that_is_never_left_holds_to_the_ends() -> None:
    pairs = below(ticks_of(past(school_distance_m=20.0)), "school_distance_m", 150.0)
    assert [(seconds(int(a)), seconds(int(b))) for a, b in pairs] == near((0.0, 60.0))
    assert below(ticks_of(past()), "school_distance_m", 150.0).shape == (0, 2)


def test_beside_an_unknown_value_a_level_holds_at_the_known_tick_only() -> None:
    distance = np.full(61, 100.0)
    distance[20:25] = np.nan
    pairs = below(ticks_of(past(school_distance_m=distance)), "school_distance_m", 150.0)
    assert [(seconds(int(a)), seconds(int(b))) for a, b in pairs] == near((0, 19), (25, 60))


def test_confidence_is_the_mean_probability_of_the_match() -> None:
    probability = np.full(61, 0.9)
    probability[10:20] = 0.5
    ticks = ticks_of(past(match_probability=probability))
    assert match_confidence(ticks, slice(10, 20)) == pytest.approx(0.5)
    assert match_confidence(ticks, slice(5, 15)) == pytest.approx(0.7)
    assert match_confidence(ticks_of(past(match_probability=1.0)), slice(0, 5)) == 0.95
    assert match_confidence(ticks_of(past(match_probability=np.nan)), slice(0, 5)) == NO_MATCH


@given(st.floats(40.0, 550.0), st.floats(1.0, 40.0), st.floats(1.0, 40.0))
def test_a_visit_is_as_long_as_its_way(place: float, before: float, behind: float) -> None:
    (found,) = around(ticks_of(past({"junction": (place,)})), "junction", before, behind)
    assert found.duration_s == pytest.approx((before + behind) / SPEED_MPS, abs=0.001)
