"""Day, twilight and night, from the elevation of the sun."""

from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.coverage import NO_SIGNALS, known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, highest, lowest
from avdataops.signals.nullable import floats

_ON = 1.0
_OFF = 0.5


@dataclass(frozen=True, slots=True)
class Params:
    """Elevations of the sun's centre.

    -0.83 degrees is sunset with refraction and the sun's radius; -6 degrees is the end of civil
    twilight.  The hysteresis of 0.2 degrees is against positions that jump; it decides whether one
    light ends, never when: that is where the level itself was passed, exact to a minute.
    """

    sunset_deg: float = -0.83
    night_deg: float = -6.0
    hysteresis_deg: float = 0.2
    sure_deg: float = 0.25
    """Error of the computed elevation that would make it unsure: the sun moves 0.25 deg a minute
    at the equator."""


def find(drive: Drive, params: Params) -> Detection:
    """Return stretches of each light; unknown where the sun's elevation is."""
    context = drive.context or NO_SIGNALS
    t, gap_ns = context.t_ns, context.max_gap_ns
    elevation = floats(context.columns, "sun_elevation_deg", t.size)
    known = np.isfinite(elevation)
    spans = {"sun elevation": known_spans(t, known, gap_ns)}
    t, elevation = t[known], elevation[known]
    night = _below(t, elevation, params.night_deg, params.hysteresis_deg, gap_ns)
    dark = _below(t, elevation, params.sunset_deg, params.hysteresis_deg, gap_ns)
    trigger = Trigger(on=_ON, off=_OFF, max_gap_ns=gap_ns)
    found = [
        _scene(name, elevation[episode.rows], episode, params)
        for name, mask in (("night", night), ("twilight", dark & ~night), ("day", ~dark))
        for episode in episodes(t, mask.astype(np.float64), trigger)
    ]
    return settle(found, missing(drive.start_ns, drive.stop_ns, spans, gap_ns))


def _below(
    t: Times, elevation: Floats, level_deg: float, hysteresis_deg: float, gap_ns: int
) -> Bools:
    """Say where the sun is below a level; it must rise past the hysteresis to end it.

    The end is then put back to where the level itself was passed.
    """
    mask = np.zeros(t.size, dtype=np.bool_)
    trigger = Trigger(on=level_deg, off=level_deg + hysteresis_deg, max_gap_ns=gap_ns)
    for episode in episodes(t, elevation, trigger):
        below = np.flatnonzero(elevation[episode.rows] <= level_deg)
        mask[episode.onset : episode.onset + int(below[-1]) + 1] = True
    return mask


def _scene(name: str, elevation: Floats, episode: Episode, params: Params) -> Found:
    # The surest moment counts: how far the sun went beyond the level that begins this light.
    if name == "day":
        beyond = (float(elevation.max()) - params.sunset_deg) / params.sure_deg
    else:
        level = params.night_deg if name == "night" else params.sunset_deg
        beyond = (level - float(elevation.min())) / params.sure_deg
    return Found(
        type=name,
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=confidence(0.5 + 0.5 * min(1.0, beyond)),
        truncated=episode.truncated,
        evidence={
            "min_sun_elevation_deg": lowest(elevation),
            "max_sun_elevation_deg": highest(elevation),
        },
    )


LIGHT = Detector(
    name="light",
    version=2,
    types=("night", "twilight", "day"),
    params=Params,
    find=find,
    gates=(
        Gate(param="night_deg", evidence="min_sun_elevation_deg", op="<=", types=("night",)),
        Gate(param="sunset_deg", evidence="min_sun_elevation_deg", op="<=", types=("twilight",)),
    ),
    tags={
        "night": "LowLightNight",
        "twilight": "LowLightAmbient",
        "day": "IlluminationDay",
    },
    doc="Sun below -6 degrees, between -6 and -0.83 degrees, and above.",
)
