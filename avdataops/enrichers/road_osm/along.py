"""What an extract knows of the ticks of a drive: the matched road, and what is along the route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely

from avdataops.enrichers.road_osm.extract import Extract
from avdataops.model.time import NS_PER_S
from avdataops.ports.enriching import Track
from avdataops.ports.map_matching import Chain, Fixes, Matcher
from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.junctions import Junctions, find_junctions, junction_kind
from avdataops.signals.map_matching import MatchLimits, Trace, hidden_markov
from avdataops.signals.road_graph import RoadGraph, road_graph
from avdataops.signals.roads import Plane, Points
from avdataops.signals.routes import (
    Distances,
    Route,
    route,
    steadied,
    stretches,
    to_places,
    to_stretches,
)

PLACES = {
    "junction": "",
    "crossing": "crossing",
    "traffic_signal": "traffic_signal",
    "stop_sign": "stop_sign",
    "level_crossing": "level_crossing",
}
"""What has a place on the route -> its mark in the extract."""
STRETCHES = ("tunnel", "bridge", "roundabout")
MEASURED = (
    "road_heading_rad",
    "road_distance_m",
    "match_probability",
    "route_m",
    *(f"{name}_{side}_m" for name in (*PLACES, *STRETCHES) for side in ("ahead", "behind")),
)
"""Columns of numbers that matched ticks have."""
_OFF_SHARE, _OFF_M = 0.1, 20.0
"""How far the wheels may disagree with the route about the way through a gap of positions."""


@dataclass(frozen=True, slots=True)
class OnRoad:
    """Ticks that a road was found for."""

    rows: Indices
    """Of the track."""
    way: Indices
    """Row of the extract's attributes."""
    measured: Mapping[str, Floats]
    junction_kind: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _Map:
    extract: Extract
    graph: RoadGraph
    junctions: Junctions
    holds: Mapping[str, Bools]
    """Stretch -> edges that are part of one."""


MakeMatcher = Callable[[RoadGraph, Plane, Indices], Matcher]
"""From a network with the OSM way of each edge to what matches on it."""


def on_roads(
    extract: Extract,
    track: Track,
    rows: Indices,
    limits: MatchLimits,
    min_speed_mps: float,
    make: MakeMatcher | None = None,
) -> list[OnRoad]:
    """Return what is known of the ticks in ``rows``, whose positions must be known.

    ``make`` gives the matcher, by default our own.

    Ticks between them without a position are placed by their speed, where the route leads from
    before to after and is as long as the wheels say.
    """
    if rows.size == 0 or extract.edges.way.size == 0:
        return []
    plane = Plane(Points(track.lat_deg[rows], track.lon_deg[rows]))
    graph = road_graph(extract.edges, plane)
    fast = track.speed_mps[rows] >= min_speed_mps
    fixes = Fixes(
        track.t_ns[rows], track.lat_deg[rows], track.lon_deg[rows], track.heading_rad[rows], fast
    )
    x, y = plane.metres(Points(fixes.lat_deg, fixes.lon_deg))
    trace = Trace(fixes.t_ns, x, y, fixes.heading_rad, fast)
    way_id = extract.attributes["way_id"].to_numpy()[extract.edges.way]
    match = make(graph, plane, way_id) if make else hidden_markov(graph, plane, limits)
    holds = {
        name: extract.attributes.column(name).to_numpy()[extract.edges.way].astype(np.bool_)
        for name in STRETCHES
    }
    known = _Map(extract, graph, find_junctions(extract.edges, graph), holds)
    found = []
    for chain in match(fixes):
        taken = route(graph, trace, chain)
        wheels = track.speed_mps[rows[taken.rows]]
        taken = replace(taken, s_m=steadied(trace.t_ns[taken.rows], taken.s_m, wheels))
        driven = _near_enough(known, taken, trace, limits.max_distance_m)
        undirected = _is_undirected(graph, trace, chain)
        found.append(_on_road(known, track, rows, driven, directed=not undirected))
    return found


@dataclass(frozen=True, slots=True)
class _Driven:
    """A route, with its points that lie near enough to it."""

    route: Route
    rows: Indices
    s_m: Floats
    off_m: Floats
    probability: Floats


def _near_enough(known: _Map, driven: Route, trace: Trace, max_m: float) -> _Driven:
    x, y, _ = known.graph.place(*driven.at(driven.s_m))
    off_m = np.hypot(x - trace.x_m[driven.rows], y - trace.y_m[driven.rows])
    near = off_m <= max_m
    return _Driven(
        driven, driven.rows[near], driven.s_m[near], off_m[near], driven.probability[near]
    )


