"""Roads of one map snapshot as two Parquet files, of which a drive reads only what is near it.

Rows are sorted by cells of a tenth of a degree and carry their boxes, so the statistics of the row
groups tell which of them a drive needs.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from avdataops.enrichers.road_osm.extract import Area, Extract
from avdataops.enrichers.road_osm.tags import ATTRIBUTES, MARKS
from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile, as_stream
from avdataops.signals.arrays import Indices
from avdataops.signals.roads import Edges, Points

VERSION = 2
"""Of the extraction; raise it when the same extract gives other tables."""
_BOX = pa.schema({name: pa.float64() for name in Area._fields})
_LINE = pa.list_(pa.float64())
EDGES = pa.schema(
    [
        pa.field("number", pa.int64()),
        *_BOX,
        *ATTRIBUTES,
        pa.field("direction", pa.int8()),
        pa.field("is_leg", pa.bool_()),
        pa.field("start_node", pa.int64()),
        pa.field("stop_node", pa.int64()),
        pa.field("lat_deg", _LINE),
        pa.field("lon_deg", _LINE),
    ]
)
PLACES = pa.schema(
    [
        pa.field("number", pa.int64()),
        *_BOX,
        pa.field("kind", pa.string()),
        pa.field("node", pa.int64()),
        pa.field("geometry", pa.binary()),
    ]
)
_GROUP_ROWS = 4096
_CELLS_PER_DEG, _CELLS_ROUND = 10, 3600
# Straight distances to schools are told up to about 100 km.
_FAR_DEG = 1.0
_SCHOOL = "school"


def edge_table(extract: Extract) -> bytes:
    """Return the file of the edges of a whole extract; equal extracts give equal bytes.

    Its ``direction`` is 1 for one way along the vertices, -1 against them, 0 for both.
    """
    edges, first = extract.edges, extract.edges.first
    lat, lon = edges.vertices.lat_deg, edges.vertices.lon_deg
    starts = first[:-1]
    box = {
        "south": _reduced(np.minimum, lat, starts),
        "west": _reduced(np.minimum, lon, starts),
        "north": _reduced(np.maximum, lat, starts),
        "east": _reduced(np.maximum, lon, starts),
    }
    stated = extract.attributes.take(pa.array(edges.way))
    columns: dict[str, Any] = {
        "number": np.arange(edges.way.size),
        **box,
        **{name: stated.column(name).combine_chunks() for name in ATTRIBUTES.names},
        "direction": edges.oneway.astype(np.int8),
        "is_leg": edges.is_leg,
        "start_node": edges.node_id[edges.start],
        "stop_node": edges.node_id[edges.stop],
        "lat_deg": pa.ListArray.from_arrays(pa.array(first, pa.int32()), pa.array(lat)),
        "lon_deg": pa.ListArray.from_arrays(pa.array(first, pa.int32()), pa.array(lon)),
    }
    return _file(columns, EDGES, extract.box)


def place_table(extract: Extract) -> bytes:
    """Return the file of what stands on the nodes of the edges, and of the schools."""
    nodes = extract.edges.nodes
    kinds: list[str] = []
    ids: list[int | None] = []
    shapes: list[Any] = []
    for kind, rows in extract.marks.items():
        kinds += [kind] * rows.size
        ids += extract.edges.node_id[rows].tolist()
        shapes += list(shapely.points(nodes.lon_deg[rows], nodes.lat_deg[rows]))
    kinds += [_SCHOOL] * len(extract.schools)
    ids += [None] * len(extract.schools)
    shapes += extract.schools
    bounds = shapely.bounds(np.array(shapes, dtype=np.object_)).reshape(-1, 4)
    columns: dict[str, Any] = {
        "number": np.arange(len(kinds)),
        **dict(zip(("west", "south", "east", "north"), bounds.T, strict=True)),
        "kind": pa.array(kinds, pa.string()),
        "node": pa.array(ids, pa.int64()),
        "geometry": pa.array([shapely.to_wkb(shape) for shape in shapes], pa.binary()),
    }
    return _file(columns, PLACES, extract.box)


CONTENTS: Mapping[str, Callable[[Extract], bytes]] = {"edges": edge_table, "places": place_table}
"""What the artifacts of a map's tables state as their ``content`` -> what makes the file."""


