"""Routes of matched traces, what is ahead and behind on them, and noise taken out by the wheels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.map_matching import MatchLimits, Trace, chains
from avdataops.signals.road_graph import RoadGraph
from avdataops.signals.routes import Route, route, steadied, stretches, to_places, to_stretches
from avdataops.testing.maps import cut, graph_about_origin, ways

NAN = float("nan")
# A row of short blocks to the east, with a road to the north at x = 100.
BLOCKS = [(i, 12.0 * i, 0.0) for i in range(30)]
UP = [BLOCKS[10], (99, 120.0, 200.0)]


def blocks() -> RoadGraph:
    marked = [node[0] for node in BLOCKS]
    return graph_about_origin(cut(ways(BLOCKS, UP), *marked))


def drive(graph: RoadGraph, x: Floats, y: Floats) -> Route:
    heading = np.arctan2(np.gradient(y), np.gradient(x))
    t = np.arange(x.size, dtype=np.int64) * NS_PER_S
    given = Trace(t, x, y, heading, np.ones(x.size, dtype=np.bool_))
    (chain,) = chains(graph, given, MatchLimits())
    return route(graph, given, chain)


def test_blocks_that_no_point_lies_on_are_part_of_the_route() -> None:
    x = np.arange(5.0, 300.0, 31.0)
    driven = drive(blocks(), x, np.zeros(x.size))
    assert np.diff(driven.begin_m) == pytest.approx(np.full(driven.arc.size - 1, 12.0), abs=0.01)
    assert driven.arc.tolist() == sorted(driven.arc.tolist())
    assert driven.s_m == pytest.approx(x, abs=0.1)


def test_a_turn_is_followed() -> None:
    x = np.concatenate((np.arange(6.0, 120.0, 15.0), np.full(8, 120.0)))
    y = np.concatenate((np.zeros(8), np.arange(6.0, 120.0, 15.0)))
    graph = blocks()
    driven = drive(graph, x, y)
    nodes, s = driven.nodes(graph)
    assert nodes.size == s.size == driven.arc.size + 1
    assert driven.end_m == pytest.approx(320.0, abs=0.1)
    assert driven.s_m[-1] == pytest.approx(120.0 + 111.0, abs=0.2)


def test_places_on_the_route_lead_back_to_arcs() -> None:
    x = np.arange(5.0, 300.0, 31.0)
    driven = drive(blocks(), x, np.zeros(x.size))
    arc, offset = driven.at(np.array([0.0, 12.5, driven.end_m]))
    assert arc.tolist() == [driven.arc[0], driven.arc[1], driven.arc[-1]]
    assert offset == pytest.approx([0.0, 0.5, 12.0], abs=0.01)


def test_a_turn_back_at_a_dead_end_goes_there_and_comes_back() -> None:
    graph = graph_about_origin(cut(ways([(1, 0.0, 0.0), (2, 200.0, 0.0)])))
    x = np.concatenate((np.arange(100.0, 200.0, 12.0), np.arange(196.0, 100.0, -12.0)))
    y = np.zeros(x.size)
    heading = np.where(np.arange(x.size) < 9, 0.0, np.pi)
    t = np.arange(x.size, dtype=np.int64) * NS_PER_S
    given = Trace(t, x, y, heading, np.ones(x.size, dtype=np.bool_))
    (chain,) = chains(graph, given, MatchLimits())
    driven = route(graph, given, chain)
    assert driven.arc.tolist() == [0, 1]
    assert driven.s_m[-1] == pytest.approx(400.0 - x[-1], abs=0.1)


def test_noise_that_goes_back_along_a_road_stands_still_on_it() -> None:
    graph = graph_about_origin(cut(ways([(1, 0.0, 0.0), (2, 400.0, 0.0)])))
    x = np.array([50.0, 65.0, 55.0, 80.0])
    t = np.arange(4, dtype=np.int64) * NS_PER_S
    given = Trace(t, x, np.array([0.0, 0.0, 8.0, 0.0]), np.zeros(4), np.ones(4, dtype=np.bool_))
    (chain,) = chains(graph, given, MatchLimits())
    assert route(graph, given, chain).s_m == pytest.approx([50, 65, 65, 80], abs=0.1)


def test_distances_to_places() -> None:
    found = to_places(np.array([0.0, 10.0, 25.0, 40.0]), np.array([30.0, 10.0]))
    assert found.ahead_m[:3].tolist() == [10.0, 0.0, 5.0]
    assert np.isnan(found.ahead_m[3])
    assert np.isnan(found.behind_m[0])
    assert found.behind_m[1:].tolist() == [0.0, 15.0, 10.0]


def test_without_places_nothing_is_ahead_or_behind() -> None:
    found = to_places(np.array([1.0, 2.0]), np.empty(0))
    assert np.isnan(found.ahead_m).all()
    assert np.isnan(found.behind_m).all()
    both = to_stretches(np.array([1.0]), np.empty(0), np.empty(0))
    assert np.isnan([both.ahead_m[0], both.behind_m[0]]).all()


def test_distances_to_stretches_are_zero_inside() -> None:
    s = np.array([0.0, 10.0, 15.0, 20.0, 30.0])
    found = to_stretches(s, np.array([10.0]), np.array([20.0]))
    assert found.ahead_m[:3].tolist() == [10.0, 0.0, 0.0]
    assert found.behind_m[1:].tolist() == [0.0, 0.0, 0.0, 10.0]
    assert np.isnan([found.ahead_m[3], found.ahead_m[4], found.behind_m[0]]).all()


def test_arcs_that_follow_each_other_make_one_stretch() -> None:
    x = np.arange(5.0, 100.0, 15.0)
    driven = drive(blocks(), x, np.zeros(x.size))
    holds = np.zeros(driven.arc.size, dtype=np.bool_)
    holds[[0, 3, 4, -1]] = True
    begin, end = stretches(driven, holds)
    last = driven.end_m
    assert begin == pytest.approx([0.0, 36.0, last - 12.0], abs=0.01)
    assert end == pytest.approx([12.0, 60.0, last], abs=0.01)


def steady_drive(seconds: int, speed: float = 12.0) -> tuple[Times, Floats, Floats]:
    t: Times = np.arange(seconds, dtype=np.int64) * NS_PER_S
    return t, np.asarray(speed * np.arange(seconds)), np.full(seconds, speed)


def test_the_wheels_take_out_the_noise_of_positions() -> None:
    t, true, speed = steady_drive(400)
    noise = np.random.default_rng(2).normal(0.0, 4.0, 400)
    found = steadied(t, np.maximum.accumulate(true + noise), speed)
    assert np.std(found - true) < 1.0


def test_a_scale_error_of_the_wheels_does_no_harm() -> None:
    t, true, speed = steady_drive(400)
    assert steadied(t, true, speed * 1.02) == pytest.approx(true, abs=0.01)


def test_a_wrong_speed_moves_no_place_by_more_than_15_m() -> None:
    t, true, speed = steady_drive(400)
    wrong = np.where(np.arange(400) % 100 < 50, speed, 0.0)
    assert np.abs(steadied(t, true, wrong) - true).max() <= 15.0 + 1e-9


def test_without_a_speed_places_stay() -> None:
    t, true, speed = steady_drive(100)
    assert steadied(t, true, np.full(100, NAN)) == pytest.approx(true)
    some = np.where(np.arange(100) < 30, speed, NAN)
    assert steadied(t, true, some) == pytest.approx(true)


def test_a_standing_car_stands_on_its_route() -> None:
    t, _, _ = steady_drive(120)
    wander = np.maximum.accumulate(np.random.default_rng(1).normal(50.0, 3.0, 120))
    found = steadied(t, wander, np.zeros(120))
    assert np.ptp(found[30:90]) < np.ptp(wander) / 2


def test_one_point_and_none_are_left_alone() -> None:
    one = np.zeros(1, dtype=np.int64)
    assert steadied(one, np.array([7.0]), np.array([3.0])).tolist() == [7.0]
    assert steadied(one[:0], np.empty(0), np.empty(0)).size == 0


@given(st.integers(0, 2**31))
def test_places_never_go_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.integers(1, 5, 60)) * NS_PER_S
    s = np.cumsum(rng.uniform(0.0, 30.0, 60))
    found = steadied(t, s, rng.uniform(0.0, 30.0, 60))
    assert np.all(np.diff(found) >= 0)
