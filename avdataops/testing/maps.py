"""Small road maps in metres about one origin, for tests of what works on roads."""

import numpy as np

from avdataops.signals.geo import to_wgs84
from avdataops.signals.road_graph import RoadGraph, road_graph
from avdataops.signals.roads import Edges, Plane, Points, Ways, cut_edges

LAT0, LON0 = 47.1, 9.5
Node = tuple[int, float, float]
"""Id, and metres east and north."""


def places(*metres: tuple[float, float]) -> Points:
    """Return places from metres east and north of the origin."""
    lat, lon = to_wgs84([x for x, _ in metres], [y for _, y in metres], LAT0, LON0)
    return Points(np.atleast_1d(lat), np.atleast_1d(lon))


def ways(
    *lines: list[Node], oneway: list[int] | None = None, is_leg: list[bool] | None = None
) -> Ways:
    """Return ways along nodes; two-way and legs of junctions unless told otherwise."""
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


def cut(given: Ways, *marked: int) -> Edges:
    """Return the edges of ways, cut at the marked nodes too."""
    return cut_edges(given, np.array(marked, dtype=np.int64))


def graph_about_origin(edges: Edges) -> RoadGraph:
    """Return the graph in the very metres that the nodes were given in."""
    return road_graph(edges, Plane(places((0.0, 0.0))))
