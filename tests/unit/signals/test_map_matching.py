"""Matching on small maps: parallel roads, roundabouts, one-way roads, gaps; and on real maps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats
from avdataops.signals.map_matching import (
    MatchLimits,
    Trace,
    blocks,
    chains,
    find_candidates,
    thin,
    transitions,
)
from avdataops.signals.road_graph import RoadGraph
from avdataops.signals.routes import route
from avdataops.testing.maps import Node, cut, graph_about_origin, ways
from benchmarks.accuracy import map_match

NAN = float("nan")
LIMITS = MatchLimits()


def trace(x: Floats, y: Floats, *, step_s: float = 1.0, heading: Floats | None = None) -> Trace:
    n = x.size
    told = np.full(n, NAN) if heading is None else heading
    t = np.round(np.arange(n) * step_s * NS_PER_S).astype(np.int64)
    return Trace(t, x, y, told, np.isfinite(told))


def eastwards(y: float | Floats, stop: float = 400.0, step: float = 15.0) -> Trace:
    x = np.arange(0.0, stop + 1e-6, step)
    return trace(x, np.zeros(x.size) + y, heading=np.zeros(x.size))


def edges_of(graph: RoadGraph, given: Trace, limits: MatchLimits = LIMITS) -> list[int]:
    """Edge of each point, -1 for none."""
    found = np.full(given.t_ns.size, -1)
    for chain in chains(graph, given, limits):
        driven = route(graph, given, chain)
        found[driven.rows] = driven.at(driven.s_m)[0] // 2
    return [int(edge) for edge in found]


def graph(*lines: list[Node], oneway: list[int] | None = None) -> RoadGraph:
    return graph_about_origin(cut(ways(*lines, oneway=oneway)))


def line(first: int, *points: tuple[float, float]) -> list[Node]:
    return [(first + i, x, y) for i, (x, y) in enumerate(points)]


SOUTH = line(1, (-50.0, 0.0), (450.0, 0.0))
NORTH = line(11, (-50.0, 18.0), (450.0, 18.0))


def test_a_noisy_trace_stays_on_its_side_of_two_parallel_roads() -> None:
    wobble = np.zeros(27)
    # One point lies nearer to the other road, which leads nowhere near from here.
    wobble[13] = 11.0
    assert edges_of(graph(SOUTH, NORTH), eastwards(wobble)) == [0] * 27


def test_of_parallel_one_way_roads_the_one_that_is_driven_is_taken() -> None:
    both = graph(SOUTH, NORTH, oneway=[1, -1])
    middle = eastwards(10.0)
    assert set(edges_of(both, middle)) == {0}
    back = replace(middle, x_m=middle.x_m[::-1].copy(), heading_rad=np.full(27, np.pi))
    assert set(edges_of(both, back)) == {1}


def test_without_headings_the_order_of_points_tells_the_direction() -> None:
    both = graph(SOUTH, NORTH, oneway=[1, -1])
    blind = replace(eastwards(10.0), moving=np.zeros(27, dtype=np.bool_))
    assert set(edges_of(both, blind)) == {0}
    back = replace(blind, x_m=blind.x_m[::-1].copy())
    assert set(edges_of(both, back)) == {1}
    (chain,) = chains(graph(SOUTH), blind, LIMITS)
    assert set(chain.arc.tolist()) == {0}


def test_a_one_way_road_is_never_driven_against_its_direction() -> None:
    one_way = graph(SOUTH, oneway=[-1])
    assert edges_of(one_way, eastwards(1.0)) == [-1] * 27


def ring_map() -> RoadGraph:
    """A roundabout of radius 20 m about the origin with three roads, driven counter-clockwise."""
    angles = np.radians(np.arange(0, 361, 15))
    ring = [
        (100 + i % 24, float(20 * np.cos(a)), float(20 * np.sin(a))) for i, a in enumerate(angles)
    ]
    west, south, east = ring[12], ring[18], ring[0]
    lines = [[(1, -300.0, 0.0), west], [(2, 0.0, -300.0), south], [(3, 300.0, 0.0), east]]
    return graph(ring, *lines, oneway=[1, 0, 0, 0])


def test_a_few_metres_without_a_heading_tell_the_direction() -> None:
    slow = trace(np.array([0.0, 2.0, 4.0]), np.zeros(3))
    (chain,) = chains(graph(SOUTH), slow, LIMITS)
    assert set(chain.arc.tolist()) == {0}
    (back,) = chains(graph(SOUTH), trace(np.array([4.0, 2.0, 0.0]), np.zeros(3)), LIMITS)
    assert set(back.arc.tolist()) == {1}


def test_a_roundabout_is_driven_round() -> None:
    to_ring = np.column_stack((np.arange(-200.0, -20.0, 10.0), np.zeros(18)))
    angles = np.radians(np.arange(180.0, 361.0, 30.0))
    round_it = np.column_stack((20 * np.cos(angles), 20 * np.sin(angles)))
    away = np.column_stack((np.arange(30.0, 200.0, 10.0), np.zeros(17)))
    path = np.concatenate((to_ring, round_it, away))
    noise = np.random.default_rng(3).normal(0.0, 2.0, path.shape)
    step = np.gradient(path + noise, axis=0)
    given = trace(*(path + noise).T, heading=np.arctan2(step[:, 1], step[:, 0]))
    roads = ring_map()
    (chain,) = chains(roads, given, LIMITS)
    driven = route(roads, given, chain)
    arcs = driven.arc.tolist()
    # In from the west, two pieces of the ring past the southern road, out to the east.
    ring = [arc for arc in arcs if arc // 2 < 3]
    assert len(arcs) == 4
    assert arcs[0] // 2 == 3
    assert len(ring) == 2
    assert all(arc % 2 == 0 for arc in ring)
    assert arcs[-1] // 2 == 5
    assert driven.end_m - driven.begin_m[-1] == pytest.approx(280.0, abs=1.0)


def test_points_close_together_are_thinned_and_put_between() -> None:
    assert thin(eastwards(0.0, step=4.0), 10.0)[:4].tolist() == [0, 3, 6, 9]
    assert thin(eastwards(0.0, stop=8.0, step=4.0), 10.0).tolist() == [0, 2]
    assert thin(trace(np.zeros(5), np.zeros(5)), 10.0).tolist() == [0, 4]
    assert thin(trace(np.zeros(1), np.zeros(1)), 10.0).tolist() == [0]
    assert thin(trace(np.empty(0), np.empty(0)), 10.0).tolist() == []


def test_every_point_of_ten_a_second_gets_its_place() -> None:
    dense = eastwards(1.0, step=1.5)
    roads = graph(SOUTH)
    (chain,) = chains(roads, dense, LIMITS)
    driven = route(roads, dense, chain)
    assert chain.rows.size < dense.t_ns.size / 4
    assert driven.rows.tolist() == list(range(dense.t_ns.size))
    assert driven.s_m == pytest.approx(dense.x_m + 50.0, abs=0.1)


def test_a_trace_without_a_road_within_reach_is_not_matched() -> None:
    assert edges_of(graph(SOUTH), eastwards(31.0)) == [-1] * 27
    assert edges_of(graph(SOUTH), eastwards(29.0)) == [0] * 27


def test_a_map_without_roads_and_a_trace_without_points_match_nothing() -> None:
    empty = graph([(1, 0.0, 0.0)])
    assert chains(empty, eastwards(0.0), LIMITS) == ()
    assert chains(graph(SOUTH), trace(np.empty(0), np.empty(0)), LIMITS) == ()


def test_a_gap_is_bridged_along_the_road() -> None:
    full = eastwards(1.0)
    keep = (full.x_m < 100) | (full.x_m > 300)
    x, y, heading = full.x_m[keep], full.y_m[keep], full.heading_rad[keep]
    cut_out = Trace(full.t_ns[keep], x, y, heading, full.moving[keep])
    assert len(chains(graph(SOUTH), cut_out, LIMITS)) == 1


def test_a_pause_longer_than_allowed_breaks_the_chain() -> None:
    given = eastwards(1.0)
    t = given.t_ns.copy()
    t[14:] += 200 * NS_PER_S
    found = chains(graph(SOUTH), replace(given, t_ns=t), LIMITS)
    assert [chain.rows.size for chain in found] == [14, 13]


def test_a_jump_longer_than_allowed_breaks_the_chain() -> None:
    long_road = graph(line(1, (-50.0, 0.0), (6000.0, 0.0)))
    x = np.array([0.0, 15.0, 30.0, 2500.0, 2515.0])
    found = chains(long_road, trace(x, np.zeros(5), heading=np.zeros(5)), LIMITS)
    assert [chain.rows.tolist() for chain in found] == [[0, 1, 2], [3, 4]]
    near = chains(long_road, trace(x, np.zeros(5)), replace(LIMITS, max_jump_m=3000.0))
    assert len(near) == 1


def test_where_no_road_leads_from_one_point_to_the_next_the_chain_breaks() -> None:
    apart = graph(line(1, (0.0, 0.0), (200.0, 0.0)), line(11, (260.0, 0.0), (460.0, 0.0)))
    found = chains(apart, eastwards(0.0), LIMITS)
    assert len(found) == 2
    assert {arc // 2 for chain in found for arc in chain.arc.tolist()} == {0, 1}


def test_the_probability_is_shared_by_roads_as_near() -> None:
    forked = graph(line(1, (0.0, 4.0), (400.0, 4.0)), line(11, (0.0, -4.0), (400.0, -4.0)))
    (between,) = chains(forked, eastwards(0.0), LIMITS)
    assert between.probability == pytest.approx(np.full(between.rows.size, 0.5), abs=1e-6)
    (beside,) = chains(forked, eastwards(4.0), LIMITS)
    assert beside.probability.min() > 0.99


def test_candidates_are_the_nearest_arcs_that_fit_the_heading() -> None:
    roads = graph(SOUTH, NORTH, line(21, (100.0, -50.0), (100.0, 50.0)))
    given = trace(np.array([100.0]), np.array([2.0]), heading=np.zeros(1))
    found = find_candidates(roads, given, np.array([0]), LIMITS)
    assert found.arc[0, :3].tolist() == [0, 2, -1]
    assert found.offset_m[0, :2] == pytest.approx([150.0, 150.0], abs=0.1)
    assert found.log[0, :2] == pytest.approx(
        [-0.5 * (2 / 4.07) ** 2, -0.5 * (16 / 4.07) ** 2], abs=0.01
    )
    one = find_candidates(roads, given, np.array([0]), replace(LIMITS, candidates=1))
    assert one.arc.tolist() == [[0]]


def test_a_step_costs_what_its_route_is_longer_than_the_straight_line() -> None:
    corner = graph(line(1, (0.0, 0.0), (100.0, 0.0), (100.0, 100.0)))
    given = trace(
        np.array([90.0, 100.0]), np.array([0.0, 10.0]), heading=np.array([0.0, np.pi / 2])
    )
    states = find_candidates(corner, given, np.arange(2), LIMITS)
    straight = np.array([np.hypot(10.0, 10.0)])
    step = transitions(corner, states, straight, LIMITS)
    assert step.shape == (1, 8, 8)
    assert step[0, 0, 0] == pytest.approx(-(20.0 - straight[0]) / 3.0, abs=0.01)


def test_blocks_hold_256_steps_and_long_steps_alone() -> None:
    assert blocks(np.full(600, 10.0)) == [(0, 256), (256, 512), (512, 600)]
    assert blocks(np.array([10.0, 900.0, 10.0, 10.0])) == [(0, 1), (1, 2), (2, 4)]
    assert blocks(np.empty(0)) == []


@pytest.mark.parametrize("name", map_match.EXTRACTS)
def test_drives_over_real_maps_find_their_ways(real_data: Path, name: str) -> None:
    roads, edges = map_match.load(real_data / "osm" / name)
    rng = np.random.default_rng(11)
    drive = map_match.random_drive(roads, rng, length_m=10_000.0, rate_hz=1.0)
    exact = map_match.matched_edges(roads, map_match.noisy(drive, rng, 0.01))
    assert np.mean(edges.way[exact] == edges.way[drive.edge]) > 0.99
    noisy = map_match.matched_edges(roads, map_match.noisy(drive, rng, 5.0))
    assert np.mean(edges.way[noisy] == edges.way[drive.edge]) > 0.93
