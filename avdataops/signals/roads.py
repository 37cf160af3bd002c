"""A road network as arrays: ways cut into edges where they meet, junctions, and places beside it.

Knows no file format.  Latitudes and longitudes are degrees; nothing here is in metres of a plane
but distances and bearings that are returned.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.geo import to_local

JUNCTION_LEGS = 3
# What lies further from the drive than this is left out: the local plane is good to 100 km.
_MARGIN_DEG = 1.0


@dataclass(frozen=True, slots=True)
class Points:
    """Places on the ellipsoid."""

    lat_deg: Floats
    lon_deg: Floats

    def take(self, rows: Indices | Bools) -> "Points":
        """Return some of them."""
        return Points(self.lat_deg[rows], self.lon_deg[rows])


@dataclass(frozen=True, slots=True)
class Ways:
    """Drivable ways as polylines; the nodes of way i are rows first[i] to first[i + 1]."""

    first: Indices
    """One more than there are ways."""
    node_id: Indices
    lat_deg: Floats
    """NaN where the extract lacks the node."""
    lon_deg: Floats
    oneway: Indices
    """1: only in the order of its nodes, -1: only against it, 0: both."""
    is_leg: Bools
    """Whether it counts as a leg of a junction (service roads do not)."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Ways cut where they meet and at marked nodes; edge i has vertices first[i] to first[i + 1].

    The nodes at the ends are numbered from 0 up.
    """

    first: Indices
    """One more than there are edges; every edge has at least two vertices."""
    vertices: Points
    way: Indices
    """Row of the way that each edge is part of."""
    oneway: Indices
    is_leg: Bools
    start: Indices
    """Number of the node at its first vertex."""
    stop: Indices
    node_id: Indices
    """Id of each node by number."""
    nodes: Points


def cut_edges(ways: Ways, marked: Indices) -> Edges:
    """Return the edges of the ways: pieces between nodes that ways share, ends and marked ids.

    A way is also cut where a node is unknown, and pieces between two equal places are left out.
    """
    way_of = np.repeat(np.arange(ways.oneway.size), np.diff(ways.first))
    known = np.isfinite(ways.lat_deg) & np.isfinite(ways.lon_deg)
    moved = (np.diff(ways.lat_deg) != 0) | (np.diff(ways.lon_deg) != 0)
    real = (way_of[1:] == way_of[:-1]) & known[1:] & known[:-1] & moved
    left = np.flatnonzero(real)
    _, node, uses = np.unique(ways.node_id, return_inverse=True, return_counts=True)
    passed = (uses[node] == 1) & ~np.isin(ways.node_id, marked)
    # A segment goes on with the edge of the one before unless something begins at its first node.
    begins = ~(np.append(False, real)[left] & passed[left])
    head = np.flatnonzero(begins)
    tail = np.append(head[1:], left.size)[: head.size] - 1
    # Vertices of an edge: the first of each of its segments, and the second of its last.
    at = np.insert(left, tail + 1, left[tail] + 1) if left.size else left
    ends = np.concatenate((left[head], left[tail] + 1))
    ids, number = np.unique(ways.node_id[ends], return_inverse=True)
    place = np.zeros(ids.size, dtype=np.int64)
    place[number] = ends
    way = way_of[left[head]]
    return Edges(
        first=np.append(0, np.cumsum(tail - head + 2)),
        vertices=Points(ways.lat_deg[at], ways.lon_deg[at]),
        way=way,
        oneway=ways.oneway[way],
        is_leg=ways.is_leg[way],
        start=number[: head.size],
        stop=number[head.size :],
        node_id=ids,
        nodes=Points(ways.lat_deg[place], ways.lon_deg[place]),
    )


def leg_counts(edges: Edges) -> Indices:
    """Return how many legs meet at each node; an edge from a node to itself counts twice."""
    ends = np.concatenate((edges.start[edges.is_leg], edges.stop[edges.is_leg]))
    return np.bincount(ends, minlength=edges.node_id.size)


def nearest_distance_m(points: Points, places: Points) -> Floats:
    """Return the straight distance from each place to the nearest point.

    NaN if there is none within about 100 km of the drive.  Places must be known.
    """
    plane = Plane(places)
    keep = plane.near(points)
    if not keep.any() or places.lat_deg.size == 0:
        return np.full(places.lat_deg.size, np.nan)
    tree = shapely.STRtree(shapely.points(*plane.metres(points.take(keep))))
    _, distance = tree.query_nearest(
        shapely.points(*plane.metres(places)), return_distance=True, all_matches=False
    )
    return np.asarray(distance, dtype=np.float64)


class Plane:
    """Local metres about the middle of a drive, whose places must be known."""

    def __init__(self, places: Points) -> None:
        empty = places.lat_deg.size == 0
        self._box = [
            (np.nan, np.nan) if empty else (float(x.min()), float(x.max()))
            for x in (places.lat_deg, places.lon_deg)
        ]

    def near(self, points: Points, margin_deg: float = _MARGIN_DEG) -> Bools:
        """Say which points lie in the box of the drive or close to it."""
        inside = np.ones(points.lat_deg.size, dtype=np.bool_)
        for (low, high), x in zip(self._box, (points.lat_deg, points.lon_deg), strict=True):
            inside &= (x >= low - margin_deg) & (x <= high + margin_deg)
        return inside

    def metres(self, points: Points) -> tuple[Floats, Floats]:
        """Return metres east and north of the middle."""
        (south, north), (west, east) = self._box
        return to_local(points.lat_deg, points.lon_deg, (south + north) / 2, (west + east) / 2)
