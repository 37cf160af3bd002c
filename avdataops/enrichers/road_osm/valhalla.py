"""Map matching by Valhalla's Meili: an optional extra, behind the port of our own matcher.

Its package is in ``avdataops[valhalla]``; its tiles are made of the same extract by the tools of
Valhalla, packed as a tar, and named beside the extract.  Meili says which OSM way a position is on
and where; the place on our own network is looked up from that, so that everything that is told
along the route is the same whoever matched.
"""

import json
import math
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

import numpy as np

from avdataops.model.errors import ConfigError, HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile, as_stream
from avdataops.ports.map_matching import Chain, Fixes, Matcher
from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.geo import segment_distance_m, wrap_pi
from avdataops.signals.map_matching import MatchLimits, Trace, thin
from avdataops.signals.road_graph import RoadGraph
from avdataops.signals.roads import Plane, Points

MAX_TILES_BYTES = 8 << 30
_TILE = re.compile(r"(\./)?\d(/\d{3}){1,4}\.gph")
_TAR_MAGIC, _TAR_AT = b"ustar", 257
_POINTS = 10_000
"""In one question; Valhalla takes 16,000 points and 200 km by default, and points are 10 m apart at
least.  A route is cut there."""
_LONGEST_M = 150_000.0
_WANTED = (
    "edge.way_id",
    "edge.begin_heading",
    "edge.end_heading",
    "matched.point",
    "matched.type",
    "matched.edge_index",
    "matched.distance_along_edge",
    "matched.begin_route_discontinuity",
)
# What Valhalla says of a trace beside all its roads; anything else is no answer.
_NO_ROAD = ("No suitable edges near location", "failed to find path", "failed to snap")

Ask = Callable[[dict[str, Any]], dict[str, Any]]
"""From a request for trace_attributes to its answer."""


def is_tiles(file: ReadableFile) -> bool:
    """Say whether a file is a tar, as tiles are packed, and no extract."""
    return file.read_at(_TAR_AT, len(_TAR_MAGIC)) == _TAR_MAGIC


@contextmanager
def open_tiles(file: ReadableFile) -> Iterator[Ask]:
    """Yield what answers requests from a tar of tiles.

    Raises ``ConfigError`` when the package is not installed, ``UnreadableFile`` for a damaged tar
    or one without tiles, ``HostileInput`` for one that unpacks to more than 8 GiB.
    """
    try:
        import valhalla
    except ImportError as error:
        raise ConfigError(
            "the matcher 'valhalla' needs a package that is not installed",
            hint="pip install 'avdataops[valhalla]', or set enrich.road_osm.matcher to 'hmm'",
        ) from error
    with TemporaryDirectory(prefix="avdataops-tiles-") as folder:
        _unpack(file, Path(folder))
        # A path that is not there: an empty one makes release 3.2 fail when it ends.
        nowhere = str(Path(folder) / "none.tar")
        config = valhalla.get_config(tile_dir=folder, tile_extract=nowhere, verbose=False)
        config["mjolnir"]["logging"] = {"type": ""}
        actor = valhalla.Actor(config)

        def ask(request: dict[str, Any]) -> dict[str, Any]:
            answer = actor.trace_attributes(json.dumps(request))
            return dict(json.loads(answer) if isinstance(answer, str) else answer)

        yield ask


def _unpack(file: ReadableFile, folder: Path) -> None:
    """Write the tiles of a tar into a folder, whatever else it holds."""
    total = 0
    try:
        with tarfile.open(fileobj=as_stream(file), mode="r:") as tar:
            for member in tar:
                # Tiles are numbers in folders of numbers; no other name is ever written.
                if not (member.isfile() and _TILE.fullmatch(member.name)):
                    continue
                total += member.size
                if total > MAX_TILES_BYTES:
                    raise HostileInput(
                        f"{file.name}: tiles of more than {MAX_TILES_BYTES >> 30} GiB"
                    )
                place = folder / member.name
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as target:
                    shutil.copyfileobj(cast("IO[bytes]", tar.extractfile(member)), target)
    except (tarfile.TarError, EOFError) as error:
        raise UnreadableFile(f"{file.name} is a damaged tar of tiles: {error}") from error
    if total == 0:
        raise UnreadableFile(f"{file.name} holds no tiles of Valhalla (.gph)")


