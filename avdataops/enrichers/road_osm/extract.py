"""Drivable roads of an OpenStreetMap extract: XML (plain or gzip) or PBF.

What is held in memory grows with the roads that are kept and not with the map: the file is read in
blocks from the disk, and the places of all its nodes are looked up in a file beside it.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import osmium
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from avdataops.enrichers.road_osm.grounds import MAX_X, MAX_Y, PER_DEGREE, Grounds, is_known
from avdataops.enrichers.road_osm.opening import OnDisk, on_disk
from avdataops.enrichers.road_osm.tags import (
    ATTRIBUTES,
    MARKS,
    NO_LEG,
    SCHOOLS,
    attributes_of,
    is_drivable,
    oneway,
)
from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.signals.arrays import Indices
from avdataops.signals.roads import Edges, Points, Ways, cut_edges

_ROWS_AT_ONCE = 1 << 16
MAX_ROAD_NODES = 25_000_000
"""Nodes of the roads that are kept: about 5 GB while they are cut into edges (docs/maps.md)."""


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
    """Of the latest ways."""
    earlier: list[pa.RecordBatch] = field(default_factory=list)
    """Attributes of those before, which take a tenth as packed columns."""
    marks: dict[str, "array[int]"] = field(
        default_factory=lambda: {name: array("q") for name in MARKS.values()}
    )
    grounds: Grounds = field(default_factory=Grounds)
    box: list[int] = field(default_factory=lambda: [MAX_Y, MAX_X, -MAX_Y, -MAX_X])

    def add_node(self, node: osmium.osm.Node) -> None:
        for (key, value), name in MARKS.items():
            if node.tags.get(key) == value:
                self.marks[name].append(node.id)
        if node.tags.get("amenity") in SCHOOLS:
            self.grounds.add([(node.location.x, node.location.y)])

    def add_way(self, way: osmium.osm.Way) -> None:
        tags = dict(way.tags)
        drivable = is_drivable(tags)
        if not drivable and tags.get("amenity") not in SCHOOLS:
            return
        places = [(node.location.x, node.location.y) for node in way.nodes]
        known = [(x, y) for x, y in places if is_known(x, y)]
        if not drivable:
            self.grounds.add(known)
        elif self.reaches(known):
            self.node_id.extend(node.ref for node in way.nodes)
            self.x.extend(x for x, _ in places)
            self.y.extend(y for _, y in places)
            self.first.append(len(self.node_id))
            self.oneway.append(oneway(tags))
            self.attributes.append(attributes_of(way.id, tags))
            if len(self.attributes) == _ROWS_AT_ONCE:
                self.pack()

    def pack(self) -> None:
        """Turn the attributes of the latest ways into columns."""
        columns = zip(*self.attributes, strict=True) if self.attributes else [()] * len(ATTRIBUTES)
        arrays = [pa.array(x, type=kind) for x, kind in zip(columns, ATTRIBUTES.types, strict=True)]
        self.earlier.append(pa.RecordBatch.from_arrays(arrays, schema=ATTRIBUTES))
        self.attributes = []

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
        least_south, least_west, most_north, most_east = (v * PER_DEGREE for v in self.area)
        across = north >= least_south and south <= most_north
        return across and east >= least_west and west <= most_east


def read_extract(file: ReadableFile, *, max_mb: int, area: Area | None = None) -> Extract:
    """Return the drivable roads of an extract; all or nothing, so that results are repeatable.

    With an ``area`` only roads that come into it are kept.  Schools are nodes, ways and
    multipolygons.  Raises ``UnreadableFile`` for damage or another format, ``HostileInput`` beyond
    the size limit, which holds for the file and for what it unpacks to, and beyond
    ``MAX_ROAD_NODES``.
    """
    rows = _Rows(area)
    try:
        with on_disk(file, max_mb) as copy:
            _read(copy, rows)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise UnreadableFile(f"{file.name} is a damaged map extract: {error}") from error
    return _extract(rows)


def _read(copy: OnDisk, rows: _Rows) -> None:
    """Collect the rows in one pass over all, and one over the relations before."""
    source = osmium.io.File(str(copy.path), copy.form)
    rows.grounds.read_relations(source)
    # A file, so that the places of a whole country are in the page cache and not in memory.
    places = osmium.index.create_map(f"sparse_file_array,{copy.scratch}")
    located = osmium.NodeLocationsForWays(places)
    located.ignore_errors()
    found = (
        osmium.FileProcessor(source, osmium.osm.NODE | osmium.osm.WAY)
        .with_filter(located)
        .with_filter(osmium.filter.KeyFilter("highway", "railway", "amenity"))
    )
    for item in found:
        if isinstance(item, osmium.osm.Way):
            rows.add_way(item)
        elif isinstance(item, osmium.osm.Node):
            rows.add_node(item)
        if len(rows.node_id) > MAX_ROAD_NODES:
            raise HostileInput(
                f"the roads of a map extract have more than {MAX_ROAD_NODES:,} nodes",
                hint="cut the area of the drives: osmium extract --bbox W,S,E,N IN -o OUT.osm.pbf",
            )
    rows.grounds.read_members(source, located)


def _extract(rows: _Rows) -> Extract:
    node_id, x, y = (np.array(v, dtype=np.int64) for v in (rows.node_id, rows.x, rows.y))
    known = (np.abs(x) <= MAX_X) & (np.abs(y) <= MAX_Y)
    lat, lon = (np.where(known, v / PER_DEGREE, np.nan) for v in (y, x))
    rows.pack()
    attributes = pa.Table.from_batches(rows.earlier).combine_chunks()
    no_leg = pc.is_in(attributes["road_class"], pa.array(sorted(NO_LEG)))
    ways = Ways(
        first=np.array(rows.first, dtype=np.int64),
        node_id=node_id,
        lat_deg=lat,
        lon_deg=lon,
        oneway=np.array(rows.oneway, dtype=np.int64),
        is_leg=np.asarray(pc.invert(no_leg).to_numpy(), dtype=np.bool_),
    )
    marked = {name: np.array(ids, dtype=np.int64) for name, ids in rows.marks.items()}
    edges = cut_edges(ways, np.concatenate(list(marked.values())))
    south, west, north, east = (v / PER_DEGREE for v in rows.box)
    return Extract(
        edges=edges,
        attributes=attributes,
        marks={name: np.flatnonzero(np.isin(edges.node_id, ids)) for name, ids in marked.items()},
        schools=tuple(rows.grounds.shapes),
        box=Area(south, west, north, east) if north >= south else None,
    )
