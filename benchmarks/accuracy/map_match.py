"""Map matching against exact truth: random drives over real extracts, with correlated noise.

Each figure is a dict with what was measured, its bar, and whether it was met.
"""

import os
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.signal import lfilter
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from avdataops.enrichers.road_osm import read_extract
from avdataops.model.time import NS_PER_S
from avdataops.ports.files import BytesFile
from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.map_matching import MatchLimits, Trace, chains
from avdataops.signals.road_graph import RoadGraph, road_graph
from avdataops.signals.roads import Edges, Plane
from avdataops.signals.routes import Route, route, steadied, stretches
from avdataops.steps.enrich import course_heading

EXTRACTS = ("gh_andorra.osm.pbf", "gh_monaco.osm.gz", "valhalla_liechtenstein-latest.osm.pbf")
SIGMAS_M = (1.0, 3.0, 5.0, 10.0)
BAR_BOUNDARY_M = 10.0
BAR_SIGMA_M, BAR_ACCURACY, BAR_POINTS_PER_S = 5.0, 0.98, 10_000.0
DRIVE_M = 30_000.0
DRIVES = 3
NOISE_S = 30.0
"""Errors of a receiver stay alike for so long."""
WHEEL_SCALE = 1.005
"""A worn tyre reads half a per cent more."""
_GOALS = 10
_LEG_M = (1_500.0, 6_000.0)
_MIN_COURSE_MPS = 2.0
_STRAIGHT_ON_M = 1e-6


@dataclass(frozen=True, slots=True)
class TrueDrive:
    """One drive with its truth; shapes (n,), metres of the graph's plane."""

    t_ns: np.ndarray
    x_m: Floats
    y_m: Floats
    edge: Indices
    s_m: Floats
    """Along the route, whose arcs follow."""
    arc: Indices
    begin_m: Floats


def folder() -> Path | None:
    """Return where the extracts are, None where they are not."""
    named = os.environ.get("AVDATAOPS_TEST_DATA")
    data = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    found = data / "osm"
    return found if all((found / name).is_file() for name in EXTRACTS) else None


def figures(seed: int, drives: int = DRIVES) -> dict[str, object]:
    """Return way accuracy by extract and noise, and points per second of one core.

    Without the extracts, why there is nothing to measure.
    """
    where = folder()
    if where is None:
        return {"missing": "no map extracts; set AVDATAOPS_TEST_DATA to their folder", "met": False}
    accuracy: dict[str, dict[str, float]] = {}
    bare: dict[str, dict[str, float]] = {}
    at_ends: dict[str, float | None] = {}
    speed: dict[str, dict[str, float]] = {"1_hz": {}, "10_hz": {}}
    errors: list[float] = []
    for name in EXTRACTS:
        graph, edges = load(where / name)
        special = special_edges(where / name, edges)
        region = region_of(name)
        accuracy[region], bare[region] = {}, {}
        for sigma in SIGMAS_M:
            with_wheels, without, at_end = _accuracy((graph, edges), seed, sigma, drives)
            accuracy[region][f"{sigma:g}_m"], bare[region][f"{sigma:g}_m"] = with_wheels, without
            if sigma == BAR_SIGMA_M:
                at_ends[region] = at_end
        errors += _boundaries(graph, special, seed, drives)
        for rate in (1, 10):
            speed[f"{rate}_hz"][region] = _points_per_s(graph, seed, float(rate), drives)
    least = min(one[f"{BAR_SIGMA_M:g}_m"] for one in accuracy.values())
    slowest = min(speed["1_hz"].values())
    share = boundaries_within(BAR_BOUNDARY_M, errors)
    return {
        "way_accuracy": accuracy,
        "way_accuracy_positions_only": bare,
        "wrong_within_10_m_of_a_way_end": at_ends,
        "points_per_s": speed,
        "boundaries": len(errors),
        "boundaries_within_10_m": share,
        "boundary_p50_m": round(float(np.median(errors)), 2) if errors else None,
        "bar": {"way_accuracy_5_m": BAR_ACCURACY, "points_per_s": BAR_POINTS_PER_S},
        "met": least >= BAR_ACCURACY and slowest >= BAR_POINTS_PER_S,
    }


def region_of(name: str) -> str:
    """Return what an extract is of, by the name of its file."""
    return name.split(".", maxsplit=1)[0].split("_")[1].split("-", maxsplit=1)[0]


def load(path: Path) -> tuple[RoadGraph, Edges]:
    """Return the graph and the edges of an extract."""
    extract = read_extract(BytesFile(path.name, path.read_bytes()), max_mb=512)
    return road_graph(extract.edges, Plane(extract.edges.nodes)), extract.edges


