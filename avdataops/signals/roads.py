"""A road network as arrays, and the nearest road to each place of a drive.

Knows no file format.  Lengths are straight lines in local metres; routes along the network are
not looked at.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely

from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.geo import bearing_rad, segment_distance_m, to_local, wrap_pi

_JUNCTION_LEGS = 3
# Points per query: bounds the memory of candidate pairs, whatever the length of the drive.
_CHUNK = 4096
# What lies further from the drive than this is left out: the local plane is good to 100 km.
_MARGIN_DEG = 1.0


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
class Points:
    """Places on the ellipsoid."""

    lat_deg: Floats
    lon_deg: Floats


@dataclass(frozen=True, slots=True)
class Network:
    """Straight segments of the ways, and where ways meet."""

    start: Points
    stop: Points
    way: Indices
    """Row of the way that each segment belongs to."""
    edge: Indices
    """Edge of each segment, from 0 up; edges end at nodes that ways share, and at holes."""
    oneway: Indices
    heading_rad: Floats
    """Of each segment in the order of its nodes, yaw in east-north-up."""
    junctions: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a segment can be the one that is driven on."""

    max_distance_m: float
    max_heading_difference_rad: float


class Matched(NamedTuple):
    """The segment that each place belongs to."""

    way: Indices
    """Row of its way; -1 where no segment is near enough and fits the heading."""
    heading_rad: Floats
    """As driven; NaN without a match, or on a two-way road with unknown heading."""
    distance_m: Floats


def build_network(ways: Ways) -> Network:
    """Return the network of the ways.  Segments with an unknown or the same end are left out.

    A junction is a node where at least three segments of ways that count as legs meet.
    """
    way_of = np.repeat(np.arange(ways.oneway.size), np.diff(ways.first))
    known = np.isfinite(ways.lat_deg) & np.isfinite(ways.lon_deg)
    bearing = bearing_rad(ways.lat_deg[:-1], ways.lon_deg[:-1], ways.lat_deg[1:], ways.lon_deg[1:])
    real = (way_of[1:] == way_of[:-1]) & known[1:] & known[:-1] & np.isfinite(bearing)
    left = np.flatnonzero(real)
    _, node, uses = np.unique(ways.node_id, return_inverse=True, return_counts=True)
    # An edge begins where nothing leads to its first node along the way, or where others join.
    continued = np.append(False, real)[left] & (uses[node[left]] == 1)
    way = way_of[left]
    legs = left[ways.is_leg[way]]
    degree = np.bincount(node[np.concatenate((legs, legs + 1))], minlength=uses.size)
    some_row = np.zeros(uses.size, dtype=np.int64)
    some_row[node] = np.arange(node.size)
    junction = some_row[degree >= _JUNCTION_LEGS]
    return Network(
        start=Points(ways.lat_deg[left], ways.lon_deg[left]),
        stop=Points(ways.lat_deg[left + 1], ways.lon_deg[left + 1]),
        way=way,
        edge=np.cumsum(~continued) - 1,
        oneway=ways.oneway[way],
        heading_rad=wrap_pi(np.pi / 2 - bearing[left]),
        junctions=Points(ways.lat_deg[junction], ways.lon_deg[junction]),
    )


def match_nearest(
    network: Network, places: Points, heading_rad: Floats, moving: Bools, limits: Limits
) -> Matched:
    """Return the nearest segment to each place, among those that fit the heading if it moves.

    A two-way road fits in both directions.  Without a known heading, or at rest, any segment
    fits.  Of segments as near (within 0.1 m, such as before and after a node), the one that fits
    the heading best.  Places must be known.
    """
    matched = Matched(
        np.full(heading_rad.size, -1, dtype=np.int64),
        np.full(heading_rad.size, np.nan),
        np.full(heading_rad.size, np.nan),
    )
    plane = _Plane(places)
    rows = np.flatnonzero(plane.near(network.start) | plane.near(network.stop))
    if rows.size == 0:
        return matched
    start, stop, at = (
        plane.metres(Points(p.lat_deg[keep], p.lon_deg[keep]))
        for p, keep in ((network.start, rows), (network.stop, rows), (places, slice(None)))
    )
    lines = shapely.linestrings(np.stack((np.stack(start, 1), np.stack(stop, 1)), axis=1))
    tree = shapely.STRtree(lines)
    for begin in range(0, heading_rad.size, _CHUNK):
        chunk = np.arange(begin, min(begin + _CHUNK, heading_rad.size))
        place, near = tree.query(
            shapely.points(at[0][chunk], at[1][chunk]),
            predicate="dwithin",
            distance=limits.max_distance_m,
        )
        place, segment = chunk[place], rows[near]
        distance, _ = segment_distance_m(
            (at[0][place], at[1][place]),
            (start[0][near], start[1][near]),
            (stop[0][near], stop[1][near]),
        )
        off, driven = _fit(network, segment, heading_rad[place])
        fits = ~moving[place] | ~(off > limits.max_heading_difference_rad)
        order = np.lexsort((segment, off, np.round(distance, 1), place))
        order = order[fits[order]]
        best = order[np.append(True, np.diff(place[order]) != 0)[: order.size]]
        matched.way[place[best]] = network.way[segment[best]]
        matched.heading_rad[place[best]] = driven[best]
        matched.distance_m[place[best]] = distance[best]
    return matched


def _fit(network: Network, segment: Indices, heading_rad: Floats) -> tuple[Floats, Floats]:
    """Return how far each heading is off its segment, and the segment's heading as driven."""
    along = network.heading_rad[segment]
    oneway = network.oneway[segment]
    off = np.abs(wrap_pi(heading_rad - along))
    backwards = (oneway < 0) | ((oneway == 0) & (off > np.pi / 2))
    driven = np.where(backwards, wrap_pi(along + np.pi), along)
    driven = np.where((oneway == 0) & np.isnan(heading_rad), np.nan, driven)
    return np.where(backwards, np.pi - off, off), driven


def nearest_distance_m(points: Points, places: Points) -> Floats:
    """Return the straight distance from each place to the nearest point.

    NaN if there is none within about 100 km of the drive.  Places must be known.
    """
    plane = _Plane(places)
    keep = plane.near(points)
    if not keep.any() or places.lat_deg.size == 0:
        return np.full(places.lat_deg.size, np.nan)
    tree = shapely.STRtree(
        shapely.points(*plane.metres(Points(points.lat_deg[keep], points.lon_deg[keep])))
    )
    _, distance = tree.query_nearest(
        shapely.points(*plane.metres(places)), return_distance=True, all_matches=False
    )
    return np.asarray(distance, dtype=np.float64)


class _Plane:
    """Local metres about the middle of a drive."""

    def __init__(self, places: Points) -> None:
        empty = places.lat_deg.size == 0
        self._box = [
            (np.nan, np.nan) if empty else (float(x.min()), float(x.max()))
            for x in (places.lat_deg, places.lon_deg)
        ]

    def near(self, points: Points) -> Bools:
        """Say which points lie in the box of the drive or close to it."""
        inside = np.ones(points.lat_deg.size, dtype=np.bool_)
        for (low, high), x in zip(self._box, (points.lat_deg, points.lon_deg), strict=True):
            inside &= (x >= low - _MARGIN_DEG) & (x <= high + _MARGIN_DEG)
        return inside

    def metres(self, points: Points) -> tuple[Floats, Floats]:
        """Return metres east and north of the middle."""
        (south, north), (west, east) = self._box
        return to_local(points.lat_deg, points.lon_deg, (south + north) / 2, (west + east) / 2)
