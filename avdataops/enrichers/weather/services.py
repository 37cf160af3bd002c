"""Weather from the documents of services on the net, as they were fetched before the run.

Open-Meteo archive: a model on a grid, hour by hour; amounts are sums over the hour before their
time, all else is of the moment (documentation of its Historical Weather API).  Weather codes are
of WMO table 4677.  The archive has no visibility.

Azure Maps current conditions: what an observer said at the moment and up to a day before; icon
codes as its weather concepts list them.  Older days it has as daily means only, which say nothing
of a drive.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from avdataops.enrichers.weather.codes import WMO_4677
from avdataops.enrichers.weather.report import Asked, Report, Rules, Source, Tally, falling, fog_of
from avdataops.model.errors import AvdataopsError, UnreadableFile
from avdataops.model.time import parse_time
from avdataops.ports.files import ReadableFile
from avdataops.ports.storage import read_all

_MAX_BYTES = 4 << 20
_OKTA_PERCENT = 12.5
_SPEEDS = {"m/s": 1.0, "km/h": 1 / 3.6}
_DISTANCES = {"m": 1.0, "km": 1000.0}

_LIQUID_ICONS, _SOLID_ICONS = {12, 13, 14, 15, 16, 17, 18, 26, 39, 40, 41, 42}, {
    19, 20, 21, 22, 23, 24, 43, 44,
}  # fmt: skip
_BOTH_ICONS, _FOG_ICON = {25, 29}, 11

Document = Mapping[str, Any]


def _document(file: ReadableFile) -> Document:
    try:
        found = json.loads(read_all(file, _MAX_BYTES))
    except ValueError as error:
        raise UnreadableFile(f"{file.name}: not a JSON document") from error
    if not isinstance(found, dict):
        raise UnreadableFile(f"{file.name}: not a document of a weather service")
    return found


def _reader(
    reports: Callable[[Document, Rules], Iterator[Report]],
) -> Callable[[ReadableFile, Asked, Tally], Iterator[Report]]:
    def observations(file: ReadableFile, asked: Asked, tally: Tally) -> Iterator[Report]:
        try:
            for report in reports(_document(file), asked.rules):
                tally.lines += 1
                if asked.time.start_ns <= report.t_ns < asked.time.stop_ns and report.known:
                    yield report
        except (LookupError, TypeError, ValueError, AttributeError, AvdataopsError) as error:
            raise UnreadableFile(
                f"{file.name}: not a document of a weather service ({type(error).__name__})"
            ) from error

    return observations


def _open_meteo(document: Document, rules: Rules) -> Iterator[Report]:
    hourly = document["hourly"]
    place = float(document["latitude"]), float(document["longitude"])
    wind_scale = _SPEEDS.get(document.get("hourly_units", {}).get("wind_speed_10m"))
    for row, stamp in enumerate(hourly["time"]):
        code = _at(hourly, "weather_code", row)
        said = set() if code is None else WMO_4677.kinds(int(code))
        temperature_c = _at(hourly, "temperature_2m", row)
        # The sum of the hour that begins here ends with the next row.
        rate, flakes = (_at(hourly, name, row + 1) for name in ("precipitation", "snowfall"))
        rain, snow = falling(said, set(), rate, temperature_c, rules)
        if flakes and rain is None:
            snow = True
        cloud, wind = (_at(hourly, name, row) for name in ("cloud_cover", "wind_speed_10m"))
        yield Report(
            t_ns=parse_time(f"{stamp}:00Z"),
            lat_deg=place[0],
            lon_deg=place[1],
            weather_source="open-meteo",
            precipitation_mmph=rate,
            rain=rain,
            snow=snow,
            visibility_m=_at(hourly, "visibility", row),
            temperature_c=temperature_c,
            wind_mps=None if wind is None or wind_scale is None else wind * wind_scale,
            cloud_okta=None if cloud is None else round(cloud / _OKTA_PERCENT),
            fog=fog_of(said, set()),
        )


def _at(columns: Mapping[str, Any], name: str, row: int) -> float | None:
    values = columns.get(name, ())
    return _finite(values[row]) if row < len(values) else None


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _azure_maps(document: Document, rules: Rules) -> Iterator[Report]:
    asked = document["asked"]
    for one in document["results"]:
        icon, falls = one.get("iconCode"), one.get("hasPrecipitation")
        said = _icon_kinds(icon)
        if falls is True and not said & {"liquid", "solid"}:
            said.add("either")
        temperature_c = _amount(one, "temperature", {"C": 1.0})
        rate = _amount(one.get("precipitationSummary", {}), "pastHour", {"mm": 1.0})
        now = rate if falls is not False else None
        rain, snow = falling(said, set(), now, temperature_c, rules)
        cloud = _finite(one.get("cloudCover"))
        yield Report(
            t_ns=parse_time(one["dateTime"]),
            lat_deg=float(asked["lat_deg"]),
            lon_deg=float(asked["lon_deg"]),
            weather_source="azure-maps",
            precipitation_mmph=rate,
            rain=rain,
            snow=snow,
            visibility_m=_amount(one, "visibility", _DISTANCES),
            temperature_c=temperature_c,
            wind_mps=_amount(one.get("wind", {}), "speed", _SPEEDS),
            cloud_okta=None if cloud is None else round(cloud / _OKTA_PERCENT),
            fog=fog_of(said, set()),
        )


def _icon_kinds(icon: object) -> set[str]:
    if icon in _BOTH_ICONS:
        return {"liquid", "solid"}
    if icon in _LIQUID_ICONS:
        return {"liquid"}
    if icon in _SOLID_ICONS:
        return {"solid"}
    if icon == _FOG_ICON:
        return {"fog"}
    return set() if icon is None else {"other"}


def _amount(of: Mapping[str, Any], name: str, units: Mapping[str, float]) -> float | None:
    """Return a quantity in our unit; None in a unit that is not expected."""
    given = of.get(name) or {}
    value = _finite(given.get("value"))
    scale = units.get(given.get("unit", ""))
    return None if value is None or scale is None else value * scale


def _is_json_with(*keys: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.lstrip().startswith(b"{") and all(key in head for key in keys)


OPEN_METEO = Source(
    name="open-meteo",
    matches=_is_json_with(b'"hourly"', b'"latitude"'),
    observations=_reader(_open_meteo),
)
AZURE_MAPS = Source(
    name="azure-maps",
    matches=_is_json_with(b'"results"', b'"asked"'),
    observations=_reader(_azure_maps),
)
