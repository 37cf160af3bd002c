"""Roads of a map near a place, as lines to draw under a drive."""

import math
from typing import Any

from avdataops.enrichers.road_osm.edge_table import edges_in
from avdataops.enrichers.road_osm.extract import Area
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError
from avdataops.ports.storage import Storage

MAX_SIDE_DEG = 0.25
"""Of the box that is drawn at once: some 28 km; a wider view shows no roads."""
MAX_LINES = 20_000
_PLACES = 6


def area_of(south: float, west: float, north: float, east: float) -> Area:
    """Return the box; raises ``InputError`` for one that is none, or is too wide."""
    sides = (south, west, north, east)
    if not (all(map(math.isfinite, sides)) and south < north and west < east):
        raise InputError("the box is not south < north and west < east in degrees")
    if max(north - south, east - west) > MAX_SIDE_DEG * 2:
        raise InputError(f"roads are drawn in boxes of at most {MAX_SIDE_DEG * 2} degrees")
    return Area(*sides)


def road_lines(storage: Storage, edges: Artifact, area: Area) -> dict[str, Any]:
    """Return the roads in the box as GeoJSON lines; ``more`` counts those left out."""
    rows = edges_in(storage.open(edges.location), area)
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": _line(row["lon_deg"], row["lat_deg"]),
            },
            "properties": {"road_class": row["road_class"], "tunnel": bool(row["tunnel"])},
        }
        for row in rows.slice(0, MAX_LINES).to_pylist()
    ]
    more = max(rows.num_rows - MAX_LINES, 0)
    return {"type": "FeatureCollection", "features": features, "more": more}


def _line(lon_deg: list[float], lat_deg: list[float]) -> list[list[float]]:
    pairs = zip(lon_deg, lat_deg, strict=True)
    return [[round(lon, _PLACES), round(lat, _PLACES)] for lon, lat in pairs]
