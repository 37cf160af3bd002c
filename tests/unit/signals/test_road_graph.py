"""Arcs in metres, places along them, and shortest distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.arrays import Indices
from avdataops.signals.road_graph import RoadGraph, arc_tree, distances
from avdataops.testing.maps import cut, graph_about_origin, ways

A, B, C, D = (1, 0.0, 0.0), (2, 100.0, 0.0), (3, 200.0, 0.0), (4, 100.0, 80.0)


def cross(oneway: list[int] | None = None) -> RoadGraph:
    """A road east with one that leaves it to the north in the middle."""
    return graph_about_origin(cut(ways([A, B, C], [B, D], oneway=oneway)))


def index(*values: int) -> Indices:
    return np.array(values, dtype=np.int64)


def test_lengths_are_in_metres() -> None:
    assert cross().length_m == pytest.approx([100.0, 100.0, 80.0], abs=0.01)


def test_each_edge_has_an_arc_along_and_one_against_it() -> None:
    graph = cross()
    assert graph.tail.tolist() == [0, 1, 1, 2, 1, 3]
    assert graph.head.tolist() == [1, 0, 2, 1, 3, 1]
    assert graph.open.all()


def test_a_one_way_edge_is_open_in_one_direction() -> None:
    graph = cross([1, -1])
    assert graph.open.tolist() == [True, False, True, False, False, True]


@pytest.mark.parametrize(
    ("arc", "offset", "place", "heading"),
    [
        (0, 30.0, (30.0, 0.0), 0.0),
        (1, 30.0, (70.0, 0.0), np.pi),
        (4, 80.0, (100.0, 80.0), np.pi / 2),
        (5, 10.0, (100.0, 70.0), -np.pi / 2),
        (0, -5.0, (0.0, 0.0), 0.0),
        (0, 900.0, (100.0, 0.0), 0.0),
    ],
)
def test_a_place_along_an_arc(
    arc: int, offset: float, place: tuple[float, float], heading: float
) -> None:
    x, y, along = cross().place(index(arc), np.array([offset]))
    assert (float(x[0]), float(y[0])) == pytest.approx(place, abs=0.05)
    assert np.cos(along[0] - heading) == pytest.approx(1.0, abs=1e-4)


def test_a_place_past_a_corner_heads_along_the_second_piece() -> None:
    graph = graph_about_origin(cut(ways([A, B, D])))
    x, y, heading = graph.place(index(0, 0), np.array([99.0, 101.0]))
    assert x == pytest.approx([99.0, 100.0], abs=0.05)
    assert y == pytest.approx([0.0, 1.0], abs=0.05)
    assert heading == pytest.approx([0.0, np.pi / 2], abs=0.01)


def test_segments_belong_to_their_edges() -> None:
    graph = graph_about_origin(cut(ways([A, B, C], [C, D])))
    edge, low = graph.segments()
    assert edge.tolist() == [0, 0, 1]
    assert low.tolist() == [0, 1, 3]
    _, same_edge, same_low = arc_tree(graph)
    assert same_edge.tolist() == edge.tolist()
    assert same_low.tolist() == low.tolist()


def test_distances_go_along_the_roads() -> None:
    near = distances(cross(), index(0, 3), 1000.0)
    assert near.between(index(0, 0, 3), index(2, 3, 0)) == pytest.approx([200, 180, 180], abs=0.05)


def test_distances_beyond_the_limit_are_infinite() -> None:
    near = distances(cross(), index(0), 150.0)
    assert near.between(index(0, 0), index(1, 2)) == pytest.approx([100.0, np.inf], abs=0.05)


def test_distances_keep_to_one_way_roads() -> None:
    near = distances(cross([1, 0]), index(0, 2), 1000.0)
    assert np.isfinite(near.between(index(0), index(2)))[0]
    assert near.between(index(2), index(0))[0] == np.inf


def test_what_was_no_source_is_unknown() -> None:
    assert distances(cross(), index(0), 1000.0).between(index(1), index(2))[0] == np.inf


def test_of_two_roads_between_two_nodes_the_shorter_counts() -> None:
    around = (9, 50.0, 60.0)
    graph = graph_about_origin(cut(ways([A, around, B], [A, B])))
    near = distances(graph, index(0), 1000.0)
    assert near.between(index(0), index(1))[0] == pytest.approx(100.0, abs=0.05)
    assert graph.links.tolist() == [2, 3]


def test_the_nodes_on_the_way_are_told_in_order() -> None:
    near = distances(cross(), index(0), 1000.0, paths=True)
    assert near.nodes_between(0, 3) == [0, 1, 3]
    assert near.nodes_between(0, 0) == [0]


@given(st.integers(0, 2**31))
def test_distances_keep_the_triangle_inequality(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes = [(i, float(x), float(y)) for i, (x, y) in enumerate(rng.uniform(0, 500, (8, 2)))]
    lines = [[nodes[a], nodes[b]] for a, b in rng.integers(0, 8, (12, 2)).tolist() if a != b]
    graph = graph_about_origin(cut(ways(*lines)))
    count = graph.node_x_m.size
    every = np.arange(count)
    far = distances(graph, every, 5000.0).between(every[:, None], every[None, :])
    assert np.all(np.diag(far) == 0)
    assert np.all(far[:, None, :] <= far[:, :, None] + far[None, :, :] + 1e-6)
    straight = np.hypot(
        graph.node_x_m[:, None] - graph.node_x_m, graph.node_y_m[:, None] - graph.node_y_m
    )
    assert np.all(far >= straight - 1e-6)
