"""Services of weather on the net; none is asked unless a setting names it."""

from avdataops.adapters.weather_services.azure_maps import AzureMaps
from avdataops.adapters.weather_services.fetch import Patience, checked_url
from avdataops.adapters.weather_services.open_meteo import OpenMeteo

__all__ = ["AzureMaps", "OpenMeteo", "Patience", "checked_url"]
