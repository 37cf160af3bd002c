"""Sun position and light along the track, computed from time and place alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_S
from avdataops.ports.enriching import Enricher, Track
from avdataops.ports.step import InputFile, StepContext
from avdataops.signals.places import nearest_known
from avdataops.signals.sun import LIGHT_NAMES, light_class, sun_position


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How far a place may be carried over while the position is unknown."""

    max_position_age_s: float = 600.0
    """In that time a car at 130 km/h moves the sun by 0.2 degrees, which is the hysteresis of the
    light classes in the field."""


def enrich(
    context: StepContext, track: Track, files: tuple[InputFile, ...], params: Params
) -> Mapping[str, Any]:
    """Return geometric elevation, azimuth clockwise from north, and light class of every tick.

    Where the position is unknown, the nearest known one in time stands in: the sun does not care
    about kilometres, and a tunnel does not make the hour of day unknown.
    """
    del files
    known = np.isfinite(track.lat_deg) & np.isfinite(track.lon_deg)
    if track.t_ns.size and not known.any():
        context.caveat(
            Problem(code="sun_unknown", message="no position is known, so the sun's is not either")
        )
    at = nearest_known(track.t_ns, known, round(params.max_position_age_s * NS_PER_S))
    lat, lon = (np.where(at >= 0, x[at], np.nan) for x in (track.lat_deg, track.lon_deg))
    elevation, azimuth = sun_position(track.t_ns, lat, lon)
    light = light_class(elevation)
    unlit = np.isnan(light)
    return {
        "sun_elevation_deg": pa.array(elevation, from_pandas=True),
        "sun_azimuth_deg": pa.array(azimuth, from_pandas=True),
        "light": pa.array(LIGHT_NAMES).take(
            pa.array(np.where(unlit, 0, light).astype(np.int64), mask=unlit)
        ),
    }


SUN = Enricher(
    name="sun",
    version=1,
    needs=None,
    columns={"sun_elevation_deg": "deg", "sun_azimuth_deg": "deg", "light": "1"},
    params=Params,
    enrich=enrich,
    doc="Where the sun stands and whether it is day, twilight or night.",
)
