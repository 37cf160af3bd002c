"""Falling snow, from the weather's providers, with wipers and temperature beside them."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Signals
from avdataops.signals.arrays import Floats, Pairs
from avdataops.signals.coverage import NO_SIGNALS, missing, settle
from avdataops.signals.evidence import highest, lowest
from avdataops.signals.intervals import intersect, merge_close
from avdataops.signals.nullable import floats
from avdataops.signals.wipers import wiping
from avdataops.signals.witnesses import AGAINST, ALONE, BOTH, Witness, names_of, share, witness

_SURE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Params:
    """What makes snow of a report.

    Falling snow is what the provider calls so (WMO table 4677: 68 to 75, 77, 79, 83 to 86).
    Classes by its water, WMO-No. 8: light below 1 mm/h, moderate below 5, else heavy.  Above 4
    degrees on the ground hardly a flake arrives unmelted: such a report is doubted (field habit).
    Wipers clear snow as they clear rain: they make a report surer, alone they say nothing of snow.
    """

    moderate_mmph: float = 1.0
    heavy_mmph: float = 5.0
    max_temperature_c: float = 4.0
    wiper_window_s: float = 60.0
    wiper_share: float = 0.2
    merge_s: float = 60.0


def find(drive: Drive, params: Params) -> Detection:
    """Return stretches of falling snow; unknown where no provider says anything."""
    context = drive.context or NO_SIGNALS
    t = context.t_ns
    snows = floats(context.columns, "snow", t.size)
    provider = witness("provider", t, np.isfinite(snows), snows > 0, context.max_gap_ns)
    white = merge_close(provider.says, round(params.merge_s * NS_PER_S))
    white = intersect(white, provider.known)
    found = [_scene(drive, provider, white[row : row + 1], params) for row in range(len(white))]
    spans = {"provider of snow": provider.known}
    return settle(found, missing(drive.start_ns, drive.stop_ns, spans, context.max_gap_ns))


def _scene(drive: Drive, provider: Witness, whole: Pairs, params: Params) -> Found:
    start, stop = whole[0].tolist()
    context, known = drive.context or NO_SIGNALS, provider.known
    wipers = wiping(drive, window_s=params.wiper_window_s, min_share=params.wiper_share)
    seen, amount, warmth, age, distance = (
        _within(context, name, whole)
        for name in ("visibility_m", "precipitation_mmph", "temperature_c", "weather_age_s",
                     "weather_distance_km")
    )  # fmt: skip
    most, coldest, far = highest(amount), lowest(warmth), lowest(seen)
    sure = ALONE
    if share(wipers.says, whole) >= _SURE_SHARE:
        sure = BOTH
    if coldest is not None and coldest > params.max_temperature_c:
        sure = AGAINST
    return Found(
        type="snow",
        start_ns=start,
        stop_ns=stop,
        confidence=sure,
        truncated=bool(start in known[:, 0] or stop in known[:, 1]),
        evidence={
            "sources": names_of((provider, wipers), whole)[0],
            "max_precipitation_mmph": most,
            "min_visibility_km": None if far is None else far / 1000,
            "min_temperature_c": coldest,
            "weather_age_s": highest(age),
            "weather_distance_km": highest(distance),
            "severity": None if most is None else _severity(most, params),
        },
    )


def _within(context: Signals, name: str, whole: Pairs) -> Floats:
    inside = (context.t_ns >= whole[0, 0]) & (context.t_ns <= whole[0, 1])
    return np.asarray(floats(context.columns, name, context.t_ns.size)[inside])


def _severity(most_mmph: float, params: Params) -> str:
    if most_mmph >= params.heavy_mmph:
        return "heavy"
    return "moderate" if most_mmph >= params.moderate_mmph else "light"


SNOW = Detector(
    name="snow",
    version=1,
    types=("snow",),
    params=Params,
    find=find,
    tags={"snow": "WeatherSnow"},
    doc="A provider of weather says that snow falls.",
)
"""No threshold decides, so there is no gate: a report says snow, or it does not."""
