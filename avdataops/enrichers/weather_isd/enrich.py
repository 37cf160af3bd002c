"""Weather along the track by the nearest station's latest report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.enrichers.weather_isd.reports import Report, Rules, Tally, read_reports
from avdataops.model.errors import HostileInput
from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.enriching import Enricher, Track
from avdataops.ports.step import InputFile, StepContext
from avdataops.signals.places import Observations, Reach, nearest_known, pick_observation

_UNITS = {
    "precipitation_mmph": "mm/h",
    "rain": "1",
    "snow": "1",
    "visibility_m": "m",
    "temperature_c": "degC",
    "wind_mps": "m/s",
    "cloud_okta": "1",
    "weather_source": "1",
    "weather_age_s": "s",
    "weather_distance_km": "km",
}
_TYPES = {
    "precipitation_mmph": pa.float64(),
    "rain": pa.bool_(),
    "snow": pa.bool_(),
    "visibility_m": pa.float64(),
    "temperature_c": pa.float64(),
    "wind_mps": pa.float64(),
    "cloud_okta": pa.float64(),
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


def enrich(
    context: StepContext, track: Track, files: tuple[InputFile, ...], params: Params
) -> Mapping[str, Any]:
    """Return for each tick what the nearest station in reach reported last.

    All values of a tick are of one report, even where it left some out.  The latest report at or
    before the tick counts; only where that is too old, one shortly after it.
    """
    reports = _reports(context, track, files, params)
    known = np.isfinite(track.lat_deg) & np.isfinite(track.lon_deg)
    at = nearest_known(track.t_ns, known, round(params.max_position_age_s * NS_PER_S))
    picked = pick_observation(
        Observations(
            np.array([r.t_ns for r in reports], dtype=np.int64),
            np.array([r.lat_deg for r in reports], dtype=np.float64),
            np.array([r.lon_deg for r in reports], dtype=np.float64),
        ),
        track.t_ns,
        np.where(at >= 0, track.lat_deg[at], np.nan),
        np.where(at >= 0, track.lon_deg[at], np.nan),
        _reach(params),
    )
    if files and track.t_ns.size and not (picked.row >= 0).any():
        context.caveat(
            Problem(
                code="weather_out_of_reach",
                message=f"no weather report within {params.max_distance_km:g} km and"
                f" {params.max_age_min:g} min of the drive; its weather is unknown",
            )
        )
    rows = pa.array(picked.row, mask=picked.row < 0)
    columns = {
        name: pa.array([getattr(r, name) for r in reports], type=kind).take(rows)
        for name, kind in _TYPES.items()
    }
    columns["weather_age_s"] = pa.array(picked.age_s, from_pandas=True)
    columns["weather_distance_km"] = pa.array(picked.distance_m / 1000, from_pandas=True)
    return columns


def _reach(params: Params) -> Reach:
    return Reach(
        max_age_ns=round(params.max_age_min * 60 * NS_PER_S),
        future_ns=round(params.future_tolerance_min * 60 * NS_PER_S),
        max_distance_m=params.max_distance_km * 1000,
    )


def _reports(
    context: StepContext, track: Track, files: tuple[InputFile, ...], params: Params
) -> list[Report]:
    """Return the reports in reach of the track's time, those with more values later."""
    if not files:
        context.caveat(
            Problem(code="no_weather", message="no weather file was given; weather is unknown")
        )
    if not track.t_ns.size:
        return []
    reach = _reach(params)
    time = TimeRange(
        int(track.t_ns[0]) - reach.max_age_ns, int(track.t_ns[-1]) + reach.future_ns + 1
    )
    reports: list[Report] = []
    for given in files:
        tally = Tally()
        try:
            reports += read_reports(given.file, time, params, tally)
        except HostileInput as error:
            context.caveat(Problem(code="weather_unreadable", message=error.message))
        if tally.damaged or tally.cut_off:
            context.caveat(_damage(given.file.name, tally))
    return sorted(reports, key=lambda report: report.known)


def _damage(name: str, tally: Tally) -> Problem:
    end = "; the compressed file ends early" if tally.cut_off else ""
    return Problem(
        code="weather_damaged",
        message=f"{name}: {tally.damaged} of {tally.lines} lines are not ISD reports{end}",
    )


WEATHER_ISD = Enricher(
    name="weather_isd",
    version=1,
    needs="weather",
    columns=_UNITS,
    params=Params,
    enrich=enrich,
    doc="What the nearest weather station reported last, with its age and distance.",
)
