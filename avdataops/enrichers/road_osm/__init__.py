"""Road context from OpenStreetMap extracts."""

from avdataops.enrichers.road_osm.enrich import ROAD_OSM, Params, enrich
from avdataops.enrichers.road_osm.extract import Extract, oneway, read_extract, speed_limit_mps

__all__ = [
    "ROAD_OSM",
    "Extract",
    "Params",
    "enrich",
    "oneway",
    "read_extract",
    "speed_limit_mps",
]
