"""Junctions of small maps and their shapes."""

import numpy as np
import pytest

from avdataops.signals.junctions import find_junctions, junction_kind
from avdataops.signals.roads import Edges
from avdataops.testing.maps import Node, cut, graph_about_origin, ways

HERE = (0, 0.0, 0.0)


def to(number: int, degrees: float, length_m: float = 100.0) -> Node:
    """A node in a direction, counter-clockwise from east."""
    angle = np.radians(degrees)
    return number, float(length_m * np.cos(angle)), float(length_m * np.sin(angle))


def star(*degrees: float) -> Edges:
    """Roads that leave the origin in these directions."""
    return cut(ways(*[[HERE, to(i + 1, angle)] for i, angle in enumerate(degrees)]))


def kinds(edges: Edges, roundabout: list[bool] | None = None) -> list[str]:
    graph = graph_about_origin(edges)
    found = find_junctions(edges, graph)
    ring = np.array(roundabout or [False] * edges.way.size)[edges.way]
    numbers = sorted(set(found.number[found.holds].tolist()))
    return [junction_kind(graph, edges, ring, found.number == number) for number in numbers]


@pytest.mark.parametrize(
    ("degrees", "kind"),
    [
        ((0, 90, 180, 270), "crossroad"),
        ((10, 80, 200, 300), "crossroad"),
        ((0, 90, 180), "t_junction"),
        ((0, 60, 170), "t_junction"),
        ((0, 120, 240), "y_junction"),
        ((0, 40, 200), "t_junction"),
        ((0, 35, 205), "t_junction"),
        ((0, 72, 144, 216, 288), "other"),
    ],
)
def test_the_shape_follows_from_the_directions_of_its_legs(
    degrees: tuple[float, ...], kind: str
) -> None:
    assert kinds(star(*degrees)) == [kind]


def test_two_roads_that_leave_side_by_side_are_one_leg() -> None:
    assert kinds(star(0, 90, 180, 190)) == ["t_junction"]
    assert kinds(star(-5, 5, 90, 180)) == ["t_junction"]


def test_where_two_roads_end_there_is_no_junction() -> None:
    assert kinds(star(0, 90)) == []


def test_nodes_within_25_m_are_one_junction() -> None:
    far = [to(1, 180), to(2, 90)]
    for gap, expected in ((24.0, ["crossroad"]), (26.0, ["t_junction", "t_junction"])):
        second = (5, gap, 0.0)
        edges = cut(
            ways(
                [far[0], HERE, second, (6, 200.0, 0.0)],
                [HERE, far[1]],
                [second, (7, gap, -100.0)],
            )
        )
        assert kinds(edges) == expected


def test_a_junction_on_a_roundabout_is_one() -> None:
    ring = [HERE, (1, 20.0, 20.0), (2, 0.0, 40.0), (3, -20.0, 20.0), HERE]
    edges = cut(ways(ring, [(4, 0.0, -80.0), HERE], oneway=[1, 0]))
    assert kinds(edges, [True, False]) == ["roundabout"]


def test_a_service_road_makes_no_junction() -> None:
    edges = cut(ways([to(1, 180), HERE, to(2, 0)], [HERE, to(3, 90)], is_leg=[True, False]))
    assert kinds(edges) == []


def test_a_map_without_roads_has_no_junction() -> None:
    assert kinds(cut(ways([HERE]))) == []