def read_tables(edges: ReadableFile, places: ReadableFile, area: Area | None = None) -> Extract:
    """Return the roads that come into the area, cut as in the whole map; all without an area.

    Only row groups whose boxes overlap the area are read.  Raises ``UnreadableFile`` for a file
    that is no such table.
    """
    rows, box = _rows(edges, EDGES, area)
    wide = area and Area(
        area.south - _FAR_DEG, area.west - _FAR_DEG, area.north + _FAR_DEG, area.east + _FAR_DEG
    )
    found, _ = _rows(places, PLACES, wide)
    kinds = np.array(found.column("kind").to_pylist(), dtype=np.object_)
    nodes = found.column("node").to_numpy()
    shapes = found.column("geometry").to_pylist()
    network, way_row = _edges(rows)
    return Extract(
        edges=network,
        attributes=rows.take(pa.array(way_row)).select(ATTRIBUTES.names).cast(ATTRIBUTES),
        marks={
            name: np.flatnonzero(np.isin(network.node_id, nodes[kinds == name].astype(np.int64)))
            for name in MARKS.values()
        },
        schools=tuple(shapely.from_wkb(shapes[i]) for i in np.flatnonzero(kinds == _SCHOOL)),
        box=box,
    )


def edges_in(edges: ReadableFile, area: Area) -> pa.Table:
    """Return the rows of the edges that come into the area, for drawing."""
    return _rows(edges, EDGES, area)[0]


def _edges(rows: pa.Table) -> tuple[Edges, Indices]:
    """Return the network, and for each of its ways a row that holds the tags of the way."""
    lat, lon = (rows.column(name).combine_chunks() for name in ("lat_deg", "lon_deg"))
    first = np.append(0, np.cumsum(lat.value_lengths().to_numpy(zero_copy_only=False)))
    vertices = Points(*(x.flatten().to_numpy(zero_copy_only=False) for x in (lat, lon)))
    _, seen, way = np.unique(
        rows.column("way_id").to_numpy(), return_index=True, return_inverse=True
    )
    # Ways keep the order of the map.
    order = np.argsort(seen, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    ends = np.concatenate([rows.column(name).to_numpy() for name in ("start_node", "stop_node")])
    ids, node = np.unique(ends, return_inverse=True)
    at = np.zeros(ids.size, dtype=np.int64)
    at[node] = np.concatenate((first[:-1], first[1:] - 1))
    return Edges(
        first=first.astype(np.int64),
        vertices=vertices,
        way=rank[way],
        oneway=rows.column("direction").to_numpy().astype(np.int64),
        is_leg=rows.column("is_leg").to_numpy().astype(np.bool_),
        start=node[: rows.num_rows],
        stop=node[rows.num_rows :],
        node_id=ids,
        nodes=vertices.take(at),
    ), seen[order]


def _reduced(
    least: np.ufunc, values: npt.NDArray[np.float64], starts: Indices
) -> npt.NDArray[np.float64]:
    return np.asarray(least.reduceat(values, starts) if starts.size else np.empty(0))


def _file(columns: dict[str, Any], schema: pa.Schema, box: Area | None) -> bytes:
    cells = [np.floor(columns[name] * _CELLS_PER_DEG) for name in ("south", "west")]
    order = np.argsort(cells[0] * _CELLS_ROUND + cells[1], kind="stable")
    stated = {"box": " ".join(map(repr, map(float, box)))} if box else {}
    table = pa.table({name: columns[name] for name in schema.names}).cast(schema)
    written = io.BytesIO()
    pq.write_table(
        table.take(pa.array(order)).replace_schema_metadata(stated),
        written, row_group_size=_GROUP_ROWS, compression="zstd",
    )  # fmt: skip
    return written.getvalue()


def _rows(file: ReadableFile, schema: pa.Schema, area: Area | None) -> tuple[pa.Table, Area | None]:
    """Return the rows that overlap the area in the order of the map, and the box of the map."""
    try:
        with pq.ParquetFile(as_stream(file)) as table:
            if table.schema_arrow.remove_metadata() != schema:
                raise UnreadableFile(f"{file.name} is no table of roads of version {VERSION}")
            groups = [
                group
                for group in range(table.num_row_groups)
                if area is None or _overlaps(table.metadata.row_group(group), area)
            ]
            rows = table.read_row_groups(groups, use_threads=False)
            stated = (table.schema_arrow.metadata or {}).get(b"box", b"").split()
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the file
        raise UnreadableFile(f"{file.name} is a damaged table of roads: {error}") from error
    if area is not None:
        south, west, north, east = (rows.column(name).to_numpy() for name in Area._fields)
        across = (north >= area.south) & (south <= area.north)
        rows = rows.filter(pa.array(across & (east >= area.west) & (west <= area.east)))
    rows = rows.sort_by("number").combine_chunks()
    return rows, Area(*map(float, stated)) if stated else None


def _overlaps(group: Any, area: Area) -> bool:
    if not group.num_rows:
        return False
    at = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    low = {name: at[name].statistics.min for name in ("south", "west")}
    high = {name: at[name].statistics.max for name in ("north", "east")}
    across = high["north"] >= area.south and low["south"] <= area.north
    return bool(across and high["east"] >= area.west and low["west"] <= area.east)
