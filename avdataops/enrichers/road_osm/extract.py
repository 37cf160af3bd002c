"""Drivable roads of an OpenStreetMap extract: XML (plain or gzip) or PBF, read from memory."""

import gzip
import re
import zlib
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import osmium
import pyarrow as pa

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile, as_stream
from avdataops.signals.arrays import Indices
from avdataops.signals.roads import Network, Points, Ways, build_network

DRIVABLE = {
    "motorway": "carriageway",
    "motorway_link": "ramp",
    "trunk": "carriageway",
    "trunk_link": "ramp",
    "primary": "carriageway",
    "primary_link": "ramp",
    "secondary": "carriageway",
    "secondary_link": "ramp",
    "tertiary": "carriageway",
    "tertiary_link": "ramp",
    "unclassified": "carriageway",
    "residential": "carriageway",
    "living_street": "shared with people on foot, but cars may use it",
    "road": "class not surveyed yet",
    "service": "car parks, yards and drives: driven on, but no leg of a junction",
}
"""Values of ``highway`` that are matched, and why.  Not ``track``, ``path`` and the like: they
often run beside a road, and a drive on them is rarer than the wrong match would be; not
``construction`` and ``proposed``: nobody can drive there."""

NO_LEG = frozenset({"service"})
_ONEWAY_BY_NATURE = frozenset({"motorway", "motorway_link"})
_FORWARD, _BACKWARD = frozenset({"yes", "true", "1"}), frozenset({"-1", "reverse"})
_TUNNELS = frozenset({"yes", "building_passage"})
_MPS_PER_UNIT = {"": 1 / 3.6, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6, "mph": 0.44704}
_SPEED = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?) ?(km/h|kmh|kph|mph|)")
_LANES = re.compile(r"[0-9]{1,2}")

# OSM coordinates are whole numbers of 1e-7 degrees; a node that is not there is out of range.
_PER_DEGREE = 1e7
_MAX_X, _MAX_Y = 1_800_000_000, 900_000_000
_HEAD_BYTES = 64
_CHUNK_BYTES = 1 << 20
_PROTOBUF_BYTES = 2
_PROTOBUF_MORE = 0x80
_VARINT_BITS = 63
ATTRIBUTES = pa.schema(
    {
        "way_id": pa.int64(),
        "road_class": pa.string(),
        "speed_limit_mps": pa.float64(),
        "lanes": pa.int64(),
        "tunnel": pa.bool_(),
        "bridge": pa.bool_(),
        "roundabout": pa.bool_(),
    }
)


@dataclass(frozen=True, slots=True)
class Extract:
    """What the enricher needs of one extract."""

    network: Network
    attributes: pa.Table
    """One row per way, columns as ``ATTRIBUTES``."""
    nodes: Points
    """Known nodes of the ways."""
    crossings: Points
    """Crossings for people on foot, at nodes of the ways."""
    traffic_signals: Points
    """Traffic lights, at nodes of the ways."""


@dataclass(slots=True)
class _Rows:
    """Collects ways and tagged nodes, 16 bytes per node of a way."""

    node_id: "array[int]" = field(default_factory=lambda: array("q"))
    x: "array[int]" = field(default_factory=lambda: array("q"))
    y: "array[int]" = field(default_factory=lambda: array("q"))
    first: "array[int]" = field(default_factory=lambda: array("q", [0]))
    oneway: "array[int]" = field(default_factory=lambda: array("q"))
    attributes: list[tuple[Any, ...]] = field(default_factory=list)
    crossing: "array[int]" = field(default_factory=lambda: array("q"))
    traffic_signals: "array[int]" = field(default_factory=lambda: array("q"))

    def add_node(self, node: osmium.osm.Node) -> None:
        what = node.tags.get("highway")
        if what == "crossing":
            self.crossing.append(node.id)
        elif what == "traffic_signals":
            self.traffic_signals.append(node.id)

    def add_way(self, way: osmium.osm.Way) -> None:
        tags = dict(way.tags)
        if tags["highway"] not in DRIVABLE or tags.get("area") == "yes":
            return
        for node in way.nodes:
            place = node.location
            self.node_id.append(node.ref)
            self.x.append(place.x)
            self.y.append(place.y)
        self.first.append(len(self.node_id))
        self.oneway.append(oneway(tags))
        self.attributes.append(
            (
                way.id,
                tags["highway"],
                speed_limit_mps(tags.get("maxspeed", "")),
                int(tags["lanes"]) if _LANES.fullmatch(tags.get("lanes", "")) else None,
                tags.get("tunnel") in _TUNNELS,
                tags.get("bridge", "no") != "no",
                tags.get("junction") == "roundabout",
            )
        )


