"""Which roads a trace was driven on: a hidden Markov model over the arcs near each point.

Source: Newson & Krumm, Hidden Markov Map Matching Through Noise and Sparseness, 2009.  What is
added: headings count, points closer than 10 m are placed between their neighbours afterwards, and
each point has a probability (forward-backward).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from avdataops.model.time import NS_PER_S
from avdataops.ports.map_matching import Chain, Fixes, Matcher
from avdataops.signals.arrays import Bools, Floats, Indices, Times
from avdataops.signals.geo import segment_distance_m, wrap_pi
from avdataops.signals.hidden_states import Decoded, decode
from avdataops.signals.road_graph import RoadGraph, arc_tree, distances
from avdataops.signals.roads import Plane, Points

BACK_M = 15.0
"""How far noise may move a point back along its arc."""
_NODE_M = 10.0
"""About a node, its roads are one place."""
_BLOCK = 256
"""Points whose distances are worked out at once."""
_FAR_STEP_M = 250.0
"""Longer steps have distances of their own, so that they do not make all others slow."""
_DETOUR, _DETOUR_M = 2.0, 200.0
"""A route is looked for up to this times the straight step, and this more."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Known positions in time, in metres of the graph's plane."""

    t_ns: Times
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    """Yaw in east-north-up; NaN unknown."""
    moving: Bools
    """Whether the heading is that of a road: at rest it may be anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchLimits:
    """Of the model; sigma and beta are those of Newson & Krumm, the rest are own defaults."""

    sigma_m: float = 4.07
    beta_m: float = 3.0
    max_distance_m: float = 30.0
    max_heading_difference_rad: float = float(np.radians(60.0))
    heading_sigma_rad: float = float(np.radians(25.0))
    candidates: int = 8
    spacing_m: float = 10.0
    """Points closer to the last one used are placed by interpolation (a habit of Meili)."""
    max_jump_m: float = 2000.0
    max_pause_s: float = 180.0


@dataclass(frozen=True, slots=True)
class Candidates:
    """Arcs near each point, the likeliest first; arrays of shape (points, candidates)."""

    arc: Indices
    """-1 for none."""
    offset_m: Floats
    """Of the nearest place from the beginning of the arc."""
    log: Floats
    """Logarithm of how likely the point is there; -inf for none."""


def thin(trace: Trace, spacing_m: float) -> Indices:
    """Return the first and last point, and each that is far enough from the one used before."""
    kept: list[int] = []
    last_x = last_y = np.inf
    square = spacing_m * spacing_m
    for row, (x, y) in enumerate(zip(trace.x_m.tolist(), trace.y_m.tolist(), strict=True)):
        if not kept or (x - last_x) ** 2 + (y - last_y) ** 2 >= square:
            kept.append(row)
            last_x, last_y = x, y
    if kept and kept[-1] != trace.t_ns.size - 1:
        kept.append(trace.t_ns.size - 1)
    return np.array(kept, dtype=np.int64)


def find_candidates(
    graph: RoadGraph, trace: Trace, rows: Indices, limits: MatchLimits
) -> Candidates:
    """Return the arcs that may be driven on at some points of the trace."""
    shape = (rows.size, limits.candidates)
    none = Candidates(np.full(shape, -1, dtype=np.int64), np.zeros(shape), np.full(shape, -np.inf))
    if rows.size == 0 or graph.length_m.size == 0:
        return none
    tree, edge_of, low_of = arc_tree(graph)
    point, piece = tree.query(
        shapely.points(trace.x_m[rows], trace.y_m[rows]),
        predicate="dwithin",
        distance=limits.max_distance_m,
    )
    edge, low = edge_of[piece], low_of[piece]
    x, y = graph.x_m, graph.y_m
    distance, share = segment_distance_m(
        (trace.x_m[rows][point], trace.y_m[rows][point]), (x[low], y[low]), (x[low + 1], y[low + 1])
    )
    step = graph.along_m[low + 1] - graph.along_m[low]
    offset = graph.along_m[low] - graph.along_m[graph.first[edge]] + share * step
    along = np.arctan2(y[low + 1] - y[low], x[low + 1] - x[low])
    off = np.abs(wrap_pi(trace.heading_rad[rows][point] - along))
    counts = trace.moving[rows][point] & np.isfinite(off)
    # Each piece twice: along it, and against it.
    point, distance, counts = (np.tile(v, 2) for v in (point, distance, counts))
    off = np.where(counts, np.concatenate((off, np.pi - off)), 0.0)
    offset = np.concatenate((offset, graph.length_m[edge] - offset))
    arc = np.concatenate((2 * edge, 2 * edge + 1))
    log = -0.5 * (distance / limits.sigma_m) ** 2 - 0.5 * (off / limits.heading_sigma_rad) ** 2
    fits = graph.open[arc] & (off <= limits.max_heading_difference_rad)
    point, arc, offset, log = (v[fits] for v in (point, arc, offset, log))
    order = np.lexsort((-log, arc, point))
    first = np.append(True, (np.diff(point[order]) != 0) | (np.diff(arc[order]) != 0))
    best = order[first[: order.size]]
    best = best[np.lexsort((arc[best], -log[best], point[best]))]
    place = point[best]
    starts = np.searchsorted(place, np.arange(rows.size))
    rank = np.arange(best.size) - starts[place]
    keep = rank < limits.candidates
    best, place, rank = best[keep], place[keep], rank[keep]
    none.arc[place, rank] = arc[best]
    none.offset_m[place, rank] = offset[best]
    none.log[place, rank] = log[best]
    return none


def transitions(
    graph: RoadGraph, given: Candidates, straight_m: Floats, limits: MatchLimits
) -> Floats:
    """Return the logarithm of how likely each step between candidates is, (steps, from, to).

    -|route - straight| / beta; -inf where no route of a bearable length leads there.  A little
    back along one arc is a route of negative length, so that a slow car is not matched backwards.
    """
    size = given.arc.shape[1]
    found = np.full((straight_m.size, size, size), -np.inf, dtype=np.float64)
    for begin, stop in blocks(straight_m):
        here, there = slice(begin, stop), slice(begin + 1, stop + 1)
        straight = straight_m[here]
        if not straight.max() <= limits.max_jump_m:
            continue
        start, goal = graph.head[given.arc[here]], graph.tail[given.arc[there]]
        used = np.unique(start[given.arc[here] >= 0])
        if used.size == 0:
            continue
        near = distances(graph, used, _DETOUR * float(straight.max()) + _DETOUR_M)
        from_m = given.offset_m[here][:, :, None]
        to_m = given.offset_m[there][:, None, :]
        rest = graph.length_m[given.arc[here] // 2][:, :, None] - from_m
        route = rest + near.between(start[:, :, None], goal[:, None, :]) + to_m
        ahead = to_m - from_m
        same = given.arc[here][:, :, None] == given.arc[there][:, None, :]
        route = np.where(same & (ahead >= -BACK_M), ahead, route)
        bearable = route <= _DETOUR * straight[:, None, None] + _DETOUR_M
        cost = np.abs(route - straight[:, None, None]) / limits.beta_m
        found[here] = np.where(bearable, -cost, -np.inf)
    return found


def blocks(straight_m: Floats) -> list[tuple[int, int]]:
    """Return ranges of steps that are alike long: far ones alone, others up to 256 at once."""
    cuts = {0, straight_m.size, *range(0, straight_m.size, _BLOCK)}
    for row in np.flatnonzero(~(straight_m <= _FAR_STEP_M)).tolist():
        cuts |= {row, row + 1}
    edges = sorted(cuts)
    return [(a, b) for a, b in pairwise(edges) if b > a]


def hidden_markov(graph: RoadGraph, plane: Plane, limits: MatchLimits) -> Matcher:
    """Return the matcher of this module for one road network."""

    def match(fixes: Fixes, /) -> tuple[Chain, ...]:
        x, y = plane.metres(Points(fixes.lat_deg, fixes.lon_deg))
        return chains(graph, Trace(fixes.t_ns, x, y, fixes.heading_rad, fixes.moving), limits)

    return match


def chains(graph: RoadGraph, trace: Trace, limits: MatchLimits) -> tuple[Chain, ...]:
    """Return what was driven, broken where no road of the map leads from one point to the next.

    Points without a road within reach are left out; points further apart than the jump or the
    pause allowed are never joined.
    """
    rows = thin(trace, limits.spacing_m)
    given = find_candidates(graph, trace, rows, limits)
    placed = given.arc[:, 0] >= 0
    rows = rows[placed]
    if rows.size == 0:
        return ()
    given = Candidates(given.arc[placed], given.offset_m[placed], given.log[placed])
    straight = np.hypot(np.diff(trace.x_m[rows]), np.diff(trace.y_m[rows]))
    steps = transitions(graph, given, straight, limits)
    paused = np.diff(trace.t_ns[rows]) > limits.max_pause_s * NS_PER_S
    steps[paused] = -np.inf
    return tuple(_chain(graph, rows, given, part) for part in decode(given.log, steps))


def _chain(graph: RoadGraph, rows: Indices, given: Candidates, part: Decoded) -> Chain:
    at = np.arange(part.start, part.start + part.state.size)
    arc, offset = given.arc[at, part.state], given.offset_m[at, part.state]
    there = (given.arc[at] >= 0) & _same_place(
        graph, (arc[:, None], offset[:, None]), (np.maximum(given.arc[at], 0), given.offset_m[at])
    )
    probability = np.sum(np.where(there, part.probability, 0.0), axis=1)
    return Chain(rows[at], arc, offset, np.minimum(probability, 1.0))


def _same_place(
    graph: RoadGraph, one: tuple[Indices, Floats], other: tuple[Indices, Floats]
) -> Bools:
    """Say whether places are on one edge, or close together about a node that theirs share."""
    ends = [(graph.tail[arc], graph.head[arc]) for arc, _ in (one, other)]
    meet = np.any([a == b for a in ends[0] for b in ends[1]], axis=0)
    (x, y, _), (there_x, there_y, _) = (graph.place(*place) for place in (one, other))
    close = np.hypot(x - there_x, y - there_y) <= _NODE_M
    return np.asarray((one[0] // 2 == other[0] // 2) | (meet & close))
