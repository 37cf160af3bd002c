"""Weather along the track, by the best source that has a report in reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.enrichers.weather.reading import read_all
from avdataops.enrichers.weather.report import Report, Rules
from avdataops.enrichers.weather.sources import SOURCES
from avdataops.model.errors import ConfigError, did_you_mean
from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.enriching import Enricher, Track
from avdataops.ports.step import InputFile, StepContext
from avdataops.signals.places import (
    Observations,
    Picked,
    Reach,
    nearest_known,
    pick_observation,
)

_UNITS = {
    "precipitation_mmph": "mm/h",
    "rain": "1",
    "snow": "1",
    "fog": "1",
    "visibility_m": "m",
    "temperature_c": "degC",
    "wind_mps": "m/s",
    "cloud_okta": "1",
    "weather_source": "1",
    "weather_age_s": "s",
    "weather_distance_km": "km",
}
_FLAGS = ("rain", "snow", "fog")
_NUMBERS = ("precipitation_mmph", "visibility_m", "temperature_c", "wind_mps", "cloud_okta")
_TYPES = {
    **dict.fromkeys(_NUMBERS, pa.float64()),
    **dict.fromkeys(_FLAGS, pa.bool_()),
    "weather_source": pa.string(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(Rules):
    """Which report counts for a tick, and what it is taken to say."""

    max_age_min: float = 90.0
    """Stations report at least hourly; half an hour more covers one late report."""
    future_tolerance_min: float = 10.0
    """Used only where no past report is young enough."""
    max_distance_km: float = 50.0
    max_position_age_s: float = 120.0
    """How long the nearest known position stands in for an unknown one (4 km at 130 km/h)."""
    order: tuple[str, ...] = tuple(source.name for source in SOURCES)
    """Sources in order of preference; one that is not named is not used."""


def enrich(
    context: StepContext, track: Track, files: tuple[InputFile, ...], params: Params
) -> Mapping[str, Any]:
    """Return for each tick what the first source with a report in reach says.

    Within a source, what the nearest place with a report in reach reported last.  All values of a
    tick are of one report, even where it left some out.  The latest report at or before the tick
    counts; only where that is too old, one shortly after it.  Raises ``ConfigError`` for a source
    of no such name.
    """
    _check_order(params.order)
    by_source = _reports(context, track, files, params)
    reports = [report for name in params.order for report in by_source.get(name, [])]
    known = np.isfinite(track.lat_deg) & np.isfinite(track.lon_deg)
    at = nearest_known(track.t_ns, known, round(params.max_position_age_s * NS_PER_S))
    lat, lon = (np.where(at >= 0, x[at], np.nan) for x in (track.lat_deg, track.lon_deg))
    best = Picked(np.full(track.t_ns.size, -1), *(np.full(track.t_ns.size, np.nan),) * 2)
    first = 0
    for name in params.order:
        own = by_source.get(name, [])
        picked = pick_observation(_observations(own), track.t_ns, lat, lon, _reach(params))
        best = _filled(best, picked, first)
        first += len(own)
    if files and track.t_ns.size and not (best.row >= 0).any():
        context.caveat(
            Problem(
                code="weather_out_of_reach",
                message=f"no weather report within {params.max_distance_km:g} km and"
                f" {params.max_age_min:g} min of the drive; its weather is unknown",
            )
        )
    return _columns(reports, best)


def _check_order(order: Sequence[str]) -> None:
    names = [source.name for source in SOURCES]
    for name in order:
        if name not in names:
            raise ConfigError(f"there is no weather source '{name}'{did_you_mean(name, names)}")


def _filled(best: Picked, picked: Picked, first: int) -> Picked:
    """Return ``best`` with what it lacks from the rows of another source, numbered from first."""
    take = (best.row < 0) & (picked.row >= 0)
    return Picked(
        np.where(take, picked.row + first, best.row),
        np.where(take, picked.age_s, best.age_s),
        np.where(take, picked.distance_m, best.distance_m),
    )


def _columns(reports: Sequence[Report], picked: Picked) -> dict[str, Any]:
    rows = pa.array(picked.row, mask=picked.row < 0)
    columns = {
        name: pa.array([getattr(r, name) for r in reports], type=kind).take(rows)
        for name, kind in _TYPES.items()
    }
    columns["weather_age_s"] = pa.array(picked.age_s, from_pandas=True)
    columns["weather_distance_km"] = pa.array(picked.distance_m / 1000, from_pandas=True)
    return columns


def _observations(reports: Sequence[Report]) -> Observations:
    return Observations(
        np.array([r.t_ns for r in reports], dtype=np.int64),
        np.array([r.lat_deg for r in reports], dtype=np.float64),
        np.array([r.lon_deg for r in reports], dtype=np.float64),
    )


def _reach(params: Params) -> Reach:
    return Reach(
        max_age_ns=round(params.max_age_min * 60 * NS_PER_S),
        future_ns=round(params.future_tolerance_min * 60 * NS_PER_S),
        max_distance_m=params.max_distance_km * 1000,
    )


def _reports(
    context: StepContext, track: Track, files: tuple[InputFile, ...], params: Params
) -> dict[str, list[Report]]:
    """Return the reports of each source in reach of the track's time."""
    if not files:
        context.caveat(
            Problem(code="no_weather", message="no weather file was given; weather is unknown")
        )
    if not track.t_ns.size:
        return {}
    reach = _reach(params)
    time = TimeRange(
        int(track.t_ns[0]) - reach.max_age_ns, int(track.t_ns[-1]) + reach.future_ns + 1
    )
    return read_all(context, files, time, params)


WEATHER = Enricher(
    name="weather",
    version=2,
    needs="weather",
    columns=_UNITS,
    params=Params,
    enrich=enrich,
    doc="What the best source in reach reported last, with its age and distance.",
)