def _accuracy(
    roads: tuple[RoadGraph, Edges], seed: int, sigma_m: float, drives: int
) -> tuple[float, float, float | None]:
    """Return the share of points on the right way at 1 Hz, with wheel speed and without.

    The third is the share of the wrong ones, with wheel speed, that are at most 10 m along the
    road from where one way ends and the next begins; None when none is wrong.
    """
    graph, edges = roads
    ways = edges.way
    right, total = np.zeros(2), 0
    ends_m: list[float] = []
    for number in range(drives):
        rng = np.random.default_rng([seed, number])
        drive = random_drive(graph, rng, length_m=DRIVE_M, rate_hz=1.0)
        trace = noisy(drive, rng, sigma_m)
        wheels = wheel_speed(drive, rng)
        for place, speed in enumerate((wheels, None)):
            matched = matched_edges(graph, trace, speed)
            good = (matched >= 0) & (ways[matched] == ways[drive.edge])
            right[place] += np.sum(good)
            if speed is not None:
                ends_m += _from_way_end(drive, ways)[~good].tolist()
        total += drive.edge.size
    with_wheels, without = np.round(right / total, 4).tolist()
    return with_wheels, without, boundaries_within(BAR_BOUNDARY_M, ends_m)


def wheel_speed(drive: TrueDrive, rng: np.random.Generator) -> Floats:
    """Return the speed that worn wheels tell, with the noise of a CAN signal."""
    return np.gradient(drive.s_m) * WHEEL_SCALE + rng.normal(0.0, 0.05, drive.s_m.size)


