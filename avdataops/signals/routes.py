"""The route that a chain of matched points took, and where every point of the trace is on it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.map_matching import Chain
from avdataops.signals.arrays import Bools, Floats, Indices, Times
from avdataops.signals.map_matching import BACK_M, Trace, blocks
from avdataops.signals.road_graph import RoadGraph, distances

_DETOUR, _DETOUR_M = 2.0, 250.0
"""As far as the matcher looks, and a bit more."""
_STEADY_S, _MOST_M = 90.0, 15.0
_NO_SPREAD = 1e-3


@dataclass(frozen=True, slots=True)
class Route:
    """Arcs one after another, whole, and the points of the trace on them."""

    arc: Indices
    begin_m: Floats
    """Where each arc begins along the route; the last one ends at ``end_m``."""
    end_m: float
    rows: Indices
    """Points of the trace, each with its place; increasing."""
    s_m: Floats
    """Along the route, never decreasing."""
    probability: Floats

    def at(self, s_m: Floats) -> tuple[Indices, Floats]:
        """Return arc and offset of places along the route."""
        number = np.searchsorted(self.begin_m, s_m, side="right") - 1
        number = np.clip(number, 0, self.arc.size - 1)
        return self.arc[number], s_m - self.begin_m[number]

    def nodes(self, graph: RoadGraph) -> tuple[Indices, Floats]:
        """Return the nodes passed and where they are along the route."""
        nodes = np.append(graph.tail[self.arc], graph.head[self.arc[-1]])
        return nodes, np.append(self.begin_m, self.end_m)


def route(graph: RoadGraph, trace: Trace, chain: Chain) -> Route:
    """Return the route of one chain, with every point between its first and its last."""
    jumps = _jumps(graph, trace, chain)
    arcs, begins = [int(chain.arc[0])], [0.0]
    places = [float(chain.offset_m[0])]
    for row, (here, there) in enumerate(pairwise(chain.arc.tolist())):
        same = here == there and row not in jumps
        for arc in () if same else (*jumps.get(row, ()), there):
            begins.append(begins[-1] + float(graph.length_m[arcs[-1] // 2]))
            arcs.append(arc)
        places.append(begins[-1] + float(chain.offset_m[row + 1]))
    s = np.maximum.accumulate(np.array(places))
    end = begins[-1] + float(graph.length_m[arcs[-1] // 2])
    rows, full, probability = _between(trace, chain, s)
    return Route(np.array(arcs), np.array(begins), end, rows, full, probability)


def _jumps(graph: RoadGraph, trace: Trace, chain: Chain) -> dict[int, tuple[int, ...]]:
    """Return the arcs between the points of each step that skips some; empty for a turn back."""
    tail, head = graph.head[chain.arc[:-1]], graph.tail[chain.arc[1:]]
    back = np.diff(chain.offset_m) < -BACK_M
    stays = (chain.arc[1:] == chain.arc[:-1]) & ~back
    straight = np.hypot(*(np.diff(v[chain.rows]) for v in (trace.x_m, trace.y_m)))
    found: dict[int, tuple[int, ...]] = {}
    for begin, stop in blocks(straight):
        steps = begin + np.flatnonzero((~stays & (tail != head))[begin:stop])
        for row in (begin + np.flatnonzero((~stays & (tail == head))[begin:stop])).tolist():
            found[row] = ()
        if steps.size == 0:
            continue
        limit = _DETOUR * float(straight[begin:stop].max()) + _DETOUR_M
        near = distances(graph, tail[steps], limit, paths=True)
        for row in steps.tolist():
            nodes = np.array(near.nodes_between(int(tail[row]), int(head[row])))
            found[row] = tuple(_arcs(graph, nodes).tolist())
    return found


def _arcs(graph: RoadGraph, nodes: Indices) -> Indices:
    """Return the shortest arcs from each node to the next."""
    many = graph.node_x_m.size
    keys = graph.tail[graph.links] * many + graph.head[graph.links]
    at = np.searchsorted(keys, nodes[:-1] * many + nodes[1:])
    return np.asarray(graph.links[at], dtype=np.int64)


def _between(trace: Trace, chain: Chain, s_m: Floats) -> tuple[Indices, Floats, Floats]:
    """Return all points from the first to the last of a chain; those not used are put between.

    How far between is taken from their place on the straight line from one used point to the next.
    """
    rows = np.arange(chain.rows[0], chain.rows[-1] + 1)
    low = np.searchsorted(chain.rows, rows, side="right") - 1
    high = np.minimum(low + 1, chain.rows.size - 1)
    a, b = chain.rows[low], chain.rows[high]
    dx, dy = trace.x_m[b] - trace.x_m[a], trace.y_m[b] - trace.y_m[a]
    square = dx**2 + dy**2
    done = (trace.x_m[rows] - trace.x_m[a]) * dx + (trace.y_m[rows] - trace.y_m[a]) * dy
    share = np.clip(done / np.where(square > 0, square, 1.0), 0.0, 1.0)
    full = s_m[low] + share * (s_m[high] - s_m[low])
    probability = np.minimum(chain.probability[low], chain.probability[high])
    return rows, np.maximum.accumulate(full), probability


def steadied(t_ns: Times, s_m: Floats, speed_mps: Floats) -> Floats:
    """Return places along a route with the noise of positions taken out by the measured speed.

    What the wheels did not drive is the receiver's error, or a slow difference in scale: places are
    moved to the straight line fitted, over a minute and a half before and after, to how far the
    route is ahead of the wheels; never by more than 15 m.  Where the speed is unknown the route's
    own steps count.  Source: own; errors of receivers stay alike for about half a minute.
    """
    if s_m.size == 0:
        return s_m
    t = (t_ns - t_ns[0]) / NS_PER_S
    speed = np.abs(speed_mps)
    step = (speed[1:] + speed[:-1]) / 2 * np.diff(t)
    wheels = np.append(0.0, np.cumsum(np.where(np.isfinite(step), step, np.diff(s_m))))
    ahead = s_m - wheels
    low = np.searchsorted(t, t - _STEADY_S, side="left")
    high = np.searchsorted(t, t + _STEADY_S, side="right")

    def summed(x: Floats) -> Floats:
        total = np.append(0.0, np.cumsum(x))
        return np.asarray(total[high] - total[low])

    n, st, sx = summed(np.ones(t.size)), summed(t), summed(ahead)
    spread = n * summed(t * t) - st * st
    slope = (n * summed(t * ahead) - st * sx) / np.where(spread > _NO_SPREAD, spread, np.inf)
    fitted = wheels + (sx + slope * (n * t - st)) / n
    return np.maximum.accumulate(np.clip(fitted, s_m - _MOST_M, s_m + _MOST_M))


@dataclass(frozen=True, slots=True)
class Distances:
    """Along the route to what is next and from what was last; NaN where there is none."""

    ahead_m: Floats
    behind_m: Floats


def to_places(s_m: Floats, places_m: Floats) -> Distances:
    """Return how far places along the route are ahead and behind."""
    places = np.concatenate(([np.nan], np.sort(places_m), [np.nan]))
    after = np.searchsorted(places[1:-1], s_m, side="left")
    before = np.searchsorted(places[1:-1], s_m, side="right")
    return Distances(places[after + 1] - s_m, s_m - places[before])


def to_stretches(s_m: Floats, begin_m: Floats, end_m: Floats) -> Distances:
    """Return how far stretches are ahead and behind, both 0 inside; they must be in order."""
    to_begin = to_places(s_m, begin_m).ahead_m
    from_end = to_places(s_m, end_m).behind_m
    last = np.searchsorted(begin_m, s_m, side="right") - 1
    inside = np.zeros(s_m.size, dtype=np.bool_)
    if begin_m.size:
        inside = (last >= 0) & (s_m < end_m[np.maximum(last, 0)])
    return Distances(np.where(inside, 0.0, to_begin), np.where(inside, 0.0, from_end))


def stretches(given: Route, holds: Bools) -> tuple[Floats, Floats]:
    """Return where along the route begins and ends what holds on some of its arcs."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], holds.astype(np.int8), [0]))))
    bounds = np.append(given.begin_m, given.end_m)
    return bounds[edges[::2]], bounds[edges[1::2]]
