"""Sources of context along the ego's path, one per file.

Adding one is adding its file, a row here, and its columns in ``schemas/tables/context.json``.  An
enricher knows neither steps nor other enrichers.  Missing or damaged input gives null columns and
a caveat, never a default.
"""

from avdataops.enrichers.road_osm import ROAD_OSM
from avdataops.enrichers.sun import SUN
from avdataops.enrichers.weather import WEATHER
from avdataops.ports.enriching import Enricher

ENRICHERS: tuple[Enricher, ...] = (SUN, WEATHER, ROAD_OSM)
