"""The one table of enrichers: adding one is adding its file, a row here, and its columns.

Columns are promised in ``schemas/tables/context.json``.
"""

from avdataops.enrichers.road_osm import ROAD_OSM
from avdataops.enrichers.sun import SUN
from avdataops.enrichers.weather_isd import WEATHER_ISD
from avdataops.ports.enriching import Enricher

ENRICHERS: tuple[Enricher, ...] = (SUN, WEATHER_ISD, ROAD_OSM)
