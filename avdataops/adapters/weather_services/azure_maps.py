"""Azure Maps: the current conditions of a place, and those of the 24 hours before.

The service keeps older days as daily values only, which say nothing of the moment of a drive: its
weather can be had within a day of the drive and not later.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from avdataops.adapters.weather_services.fetch import Patience, Request, fetch
from avdataops.model.time import NS_PER_S
from avdataops.ports.weather import Ask

URL = "https://atlas.microsoft.com/weather/currentConditions/json"
_HOUR_NS = 3600 * NS_PER_S
_REACH_NS = 24 * _HOUR_NS
_QUANTITY = {
    "type": "object",
    "properties": {"value": {"type": "number"}, "unit": {"type": "string"}},
}
SCHEMA = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["dateTime", "hasPrecipitation", "iconCode"],
                "properties": {
                    "dateTime": {"type": "string"},
                    "hasPrecipitation": {"type": "boolean"},
                    "iconCode": {"type": "integer"},
                    "cloudCover": {"type": "number", "minimum": 0, "maximum": 100},
                    "temperature": _QUANTITY,
                    "visibility": _QUANTITY,
                    "wind": {"type": "object", "properties": {"speed": _QUANTITY}},
                    "precipitationSummary": {
                        "type": "object",
                        "properties": {"pastHour": _QUANTITY},
                    },
                },
            },
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureMaps:
    """The service behind an account's key."""

    key: Callable[[], str | None]
    """Never kept as text, so that no picture of this object shows it."""
    url: str = URL
    patience: Patience = field(default_factory=Patience)
    now_ns: Callable[[], int] = time.time_ns
    name: str = "azure-maps"
    period_ns: int = _HOUR_NS

    def document(self, ask: Ask) -> bytes | None:
        """Return what was observed up to now; None if the hour is longer ago than a day.

        The answer names no place, so what was asked is kept with it.
        """
        if not 0 <= self.now_ns() - ask.start_ns <= _REACH_NS:
            return None
        request = Request(
            base_url=self.url,
            query={
                "api-version": "1.1",
                "query": f"{ask.lat_deg:.1f},{ask.lon_deg:.1f}",
                "duration": "24",
                "unit": "metric",
            },
            headers={"Accept": "application/json", "subscription-key": self.key() or ""},
            schema=SCHEMA,
        )
        results = fetch(request, self.patience)["results"]
        kept = {"asked": {"lat_deg": ask.lat_deg, "lon_deg": ask.lon_deg}, "results": results}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