def _on_road(
    known: _Map, track: Track, rows: Indices, driven: _Driven, *, directed: bool
) -> OnRoad:
    ticks, s, extra = _with_gaps(track, rows[driven.rows], driven.s_m)
    measured = {name: np.full(ticks.size, np.nan) for name in MEASURED}
    measured["road_distance_m"][~extra] = driven.off_m
    measured["match_probability"][~extra] = driven.probability
    measured["route_m"] = s - (s[0] if s.size else 0.0)
    arc, offset = driven.route.at(s)
    if directed:
        measured["road_heading_rad"] = known.graph.place(arc, offset)[2]
    for name, distances in _distances(known, driven.route, s).items():
        measured[f"{name}_ahead_m"] = distances.ahead_m
        measured[f"{name}_behind_m"] = distances.behind_m
    kinds = _kinds(known, driven.route, s)
    return OnRoad(ticks, known.extract.edges.way[arc // 2], measured, kinds)


def _is_undirected(graph: RoadGraph, trace: Trace, chain: Chain) -> bool:
    """Say whether nothing tells in which direction a two-way road was driven."""
    row = int(chain.rows[0])
    told = chain.rows.size > 1 or (trace.moving[row] and np.isfinite(trace.heading_rad[row]))
    return not told and bool(graph.open[chain.arc[0] ^ 1])


def _with_gaps(track: Track, ticks: Indices, s_m: Floats) -> tuple[Indices, Floats, Bools]:
    """Return the ticks with those between them that have no position, and say which those are."""
    rows, places, extra = [ticks], [s_m], [np.zeros(ticks.size, dtype=np.bool_)]
    for at in np.flatnonzero(np.diff(ticks) > 1).tolist():
        between = np.arange(ticks[at], ticks[at + 1] + 1)
        blind = np.isnan(track.lat_deg[between[1:-1]]) | np.isnan(track.lon_deg[between[1:-1]])
        speed, t = np.abs(track.speed_mps[between]), track.t_ns[between]
        driven = np.cumsum((speed[1:] + speed[:-1]) / 2 * np.diff(t) / NS_PER_S)
        length = float(s_m[at + 1] - s_m[at])
        agrees = abs(float(driven[-1]) - length) <= _OFF_SHARE * length + _OFF_M
        if blind.all() and agrees and driven[-1] > 0:
            rows.append(between[1:-1])
            places.append(s_m[at] + driven[:-1] / driven[-1] * length)
            extra.append(np.ones(between.size - 2, dtype=np.bool_))
    joined = np.concatenate(rows)
    order = np.argsort(joined, kind="stable")
    return joined[order], np.concatenate(places)[order], np.concatenate(extra)[order]


def _distances(known: _Map, driven: Route, s_m: Floats) -> dict[str, Distances]:
    nodes, node_s = driven.nodes(known.graph)
    found: dict[str, Distances] = {}
    for name, mark in PLACES.items():
        marked = known.junctions.holds if not mark else None
        here = np.isin(nodes, known.extract.marks[mark]) if marked is None else marked[nodes]
        found[name] = to_places(s_m, node_s[here])
    for name in STRETCHES:
        found[name] = to_stretches(s_m, *stretches(driven, known.holds[name][driven.arc // 2]))
    return found


def _kinds(known: _Map, driven: Route, s_m: Floats) -> tuple[str | None, ...]:
    """Return the shape of the nearest junction along the route, ahead or behind."""
    nodes, node_s = driven.nodes(known.graph)
    passed = known.junctions.holds[nodes]
    numbers, places = known.junctions.number[nodes][passed], node_s[passed]
    if places.size == 0:
        return (None,) * s_m.size
    shapes = {
        int(number): junction_kind(
            known.graph,
            known.extract.edges,
            known.holds["roundabout"],
            known.junctions.number == number,
        )
        for number in np.unique(numbers)
    }
    after = np.clip(np.searchsorted(places, s_m), 0, places.size - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.where(np.abs(places[before] - s_m) <= np.abs(places[after] - s_m), before, after)
    return tuple(shapes[int(numbers[row])] for row in nearer)


def school_distance_m(extract: Extract, places: Points) -> Floats:
    """Return the distance to the edge of the nearest school ground, 0 on it; NaN without one."""
    if not extract.schools or places.lat_deg.size == 0:
        return np.full(places.lat_deg.size, np.nan)
    plane = Plane(places)

    def metres(degrees: Floats) -> Floats:
        return np.column_stack(plane.metres(Points(degrees[:, 1], degrees[:, 0])))

    centres = np.array([shapely.get_coordinates(one)[0] for one in extract.schools])
    near = plane.near(Points(centres[:, 1], centres[:, 0]))
    grounds = [shapely.transform(extract.schools[row], metres) for row in np.flatnonzero(near)]
    if not grounds:
        return np.full(places.lat_deg.size, np.nan)
    _, distance = shapely.STRtree(grounds).query_nearest(
        shapely.points(*plane.metres(places)), return_distance=True, all_matches=False
    )
    return np.asarray(distance, dtype=np.float64)
