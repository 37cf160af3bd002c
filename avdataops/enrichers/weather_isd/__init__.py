"""Weather from files of NOAA's Integrated Surface Database (ISD)."""

from avdataops.enrichers.weather_isd.enrich import WEATHER_ISD, Params, enrich
from avdataops.enrichers.weather_isd.reports import Report, Rules, Tally, read_reports

__all__ = ["WEATHER_ISD", "Params", "Report", "Rules", "Tally", "enrich", "read_reports"]
