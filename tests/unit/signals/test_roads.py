"""Networks from polylines, and nearest roads, on hand-made ways near the equator."""

import numpy as np
import numpy.typing as npt
import pytest

from avdataops.signals.geo import to_wgs84
from avdataops.signals.roads import (
    Limits,
    Matched,
    Network,
    Points,
    Ways,
    build_network,
    match_nearest,
    nearest_distance_m,
)

LAT0, LON0 = 47.1, 9.5
NAN = float("nan")
LIMITS = Limits(max_distance_m=30.0, max_heading_difference_rad=np.radians(60))
Node = tuple[int, float, float]
# Nodes by id, in metres east and north.
A, B, C, D = (1, 0.0, 0.0), (2, 100.0, 0.0), (3, 200.0, 0.0), (4, 100.0, 80.0)


def places(*metres: tuple[float, float]) -> Points:
    lat, lon = to_wgs84([x for x, _ in metres], [y for _, y in metres], LAT0, LON0)
    return Points(np.atleast_1d(lat), np.atleast_1d(lon))


def ways(
    *lines: list[Node], oneway: list[int] | None = None, is_leg: list[bool] | None = None
) -> Ways:
    nodes = [node for line in lines for node in line]
    at = places(*[(x, y) for _, x, y in nodes])
    return Ways(
        first=np.cumsum([0, *map(len, lines)]),
        node_id=np.array([i for i, _, _ in nodes], dtype=np.int64),
        lat_deg=at.lat_deg,
        lon_deg=at.lon_deg,
        oneway=np.array(oneway or [0] * len(lines), dtype=np.int64),
        is_leg=np.array(is_leg or [True] * len(lines), dtype=np.bool_),
    )


def match(
    network: Network, at: list[tuple[float, float]], heading_rad: float = NAN, *, moves: bool = True
) -> Matched:
    n = len(at)
    return match_nearest(network, places(*at), np.full(n, heading_rad), np.full(n, moves), LIMITS)


def rounded(x: npt.NDArray[np.float64], digits: int = 3) -> list[float]:
    return [float(v) for v in np.round(x, digits)]


def test_a_way_becomes_its_segments() -> None:
    network = build_network(ways([A, B, C]))
    assert network.way.tolist() == [0, 0]
    assert network.heading_rad == pytest.approx([0.0, 0.0], abs=1e-4)
    assert network.edge.tolist() == [0, 0]


def test_headings_are_counter_clockwise_from_east() -> None:
    north, west, south = (10, 0.0, 50.0), (11, -50.0, 0.0), (12, 0.0, -50.0)
    network = build_network(ways([A, north], [A, west], [A, south]))
    assert np.cos(network.heading_rad) == pytest.approx([0.0, -1.0, 0.0], abs=1e-4)
    assert np.sin(network.heading_rad) == pytest.approx([1.0, 0.0, -1.0], abs=1e-4)


def test_edges_end_where_ways_share_a_node() -> None:
    network = build_network(ways([A, B, C], [B, D]))
    assert network.edge.tolist() == [0, 1, 2]


def test_an_edge_runs_through_nodes_that_are_not_shared() -> None:
    network = build_network(ways([A, B, C], [C, D]))
    assert network.edge.tolist() == [0, 0, 1]


def test_a_way_that_crosses_itself_is_split_there() -> None:
    e, f = (5, 150.0, 40.0), (6, 50.0, 40.0)
    network = build_network(ways([A, B, e, f, B, C]))
    assert network.edge.tolist() == [0, 1, 1, 1, 2]


def test_a_junction_has_three_legs() -> None:
    network = build_network(ways([A, B, C], [B, D]))
    assert network.junctions.lat_deg == pytest.approx(places((100.0, 0.0)).lat_deg)
    assert network.junctions.lon_deg == pytest.approx(places((100.0, 0.0)).lon_deg)


def test_a_bend_between_two_ways_is_no_junction() -> None:
    assert build_network(ways([A, B], [B, D])).junctions.lat_deg.size == 0


def test_a_service_road_is_no_leg() -> None:
    network = build_network(ways([A, B, C], [B, D], is_leg=[True, False]))
    assert network.junctions.lat_deg.size == 0
    assert network.way.tolist() == [0, 0, 1]


def test_a_missing_node_makes_a_hole() -> None:
    gone = (9, NAN, NAN)
    network = build_network(ways([A, B, gone, C, D]))
    assert network.way.tolist() == [0, 0]
    assert network.edge.tolist() == [0, 1]


def test_a_segment_of_no_length_is_left_out() -> None:
    twin = (8, 100.0, 0.0)
    network = build_network(ways([A, B, twin, C]))
    assert network.way.tolist() == [0, 0]


def test_ways_of_one_node_or_none_give_nothing() -> None:
    assert build_network(ways([A])).way.size == 0
    empty = build_network(ways([A], []))
    assert empty.way.size == 0
    assert empty.junctions.lat_deg.size == 0


def test_no_ways_give_an_empty_network_that_matches_nothing() -> None:
    nothing = np.empty(0)
    none = np.empty(0, dtype=np.int64)
    network = build_network(
        Ways(np.zeros(1, np.int64), none, nothing, nothing, none, none.astype(np.bool_))
    )
    found = match(network, [(0.0, 0.0)])
    assert found.way.tolist() == [-1]


