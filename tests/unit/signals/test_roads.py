"""Ways cut into edges, legs of junctions, and straight distances, on hand-made ways."""

import numpy as np
import pytest

from avdataops.signals.roads import Plane, Points, Ways, cut_edges, leg_counts, nearest_distance_m
from avdataops.testing.maps import Node, cut, places, ways

NAN = float("nan")
# Nodes by id, in metres east and north.
A, B, C, D = (1, 0.0, 0.0), (2, 100.0, 0.0), (3, 200.0, 0.0), (4, 100.0, 80.0)


def vertices(*lines: list[Node], marked: tuple[int, ...] = ()) -> list[int]:
    """Vertices of each edge."""
    return [int(n) for n in np.diff(cut(ways(*lines), *marked).first)]


def test_a_way_alone_is_one_edge() -> None:
    edges = cut(ways([A, B, C]))
    assert edges.way.tolist() == [0]
    assert edges.first.tolist() == [0, 3]
    assert edges.node_id.tolist() == [1, 3]
    assert (edges.start.tolist(), edges.stop.tolist()) == ([0], [1])


def test_edges_end_where_ways_share_a_node() -> None:
    edges = cut(ways([A, B, C], [B, D]))
    assert edges.way.tolist() == [0, 0, 1]
    assert edges.node_id[edges.start].tolist() == [1, 2, 2]
    assert edges.node_id[edges.stop].tolist() == [2, 3, 4]


def test_an_edge_runs_through_nodes_that_are_not_shared() -> None:
    assert vertices([A, B, C], [C, D]) == [3, 2]


def test_an_edge_ends_at_a_marked_node() -> None:
    assert vertices([A, B, C], marked=(2,)) == [2, 2]
    assert vertices([A, B, C], marked=(1, 3, 77)) == [3]


def test_a_way_that_crosses_itself_is_split_there() -> None:
    e, f = (5, 150.0, 40.0), (6, 50.0, 40.0)
    edges = cut(ways([A, B, e, f, B, C]))
    assert edges.way.tolist() == [0, 0, 0]
    assert np.diff(edges.first).tolist() == [2, 4, 2]
    assert edges.node_id[edges.start].tolist() == [1, 2, 2]
    assert edges.node_id[edges.stop].tolist() == [2, 2, 3]


def test_a_roundabout_that_nothing_meets_is_one_edge_from_a_node_to_itself() -> None:
    edges = cut(ways([A, B, D, A], oneway=[1]))
    assert edges.start.tolist() == edges.stop.tolist() == [0]
    assert edges.oneway.tolist() == [1]


def test_places_of_nodes_are_those_of_their_ids() -> None:
    edges = cut(ways([A, B, C], [B, D]))
    expected = places((0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (100.0, 80.0))
    assert edges.nodes.lat_deg == pytest.approx(expected.lat_deg)
    assert edges.nodes.lon_deg == pytest.approx(expected.lon_deg)


def test_a_junction_has_three_legs() -> None:
    assert leg_counts(cut(ways([A, B, C], [B, D]))).tolist() == [1, 3, 1, 1]


def test_a_bend_between_two_ways_is_no_junction() -> None:
    assert leg_counts(cut(ways([A, B], [B, D]))).max() == 2


def test_a_marked_node_has_two_legs() -> None:
    assert leg_counts(cut(ways([A, B, C]), 2)).tolist() == [1, 2, 1]


def test_a_service_road_is_no_leg_but_an_edge() -> None:
    edges = cut(ways([A, B, C], [B, D], is_leg=[True, False]))
    assert leg_counts(edges).tolist() == [1, 2, 1, 0]
    assert edges.way.tolist() == [0, 0, 1]


def test_a_missing_node_makes_a_hole() -> None:
    gone = (9, NAN, NAN)
    edges = cut(ways([A, B, gone, C, D]))
    assert edges.way.tolist() == [0, 0]
    assert edges.node_id.tolist() == [1, 2, 3, 4]
    assert np.isfinite(edges.vertices.lat_deg).all()


def test_a_piece_of_no_length_is_left_out() -> None:
    twin = (8, 100.0, 0.0)
    edges = cut(ways([A, B, twin, C]))
    assert np.diff(edges.first).tolist() == [2, 2]


def test_ways_of_one_node_or_none_give_nothing() -> None:
    for given in (ways([A]), ways([A], [])):
        edges = cut(given)
        assert edges.way.size == edges.node_id.size == leg_counts(edges).size == 0
        assert edges.first.tolist() == [0]


def test_no_ways_give_no_edges() -> None:
    nothing, none = np.empty(0), np.empty(0, dtype=np.int64)
    given = Ways(np.zeros(1, np.int64), none, nothing, nothing, none, none.astype(np.bool_))
    assert cut_edges(given, none).way.size == 0


def test_no_places_have_no_distances() -> None:
    nothing = Points(np.empty(0), np.empty(0))
    assert nearest_distance_m(nothing, nothing).tolist() == []
    assert nearest_distance_m(places((0.0, 0.0)), nothing).tolist() == []


def test_the_distance_to_the_nearest_point_is_straight() -> None:
    found = nearest_distance_m(places((0.0, 0.0), (300.0, 400.0)), places((0.0, 3.0), (0.0, 400.0)))
    assert found == pytest.approx([3.0, 300.0], abs=0.01)


def test_without_points_close_by_the_distance_is_unknown() -> None:
    here = places((0.0, 0.0))
    assert np.isnan(nearest_distance_m(Points(np.empty(0), np.empty(0)), here)[0])
    antipode = Points(-here.lat_deg, here.lon_deg - 180)
    assert np.isnan(nearest_distance_m(antipode, here)[0])


def test_a_plane_is_in_metres_about_the_middle() -> None:
    x, y = Plane(places((0.0, 0.0), (200.0, 100.0))).metres(places((200.0, 100.0)))
    assert (float(x[0]), float(y[0])) == pytest.approx((100.0, 50.0), abs=0.02)
