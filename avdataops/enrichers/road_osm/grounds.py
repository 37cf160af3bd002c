"""Grounds of schools and kindergartens: nodes, closed ways, and multipolygons of several ways."""

from dataclasses import dataclass, field

import osmium
import shapely

from avdataops.enrichers.road_osm.tags import SCHOOLS

# OSM coordinates are whole numbers of 1e-7 degrees; a node that is not there is out of range.
PER_DEGREE = 1e7
MAX_X, MAX_Y = 1_800_000_000, 900_000_000
_RING = 4
_INNER = "inner"
_MAX_MEMBERS = 10_000
"""Of one ground; whoever states more does not mean a school."""

Place = tuple[int, int]
"""Longitude and latitude in 1e-7 degrees."""


def is_known(x: int, y: int) -> bool:
    """Say whether the file holds a place."""
    return abs(x) <= MAX_X and abs(y) <= MAX_Y


@dataclass(slots=True)
class Grounds:
    """Collects the grounds of one map extract, in degrees (longitude, latitude)."""

    shapes: list[shapely.Geometry] = field(default_factory=list)
    relations: list[tuple[tuple[int, bool], ...]] = field(default_factory=list)
    """Of each multipolygon its ways, and whether they bound a hole."""

    def add(self, places: list[Place]) -> None:
        """Add a ground of the known ones of some places: a ring, or points."""
        degrees = [(x / PER_DEGREE, y / PER_DEGREE) for x, y in places if is_known(x, y)]
        if len(degrees) >= _RING and degrees[0] == degrees[-1]:
            self.shapes.append(shapely.Polygon(degrees))
        elif degrees:
            self.shapes.append(shapely.MultiPoint(degrees))

    def read_relations(self, source: osmium.io.File) -> None:
        """Note which ways the multipolygons of schools are made of."""
        tags = osmium.filter.TagFilter(*(("amenity", kind) for kind in sorted(SCHOOLS)))
        for item in osmium.FileProcessor(source, osmium.osm.RELATION).with_filter(tags):
            if not isinstance(item, osmium.osm.Relation):
                continue
            if item.tags.get("type") != "multipolygon":
                continue
            members = [one for one in item.members if one.type == "w"]
            if members and len(members) <= _MAX_MEMBERS:
                self.relations.append(tuple((one.ref, one.role == _INNER) for one in members))

    def read_members(self, source: osmium.io.File, located: osmium.NodeLocationsForWays) -> None:
        """Add the grounds that relations state; ``located`` has seen all nodes."""
        wanted = sorted({way for members in self.relations for way, _ in members})
        if not wanted:
            return
        lines: dict[int, list[Place]] = {}
        ways = osmium.FileProcessor(source, osmium.osm.WAY).with_filter(located)
        for way in ways.with_filter(osmium.filter.IdFilter(wanted)):
            if isinstance(way, osmium.osm.Way):
                lines[way.id] = [(node.location.x, node.location.y) for node in way.nodes]
        for members in self.relations:
            self._add_multipolygon(
                [lines[way] for way, hole in members if not hole and way in lines],
                [lines[way] for way, hole in members if hole and way in lines],
            )

    def _add_multipolygon(self, outer: list[list[Place]], inner: list[list[Place]]) -> None:
        """Add what the outer ways enclose without the inner ones; open ways count as points.

        A way whose nodes are partly outside of the extract closes no ring.
        """
        rings = _enclosed(outer)
        if rings.is_empty:
            self.add([place for line in outer for place in line])
            return
        ground = shapely.difference(rings, _enclosed(inner))
        self.shapes.append(rings if ground.is_empty else ground)


def _enclosed(lines: list[list[Place]]) -> shapely.Geometry:
    """Return the area that lines enclose together, each on its own or end to end."""
    whole = [
        shapely.LineString([(x / PER_DEGREE, y / PER_DEGREE) for x, y in line])
        for line in lines
        if len(line) > 1 and all(is_known(x, y) for x, y in line)
    ]
    faces = shapely.get_parts(shapely.polygonize(whole)) if whole else []
    return shapely.union_all(faces) if len(faces) else shapely.Polygon()
