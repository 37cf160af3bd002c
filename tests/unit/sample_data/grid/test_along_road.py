"""What the map match of a grid drive tells."""

import numpy as np
import pytest

from sample_data.grid.along_road import MATCH_M, SCHOOL_M, along_road
from sample_data.grid.motion import change
from sample_data.grid.plan import Plan, Road
from sample_data.grid.world import GRID_HZ, World, simulate
from sample_data.noise import Floats

ROAD = Road(
    junctions_m=(200.0, 600.0),
    tunnels_m=((300.0, 340.0),),
    schools_m=((400.0, 450.0),),
)


def world(plan: Plan | None = None) -> World:
    return simulate(plan or Plan(speed_mps=15.0, road=ROAD))


def told(given: World) -> tuple[Floats, dict[str, Floats]]:
    """True places at each second, and the columns."""
    ticks = np.arange(0, given.t_s.size, GRID_HZ)
    return given.ego.s_m[ticks], along_road(given, ticks)


def test_the_place_along_the_road_has_the_error_of_a_receiver() -> None:
    true, columns = told(world())
    error = columns["route_m"] - true
    assert 0.0 < np.ptp(error) < 8 * MATCH_M
    assert np.all(np.diff(columns["route_m"]) > 0)


def test_places_stay_where_they_are_seen_from_the_matched_place() -> None:
    _, columns = told(world())
    ahead = columns["route_m"] + columns["junction_ahead_m"]
    behind = columns["route_m"] - columns["junction_behind_m"]
    seen = np.unique(np.round(np.concatenate((ahead, behind)), 6))
    seen = seen[np.isfinite(seen)]
    assert seen.size == 2
    assert np.diff(seen) == pytest.approx([400.0])


def test_a_stretch_is_0_m_away_inside() -> None:
    _, columns = told(world())
    ahead, behind = columns["tunnel_ahead_m"], columns["tunnel_behind_m"]
    inside = (ahead == 0) & (behind == 0)
    assert 2 <= inside.sum() <= 4
    assert np.isnan(behind[: np.argmax(inside)]).all()
    assert np.isnan(ahead[len(inside) - np.argmax(inside[::-1]) :]).all()


def test_a_zone_of_a_school_reaches_as_far_as_its_distance_says() -> None:
    true, columns = told(world())
    within = columns["school_distance_m"] <= SCHOOL_M
    zone = (true >= 400.0) & (true < 450.0)
    assert abs(int(within.sum()) - int(zone.sum())) <= 1


def test_what_is_not_there_is_nowhere() -> None:
    _, columns = told(world())
    for name in ("crossing_ahead_m", "level_crossing_behind_m", "bridge_ahead_m"):
        assert np.isnan(columns[name]).all()
    assert np.isnan(told(world(Plan()))[1]["school_distance_m"]).all()


def test_a_standing_ego_stands_on_the_map() -> None:
    stopping = Plan(speed_mps=10.0, accelerate=(change(10.0, -2.0, -10.0, 1.0),))
    true, columns = told(world(stopping))
    still = np.flatnonzero(np.diff(true) == 0)
    assert still.size > 20
    assert np.all(np.diff(columns["route_m"])[still] == 0)


def test_the_same_drive_is_matched_the_same() -> None:
    one, other = told(world())[1], told(world())[1]
    assert all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)
