"""Junctions of a road graph: nodes where legs meet, taken together when close, and their shape."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.road_graph import RoadGraph
from avdataops.signals.roads import JUNCTION_LEGS, Edges, leg_counts

CLUSTER_M = 25.0
"""Nodes no further apart are one junction, as where roads with two carriageways cross."""
_LOOK_M = 20.0
"""How far from the junction the direction of a leg is taken."""
_SAME_LEG_RAD = float(np.radians(30.0))
"""Two carriageways of one road leave in nearly the same direction."""
_STRAIGHT_RAD = float(np.radians(25.0))
"""How far two legs of a T may be off the straight line."""
_CROSSROAD_LEGS = 4


@dataclass(frozen=True, slots=True)
class Junctions:
    """Which nodes of a graph are part of a junction, by number of the junction."""

    number: Indices
    """Of each node; -1 for none."""

    @property
    def holds(self) -> Bools:
        """Say which nodes are part of one."""
        return self.number >= 0


def find_junctions(edges: Edges, graph: RoadGraph) -> Junctions:
    """Return the nodes with at least three legs, those within 25 m of each other together."""
    nodes = np.flatnonzero(leg_counts(edges) >= JUNCTION_LEGS)
    number = np.full(graph.node_x_m.size, -1, dtype=np.int64)
    if nodes.size:
        places = shapely.points(graph.node_x_m[nodes], graph.node_y_m[nodes])
        one, other = shapely.STRtree(places).query(places, predicate="dwithin", distance=CLUSTER_M)
        close = coo_array((np.ones(one.size), (one, other)), shape=(nodes.size, nodes.size))
        number[nodes] = connected_components(close, directed=False)[1]
    return Junctions(number)


def junction_kind(graph: RoadGraph, edges: Edges, roundabout: Bools, inside: Bools) -> str:
    """Return the shape of one junction: crossroad, t_junction, y_junction, roundabout or other.

    ``roundabout`` says which edges are part of one, ``inside`` which nodes make up the junction.
    By the directions in which legs leave: four are a crossroad; three are a T if two of them are
    in line within 25 degrees, else a Y.
    """
    touches = inside[edges.start] | inside[edges.stop]
    if roundabout[touches].any():
        return "roundabout"
    legs = edges.is_leg & (inside[edges.start] != inside[edges.stop])
    edge = np.flatnonzero(legs)
    arc = np.where(inside[edges.start[edge]], 2 * edge, 2 * edge + 1)
    x, y, _ = graph.place(arc, np.minimum(_LOOK_M, graph.length_m[edge]))
    tail = graph.tail[arc]
    directions = _legs(np.arctan2(y - graph.node_y_m[tail], x - graph.node_x_m[tail]))
    if directions.size == _CROSSROAD_LEGS:
        return "crossroad"
    if directions.size != JUNCTION_LEGS:
        return "other"
    between = np.append(np.diff(directions), directions[0] - directions[-1] + 2 * np.pi)
    in_line = np.abs(between - np.pi) <= _STRAIGHT_RAD
    return "t_junction" if in_line.any() else "y_junction"


def _legs(direction_rad: Floats) -> Floats:
    """Return the directions in order, those that are nearly the same only once."""
    ordered = np.sort(direction_rad)
    if ordered.size < 2:  # noqa: PLR2004 - one direction has no neighbour
        return ordered
    kept = [float(ordered[0])]
    kept += [float(b) for a, b in pairwise(ordered.tolist()) if b - a > _SAME_LEG_RAD]
    around = kept[0] + 2 * np.pi - float(ordered[-1])
    return np.array(kept[1:] if around <= _SAME_LEG_RAD and len(kept) > 1 else kept)