@dataclass(frozen=True, slots=True)
class Meili:
    """A matcher for one road network, which it knows by the ids of OSM ways."""

    ask: Ask
    graph: RoadGraph
    plane: Plane
    way_id: Indices
    """OSM way of each edge."""
    limits: MatchLimits

    def __call__(self, fixes: Fixes, /) -> tuple[Chain, ...]:
        """Return what was driven; positions beside every road are left out."""
        x, y = self.plane.metres(Points(fixes.lat_deg, fixes.lon_deg))
        trace = Trace(fixes.t_ns, x, y, fixes.heading_rad, fixes.moving)
        rows = thin(trace, self.limits.spacing_m)
        segments = _by_way(self.graph, self.way_id)
        found: list[Chain] = []
        for part in _parts(rows, x, y, self.limits.max_jump_m):
            answer = self._answer(fixes, part)
            found += _chains(part, self._places(answer, segments))
        return tuple(found)

    def _answer(self, fixes: Fixes, rows: Indices) -> dict[str, Any]:
        shape = [
            {"lat": lat, "lon": lon}
            for lat, lon in zip(
                fixes.lat_deg[rows].tolist(), fixes.lon_deg[rows].tolist(), strict=True
            )
        ]
        request = {
            "shape": shape,
            "costing": "auto",
            "shape_match": "map_snap",
            "trace_options": {
                "search_radius": self.limits.max_distance_m,
                "gps_accuracy": self.limits.sigma_m,
            },
            "filters": {"attributes": list(_WANTED), "action": "include"},
        }
        try:
            return self.ask(request)
        except RuntimeError as error:
            if any(text in str(error) for text in _NO_ROAD):
                return {}
            raise UnreadableFile(f"Valhalla does not answer: {error}") from error

    def _places(
        self, answer: dict[str, Any], segments: dict[int, tuple[Indices, Indices]]
    ) -> list[tuple[int, float, bool] | None]:
        """Return arc, offset, and whether a new route begins, of each position that was asked."""
        edges = answer.get("edges", [])
        told: list[tuple[int, float, bool] | None] = []
        begins = True
        for point in answer.get("matched_points", []):
            begins |= bool(point.get("begin_route_discontinuity"))
            number = point.get("edge_index", len(edges))
            place = None
            if point.get("type") != "unmatched" and number < len(edges):
                edge = edges[number]
                yaw = _yaw(edge, float(point.get("distance_along_edge", 0.5)))
                there = segments.get(int(edge.get("way_id", -1)))
                place = None if there is None else self._nearest(point, yaw, there)
            told.append(None if place is None else (*place, begins))
            begins &= place is None
        return told

    def _nearest(
        self, point: dict[str, Any], yaw_rad: float, there: tuple[Indices, Indices]
    ) -> tuple[int, float] | None:
        """Return arc and offset of the place on one way that is nearest to a matched position."""
        edge, low = there
        graph = self.graph
        at = self.plane.metres(Points(np.array([point["lat"]]), np.array([point["lon"]])))
        ends = ((graph.x_m[low], graph.y_m[low]), (graph.x_m[low + 1], graph.y_m[low + 1]))
        distance, share = segment_distance_m(at, *ends)
        best = int(np.argmin(distance))
        if distance[best] > self.limits.max_distance_m:
            return None
        row, number = int(low[best]), int(edge[best])
        step = float(graph.along_m[row + 1] - graph.along_m[row])
        start = float(graph.along_m[graph.first[number]])
        offset = float(graph.along_m[row]) - start + float(share[best]) * step
        along = math.atan2(
            float(graph.y_m[row + 1] - graph.y_m[row]), float(graph.x_m[row + 1] - graph.x_m[row])
        )
        back = abs(float(wrap_pi(yaw_rad - along))) > math.pi / 2
        if not graph.open[2 * number + back]:
            back = not back
        length = float(graph.length_m[number])
        return 2 * number + back, length - offset if back else offset


def meili(ask: Ask, limits: MatchLimits) -> Callable[[RoadGraph, Plane, Indices], Matcher]:
    """Return what makes a matcher for a network with the OSM way of each edge."""
    return lambda graph, plane, way_id: Meili(ask, graph, plane, way_id, limits)


def _yaw(edge: dict[str, Any], share: float) -> float:
    """Return the yaw (east-north-up) on an edge, by the compass headings at its ends."""
    begin = float(edge.get("begin_heading", 0.0))
    turn = (float(edge.get("end_heading", begin)) - begin + 180.0) % 360.0 - 180.0
    return math.radians(90.0 - begin - share * turn)


def _by_way(graph: RoadGraph, way_id: Indices) -> dict[int, tuple[Indices, Indices]]:
    """Return for each way the edge and the first vertex of each of its straight pieces."""
    edge, low = graph.segments()
    ways = way_id[edge]
    order = np.argsort(ways, kind="stable")
    ids, first = np.unique(ways[order], return_index=True)
    pieces = np.split(order, first[1:])
    return {int(way): (edge[rows], low[rows]) for way, rows in zip(ids, pieces, strict=True)}


def _parts(rows: Indices, x: Floats, y: Floats, max_jump_m: float) -> Iterator[Indices]:
    """Yield runs of rows that one question may hold, cut where the trace jumps."""
    if rows.size == 0:
        return
    step = np.hypot(np.diff(x[rows]), np.diff(y[rows]))
    begin, length = 0, 0.0
    for row, metres in enumerate(step.tolist(), start=1):
        length += metres
        if metres > max_jump_m or length > _LONGEST_M or row - begin >= _POINTS:
            yield rows[begin:row]
            begin, length = row, 0.0
    yield rows[begin:]


def _chains(rows: Indices, places: list[tuple[int, float, bool] | None]) -> Iterator[Chain]:
    known: Bools = np.array([place is not None for place in places], dtype=np.bool_)
    if len(places) != rows.size or not known.any():
        return
    told = [place for place in places if place is not None]
    arc = np.array([one[0] for one in told], dtype=np.int64)
    offset = np.array([one[1] for one in told])
    edges = [*np.flatnonzero([one[2] for one in told]).tolist(), arc.size]
    used = rows[known]
    for begin, stop in zip([0, *edges[1:-1]], edges[1:], strict=True):
        part = slice(begin, stop)
        yield Chain(used[part], arc[part], offset[part], np.full(stop - begin, np.nan))
