"""Road context from OpenStreetMap extracts."""

from avdataops.enrichers.road_osm.enrich import ROAD_OSM, Params, enrich
from avdataops.enrichers.road_osm.extract import Area, Extract, read_extract
from avdataops.enrichers.road_osm.tags import oneway, speed_limit_mps

__all__ = [
    "ROAD_OSM",
    "Area",
    "Extract",
    "Params",
    "enrich",
    "oneway",
    "read_extract",
    "speed_limit_mps",
]