def speed_limit_mps(text: str) -> float | None:
    """Return the limit that ``maxspeed`` states as one number, by default in km/h, else None.

    ``none``, ``walk``, ``signals``, ``DE:urban`` and lists state no number, and none is guessed.
    """
    stated = _SPEED.fullmatch(text.strip())
    return float(stated[1]) * _MPS_PER_UNIT[stated[2]] if stated else None


def oneway(tags: dict[str, str]) -> int:
    """Return 1 for one way along the nodes, -1 against them, 0 for both directions."""
    stated = tags.get("oneway")
    if stated is None:
        implied = tags.get("junction") == "roundabout" or tags["highway"] in _ONEWAY_BY_NATURE
        return int(implied)
    return (stated in _FORWARD) - (stated in _BACKWARD)


def read_extract(file: ReadableFile, *, max_mb: int) -> Extract:
    """Return the drivable roads of an extract; all or nothing, so that results are repeatable.

    Raises ``UnreadableFile`` for damage or another format, ``HostileInput`` beyond the size limit,
    which holds for the file and for what it unpacks to.
    """
    form = _form(file)
    if file.size > max_mb << 20:
        raise _too_big(file, max_mb)
    data = file.read_at(0, file.size)
    if _unpacked_bytes(file, data, form, max_mb << 20) > max_mb << 20:
        raise _too_big(file, max_mb)
    rows = _Rows()
    try:
        buffer = osmium.io.FileBuffer(data, form)
        found = (
            osmium.FileProcessor(buffer)
            .with_locations()
            .with_filter(osmium.filter.KeyFilter("highway"))
        )
        for item in found:
            if isinstance(item, osmium.osm.Way):
                rows.add_way(item)
            elif isinstance(item, osmium.osm.Node):
                rows.add_node(item)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise UnreadableFile(f"{file.name} is a damaged map extract: {error}") from error
    return _extract(rows)


def _form(file: ReadableFile) -> str:
    head = file.read_at(0, _HEAD_BYTES)
    if head.startswith(b"\x1f\x8b"):
        return "osm.gz"
    if b"OSMHeader" in head:
        return "pbf"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "osm"
    raise UnreadableFile(f"{file.name} is no map extract; give .osm, .osm.gz or .osm.pbf")


def _unpacked_bytes(file: ReadableFile, data: bytes, form: str, limit: int) -> int:
    """Return what the file unpacks to, or some number above the limit; ``UnreadableFile``."""
    try:
        if form == "pbf":
            return _stated_pbf_bytes(data)
        return _counted_gzip_bytes(file, limit) if form == "osm.gz" else len(data)
    except (EOFError, IndexError, OSError, zlib.error) as error:
        raise UnreadableFile(f"{file.name} is a damaged map extract: {error}") from error


def _counted_gzip_bytes(file: ReadableFile, limit: int) -> int:
    read = 0
    with gzip.GzipFile(fileobj=as_stream(file)) as text:
        while read <= limit and (chunk := text.read(_CHUNK_BYTES)):
            read += len(chunk)
    return read


def _stated_pbf_bytes(data: bytes) -> int:
    """Return the sum of the blobs' stated sizes, which the reader of the format insists on.

    Each blob follows the length of its header (4 bytes, big-endian) and the header, whose field 3
    is the length of the blob.  Field 2 of a blob is its unpacked size.
    """
    total = at = 0
    while at < len(data):
        start = at + 4
        stop = start + int.from_bytes(data[at:start], "big")
        at = stop + _varint_fields(data, start, stop).get(3, 0)
        total += _varint_fields(data, stop, min(at, len(data))).get(2, at - stop)
    return total


def _varint_fields(data: bytes, at: int, stop: int) -> dict[int, int]:
    """Return number -> value of the integer fields of a protobuf message, skipping byte fields."""
    found: dict[int, int] = {}
    while at < stop:
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7 == _PROTOBUF_BYTES:
            at += value
        else:
            found[key >> 3] = value
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < _PROTOBUF_MORE or shift > _VARINT_BITS:
            return value, at


def _too_big(file: ReadableFile, max_mb: int) -> HostileInput:
    return HostileInput(
        f"{file.name}: a map extract of more than {max_mb} MiB",
        hint="cut the area of the drives: osmium extract --bbox W,S,E,N IN -o OUT.osm.pbf",
    )


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

    def of(tagged: Indices | None) -> Points:
        keep = known if tagged is None else known & np.isin(node_id, tagged)
        _, once = np.unique(node_id[keep], return_index=True)
        return Points(lat[keep][once], lon[keep][once])

    return Extract(
        network=build_network(ways),
        attributes=attributes,
        nodes=of(None),
        crossings=of(np.array(rows.crossing, dtype=np.int64)),
        traffic_signals=of(np.array(rows.traffic_signals, dtype=np.int64)),
    )
