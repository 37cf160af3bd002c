"""Open-Meteo's archive: hourly weather of a model since 1940, a few days late."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from avdataops.adapters.weather_services.fetch import Patience, Request, fetch
from avdataops.model.time import NS_PER_S
from avdataops.ports.weather import Ask

URL = "https://archive-api.open-meteo.com/v1/archive"
HOURLY = (
    "temperature_2m", "precipitation", "rain", "snowfall", "cloud_cover", "weather_code",
    "wind_speed_10m",
)  # fmt: skip
_NUMBERS = {"type": "array", "items": {"type": ["number", "null"]}}
SCHEMA = {
    "type": "object",
    "required": ["latitude", "longitude", "utc_offset_seconds", "hourly_units", "hourly"],
    "properties": {
        "latitude": {"type": "number", "minimum": -90, "maximum": 90},
        "longitude": {"type": "number", "minimum": -180, "maximum": 180},
        "utc_offset_seconds": {"const": 0},
        "hourly_units": {
            "type": "object",
            "required": ["temperature_2m", "precipitation", "wind_speed_10m"],
            "properties": {
                "temperature_2m": {"const": "°C"},
                "precipitation": {"const": "mm"},
                "wind_speed_10m": {"const": "m/s"},
            },
        },
        "hourly": {
            "type": "object",
            "required": ["time", *HOURLY],
            "properties": {
                "time": {"type": "array", "items": {"type": "string"}, "maxItems": 48},
                **dict.fromkeys(HOURLY, _NUMBERS),
            },
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMeteo:
    """The archive; free for uses that are not commercial, others have a key and an address."""

    url: str = URL
    key: Callable[[], str | None] = lambda: None
    """Never kept as text, so that no picture of this object shows it."""
    patience: Patience = field(default_factory=Patience)
    name: str = "open-meteo"
    period_ns: int = 86_400 * NS_PER_S

    def document(self, ask: Ask) -> bytes | None:
        """Return one day in UTC; None while the archive still lacks hours of it."""
        day = datetime.fromtimestamp(ask.start_ns // NS_PER_S, UTC).date().isoformat()
        query = {
            "latitude": f"{ask.lat_deg:.1f}",
            "longitude": f"{ask.lon_deg:.1f}",
            "start_date": day,
            "end_date": day,
            "hourly": ",".join(HOURLY),
            "timezone": "UTC",
            "wind_speed_unit": "ms",
        }
        key = self.key()
        request = Request(
            base_url=self.url,
            query=query | ({"apikey": key} if key else {}),
            headers={"Accept": "application/json"},
            schema=SCHEMA,
        )
        found = fetch(request, self.patience)
        # A day that is not whole must not be kept for ever.
        if any(value is None for value in found["hourly"]["temperature_2m"]):
            return None
        kept = {name: found[name] for name in ("latitude", "longitude", "hourly_units", "hourly")}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