def _from_way_end(drive: TrueDrive, ways: Indices) -> Floats:
    """Return how far along the road each point is from where its route changes ways, in m."""
    driven = ways[drive.arc // 2]
    ends = drive.begin_m[1 : driven.size][driven[1:] != driven[:-1]]
    if ends.size == 0:
        return np.full(drive.s_m.size, np.inf)
    return np.asarray(np.abs(drive.s_m[:, None] - ends[None, :]).min(axis=1))


def special_edges(path: Path, edges: Edges) -> tuple[Bools, ...]:
    """Return which edges are part of a tunnel, a bridge and a roundabout."""
    extract = read_extract(BytesFile(path.name, path.read_bytes()), max_mb=512)
    columns = (extract.attributes.column(name) for name in ("tunnel", "bridge", "roundabout"))
    return tuple(np.asarray(one.to_numpy()[edges.way], dtype=np.bool_) for one in columns)


def _boundaries(
    graph: RoadGraph, special: tuple[Bools, ...], seed: int, drives: int
) -> list[float]:
    """Return how far off each end of a tunnel, bridge or roundabout is told, at 5 m of noise."""
    errors: list[float] = []
    for number in range(drives):
        rng = np.random.default_rng([seed, number])
        drive = random_drive(graph, rng, length_m=DRIVE_M, rate_hz=1.0)
        trace = noisy(drive, rng, BAR_SIGMA_M)
        wheels = np.gradient(drive.s_m) * WHEEL_SCALE
        matched = [
            replace(one, s_m=steadied(trace.t_ns[one.rows], one.s_m, wheels[one.rows]))
            for one in matched_routes(graph, trace)
        ]
        for holds in special:
            errors += boundary_errors(drive, matched, holds)
    return errors


def boundary_errors(drive: TrueDrive, matched: list[Route], holds: Bools) -> list[float]:
    """Return for each true end of a stretch how far from it the nearest told one is, in metres.

    ``holds`` says which edges are part of one.  Infinite where the matched routes have none.
    """
    end = float(drive.s_m[-1])
    rows = np.arange(drive.s_m.size)
    truth = Route(drive.arc, drive.begin_m, end, rows, drive.s_m, np.ones(rows.size))
    true = np.concatenate(stretches(truth, holds[truth.arc // 2]))
    true = true[(true > drive.s_m[0]) & (true < end)]
    told: list[float] = []
    for one in matched:
        places = np.concatenate(stretches(one, holds[one.arc // 2]))
        places = places[(places > one.s_m[0]) & (places < one.s_m[-1])]
        told += np.interp(places, one.s_m, drive.s_m[one.rows]).tolist()
    if not told:
        return [float("inf")] * true.size
    return [float(np.abs(np.array(told) - place).min()) for place in true]


def boundaries_within(limit_m: float, errors: list[float]) -> float | None:
    """Return the share of errors up to a limit, None without any."""
    return round(float(np.mean(np.array(errors) <= limit_m)), 4) if errors else None


def _points_per_s(graph: RoadGraph, seed: int, rate_hz: float, drives: int) -> float:
    """Return points over seconds of processor time, at 5 m of noise."""
    spent, points = 0.0, 0
    for number in range(drives):
        rng = np.random.default_rng([seed, number])
        drive = random_drive(graph, rng, length_m=DRIVE_M, rate_hz=rate_hz)
        trace = noisy(drive, rng, BAR_SIGMA_M)
        begun = time.process_time()
        matched_edges(graph, trace)
        spent += time.process_time() - begun
        points += trace.t_ns.size
    return float(f"{points / spent:.2g}")


def random_drive(
    graph: RoadGraph, rng: np.random.Generator, *, length_m: float, rate_hz: float
) -> TrueDrive:
    """Return a drive of shortest ways from one random node to the next, at 8 to 22 m/s."""
    arcs = _random_route(graph, rng, length_m)
    length = graph.length_m[arcs // 2]
    begin = np.append(0.0, np.cumsum(length)[:-1])
    whole = float(length.sum())
    count = int(whole / 15.0 * rate_hz)
    speed = 15.0 + 7.0 * np.sin(np.cumsum(rng.normal(0.0, 0.1 / np.sqrt(rate_hz), count)))
    s = np.cumsum(speed) / rate_hz
    s = s[s < whole - 1.0]
    number = np.searchsorted(begin, s, side="right") - 1
    x, y, _ = graph.place(arcs[number], s - begin[number])
    t = np.round(np.arange(s.size) * NS_PER_S / rate_hz).astype(np.int64)
    return TrueDrive(t, x, y, arcs[number] // 2, s, arcs, begin)


def _random_route(graph: RoadGraph, rng: np.random.Generator, length_m: float) -> Indices:
    links = graph.links
    nodes = graph.node_x_m.size
    cost = np.maximum(graph.length_m[links // 2], _STRAIGHT_ON_M)
    matrix = csr_array((cost, (graph.tail[links], graph.head[links])), shape=(nodes, nodes))
    arc_of = {
        (int(a), int(b)): int(arc)
        for a, b, arc in zip(graph.tail[links], graph.head[links], links, strict=True)
    }
    arcs: list[int] = []
    driven = 0.0
    at = int(rng.choice(graph.tail[links]))
    while driven < length_m:
        far, before = dijkstra(matrix, indices=at, limit=_LEG_M[1], return_predecessors=True)
        goals = np.flatnonzero((far >= _LEG_M[0]) & np.isfinite(far))
        if goals.size == 0:
            # A corner of the map that leads nowhere: begin anew elsewhere.
            at, arcs, driven = int(rng.choice(graph.tail[links])), [], 0.0
            continue
        for goal in rng.choice(goals, _GOALS).tolist():
            path = [goal]
            while path[-1] != at:
                path.append(int(before[path[-1]]))
            leg = [arc_of[pair] for pair in pairwise(path[::-1])]
            # Nobody turns back on the spot if there is another way to go.
            if not arcs or leg[0] != arcs[-1] ^ 1:
                break
        arcs += leg
        driven += float(far[goal])
        at = goal
    return np.array(arcs, dtype=np.int64)


def noisy(drive: TrueDrive, rng: np.random.Generator, sigma_m: float) -> Trace:
    """Return what a receiver tells of a drive: errors alike over 30 s, headings of its course."""
    step_s = float(drive.t_ns[1] - drive.t_ns[0]) / NS_PER_S
    keep = float(np.exp(-step_s / NOISE_S))
    x, y = (place + _correlated(rng, place.size, sigma_m, keep) for place in (drive.x_m, drive.y_m))
    per_deg = 111_000.0
    heading = course_heading(drive.t_ns, y / per_deg, x / per_deg, _MIN_COURSE_MPS)
    return Trace(drive.t_ns, x, y, heading, np.isfinite(heading))


def _correlated(rng: np.random.Generator, count: int, sigma: float, keep: float) -> Floats:
    drawn = rng.normal(0.0, sigma, count)
    drawn[1:] *= np.sqrt(1.0 - keep**2)
    return np.asarray(lfilter([1.0], [1.0, -keep], drawn))


def matched_edges(graph: RoadGraph, trace: Trace, speed_mps: Floats | None = None) -> Indices:
    """Return the edge of each point of a trace, -1 where none was found."""
    found = np.full(trace.t_ns.size, -1, dtype=np.int64)
    for driven in matched_routes(graph, trace):
        s = driven.s_m
        if speed_mps is not None:
            s = steadied(trace.t_ns[driven.rows], s, speed_mps[driven.rows])
        arc, _ = driven.at(s)
        found[driven.rows] = arc // 2
    return found


def matched_routes(graph: RoadGraph, trace: Trace) -> list[Route]:
    """Return the routes of a trace."""
    return [route(graph, trace, chain) for chain in chains(graph, trace, MatchLimits())]
