"""Drivable roads of an OpenStreetMap extract: XML (plain or gzip) or PBF, read from memory."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import osmium
import pyarrow as pa
import shapely

from avdataops.enrichers.road_osm.opening import checked_bytes
from avdataops.enrichers.road_osm.tags import (
    ATTRIBUTES,
    MARKS,
    NO_LEG,
    SCHOOLS,
    attributes_of,
    is_drivable,
    oneway,
)
from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.signals.arrays import Indices
from avdataops.signals.roads import Edges, Points, Ways, cut_edges

# OSM coordinates are whole numbers of 1e-7 degrees; a node that is not there is out of range.
_PER_DEGREE = 1e7
_MAX_X, _MAX_Y = 1_800_000_000, 900_000_000
_RING = 4


class Area(NamedTuple):
    """A box in degrees; it never crosses the antimeridian."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Extract:
    """What the enricher needs of one extract."""

    edges: Edges
    attributes: pa.Table
    """One row per way, columns as ``ATTRIBUTES``."""
    marks: Mapping[str, Indices]
    """What is there -> numbers of nodes of the edges."""
    schools: tuple[shapely.Geometry, ...]
    """Grounds of schools and kindergartens, or points, in degrees (longitude, latitude)."""
    box: Area | None
    """Round all roads of the file, read or not; None without any."""

    def at(self, mark: str) -> Points:
        """Return the places of one kind of mark."""
        return self.edges.nodes.take(self.marks[mark])


@dataclass(slots=True)
class _Rows:
    """Collects ways and tagged nodes, 24 bytes per node of a way."""

    area: Area | None
    node_id: "array[int]" = field(default_factory=lambda: array("q"))
    x: "array[int]" = field(default_factory=lambda: array("q"))
    y: "array[int]" = field(default_factory=lambda: array("q"))
    first: "array[int]" = field(default_factory=lambda: array("q", [0]))
    oneway: "array[int]" = field(default_factory=lambda: array("q"))
    attributes: list[tuple[Any, ...]] = field(default_factory=list)
    marks: dict[str, "array[int]"] = field(
        default_factory=lambda: {name: array("q") for name in MARKS.values()}
    )
    schools: list[shapely.Geometry] = field(default_factory=list)
    box: list[int] = field(default_factory=lambda: [_MAX_Y, _MAX_X, -_MAX_Y, -_MAX_X])

    def add_node(self, node: osmium.osm.Node) -> None:
        for (key, value), name in MARKS.items():
            if node.tags.get(key) == value:
                self.marks[name].append(node.id)
        if node.tags.get("amenity") in SCHOOLS and _is_known(node.location.x, node.location.y):
            self.add_school([(node.location.x, node.location.y)])

    def add_way(self, way: osmium.osm.Way) -> None:
        tags = dict(way.tags)
        drivable = is_drivable(tags)
        if not drivable and tags.get("amenity") not in SCHOOLS:
            return
        places = [(node.location.x, node.location.y) for node in way.nodes]
        known = [(x, y) for x, y in places if _is_known(x, y)]
        if not drivable:
            self.add_school(known)
        elif self.reaches(known):
            self.node_id.extend(node.ref for node in way.nodes)
            self.x.extend(x for x, _ in places)
            self.y.extend(y for _, y in places)
            self.first.append(len(self.node_id))
            self.oneway.append(oneway(tags))
            self.attributes.append(attributes_of(way.id, tags))

    def add_school(self, places: list[tuple[int, int]]) -> None:
        degrees = [(x / _PER_DEGREE, y / _PER_DEGREE) for x, y in places]
        if len(degrees) >= _RING and degrees[0] == degrees[-1]:
            self.schools.append(shapely.Polygon(degrees))
        elif degrees:
            self.schools.append(shapely.MultiPoint(degrees))

    def reaches(self, known: list[tuple[int, int]]) -> bool:
        """Take a road into the box of all; say whether it comes into the area asked for."""
        if not known:
            return self.area is None
        xs, ys = [x for x, _ in known], [y for _, y in known]
        west, east, south, north = min(xs), max(xs), min(ys), max(ys)
        box = self.box
        box[:] = min(box[0], south), min(box[1], west), max(box[2], north), max(box[3], east)
        if self.area is None:
            return True
        least_south, least_west, most_north, most_east = (v * _PER_DEGREE for v in self.area)
        across = north >= least_south and south <= most_north
        return across and east >= least_west and west <= most_east


def _is_known(x: int, y: int) -> bool:
    return abs(x) <= _MAX_X and abs(y) <= _MAX_Y


def read_extract(file: ReadableFile, *, max_mb: int, area: Area | None = None) -> Extract:
    """Return the drivable roads of an extract; all or nothing, so that results are repeatable.

    With an ``area`` only roads that come into it are kept.  Schools are ways and nodes; those that
    are relations are not read.  Raises ``UnreadableFile`` for damage or another format,
    ``HostileInput`` beyond the size limit, which holds for the file and for what it unpacks to.
    """
    data, form = checked_bytes(file, max_mb)
    rows = _Rows(area)
    try:
        found = (
            osmium.FileProcessor(osmium.io.FileBuffer(data, form))
            .with_locations()
            .with_filter(osmium.filter.KeyFilter("highway", "railway", "amenity"))
        )
        for item in found:
            if isinstance(item, osmium.osm.Way):
                rows.add_way(item)
            elif isinstance(item, osmium.osm.Node):
                rows.add_node(item)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise UnreadableFile(f"{file.name} is a damaged map extract: {error}") from error
    return _extract(rows)


def _extract(rows: _Rows) -> Extract:
    node_id, x, y = (np.array(v, dtype=np.int64) for v in (rows.node_id, rows.x, rows.y))
    known = (np.abs(x) <= _MAX_X) & (np.abs(y) <= _MAX_Y)
    lat, lon = (np.where(known, v / _PER_DEGREE, np.nan) for v in (y, x))
    attributes = pa.Table.from_arrays(
        [
            pa.array([row[i] for row in rows.attributes], type=kind)
            for i, kind in enumerate(ATTRIBUTES.types)
        ],
        schema=ATTRIBUTES,
    )
    legs = [row[1] not in NO_LEG for row in rows.attributes]
    ways = Ways(
        first=np.array(rows.first, dtype=np.int64),
        node_id=node_id,
        lat_deg=lat,
        lon_deg=lon,
        oneway=np.array(rows.oneway, dtype=np.int64),
        is_leg=np.array(legs, dtype=np.bool_),
    )
    marked = {name: np.array(ids, dtype=np.int64) for name, ids in rows.marks.items()}
    edges = cut_edges(ways, np.concatenate(list(marked.values())))
    south, west, north, east = (v / _PER_DEGREE for v in rows.box)
    return Extract(
        edges=edges,
        attributes=attributes,
        marks={name: np.flatnonzero(np.isin(edges.node_id, ids)) for name, ids in marked.items()},
        schools=tuple(rows.schools),
        box=Area(south, west, north, east) if north >= south else None,
    )