def test_the_nearest_way_within_reach_is_matched_with_its_distance() -> None:
    network = build_network(ways([A, C], [(5, 0.0, 20.0), (6, 200.0, 20.0)]))
    found = match(network, [(50.0, 4.0), (50.0, 17.0), (50.0, 49.0), (50.0, 51.0)])
    assert found.way.tolist() == [0, 1, 1, -1]
    assert rounded(found.distance_m[:3], 2) == [4.0, 3.0, 29.0]
    assert np.isnan(found.distance_m[3])


def test_a_moving_car_is_not_matched_to_a_road_across() -> None:
    network = build_network(ways([A, C], [(5, 100.0, 5.0), D]))
    at = [(100.0, 20.0)]
    assert match(network, at, np.pi / 2).way.tolist() == [1]
    assert match(network, at, 0.0).way.tolist() == [0]
    assert match(network, [(100.0, 35.0)], 0.0).way.tolist() == [-1]


def test_a_standing_car_is_matched_whatever_its_heading() -> None:
    network = build_network(ways([A, C]))
    assert match(network, [(50.0, 1.0)], np.pi / 2).way.tolist() == [-1]
    assert match(network, [(50.0, 1.0)], np.pi / 2, moves=False).way.tolist() == [0]


def test_a_two_way_road_is_driven_in_both_directions() -> None:
    network = build_network(ways([A, C]))
    east, west = (match(network, [(50.0, 1.0)], h) for h in (0.1, np.pi - 0.1))
    assert rounded(east.heading_rad, 2) == [0.0]
    assert abs(rounded(west.heading_rad, 2)[0]) == 3.14


def test_a_one_way_road_is_not_matched_against_its_direction() -> None:
    network = build_network(ways([A, C], oneway=[1]))
    assert match(network, [(50.0, 1.0)], 0.1).way.tolist() == [0]
    assert match(network, [(50.0, 1.0)], np.pi - 0.1).way.tolist() == [-1]


def test_a_one_way_road_against_its_nodes_is_driven_backwards() -> None:
    network = build_network(ways([A, C], oneway=[-1]))
    assert match(network, [(50.0, 1.0)], 0.1).way.tolist() == [-1]
    found = match(network, [(50.0, 1.0)], np.pi - 0.1)
    assert found.way.tolist() == [0]
    assert abs(rounded(found.heading_rad, 2)[0]) == 3.14


def test_an_unknown_heading_fits_any_road_but_tells_the_direction_only_on_one_way() -> None:
    two_way = match(build_network(ways([A, C])), [(50.0, 1.0)])
    assert two_way.way.tolist() == [0]
    assert np.isnan(two_way.heading_rad[0])
    one_way = match(build_network(ways([A, C], oneway=[1])), [(50.0, 1.0)])
    assert rounded(one_way.heading_rad, 2) == [0.0]


def test_at_a_node_the_way_that_fits_the_heading_is_taken() -> None:
    network = build_network(ways([A, B], [B, D]))
    assert match(network, [(100.0, 0.0)], 0.2).way.tolist() == [0]
    assert match(network, [(100.0, 0.0)], np.pi / 2 - 0.2).way.tolist() == [1]


def test_many_places_are_matched_as_each_alone() -> None:
    rng = np.random.default_rng(5)
    network = build_network(ways([A, B, C], [B, D], [(7, 0.0, 60.0), (8, 200.0, 90.0)]))
    at = [(float(x), float(y)) for x, y in rng.uniform(-20, 220, (9000, 2))]
    together = match(network, at)
    for row in (0, 4095, 4096, 8191, 8192, 8999):
        alone = match(network, [at[row]])
        assert together.way[row] == alone.way[0]


def test_no_places_match_nothing() -> None:
    network = build_network(ways([A, C]))
    nothing = Points(np.empty(0), np.empty(0))
    found = match_nearest(network, nothing, np.empty(0), np.empty(0, np.bool_), LIMITS)
    assert found.way.tolist() == []
    assert nearest_distance_m(nothing, nothing).tolist() == []
    assert nearest_distance_m(places((0.0, 0.0)), nothing).tolist() == []


def test_the_distance_to_the_nearest_point_is_straight() -> None:
    found = nearest_distance_m(places((0.0, 0.0), (300.0, 400.0)), places((0.0, 3.0), (0.0, 400.0)))
    assert rounded(found, 2) == [3.0, 300.0]


def test_without_points_close_by_the_distance_is_unknown() -> None:
    here = places((0.0, 0.0))
    assert np.isnan(nearest_distance_m(Points(np.empty(0), np.empty(0)), here)[0])
    antipode = Points(-here.lat_deg, here.lon_deg - 180)
    assert np.isnan(nearest_distance_m(antipode, here)[0])


def test_a_road_on_the_other_side_of_the_earth_is_not_matched() -> None:
    network = build_network(ways([A, C]))
    there = places((50.0, 1.0))
    found = match_nearest(
        network,
        Points(-there.lat_deg, there.lon_deg - 180),
        np.full(1, NAN),
        np.ones(1, np.bool_),
        LIMITS,
    )
    assert found.way.tolist() == [-1]
