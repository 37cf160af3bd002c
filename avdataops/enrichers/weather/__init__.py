"""Weather from files: NOAA ISD, METAR, tables of one's own, and documents of services."""

from avdataops.enrichers.weather.enrich import WEATHER, Params, enrich

__all__ = ["WEATHER", "Params", "enrich"]
