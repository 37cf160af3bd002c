"""The sources of weather: adding one is adding its file and a row here."""

from avdataops.enrichers.weather.isd import ISD
from avdataops.enrichers.weather.metar import METAR
from avdataops.enrichers.weather.report import Source
from avdataops.enrichers.weather.services import AZURE_MAPS, OPEN_METEO
from avdataops.enrichers.weather.tables import TABLE

SOURCES: tuple[Source, ...] = (TABLE, ISD, METAR, AZURE_MAPS, OPEN_METEO)
"""In the order of preference: the user's own table, observers, and models last."""


def source_of(head: bytes) -> Source | None:
    """Return the source that a file with these first bytes belongs to."""
    return next((one for one in SOURCES if one.matches(head)), None)
