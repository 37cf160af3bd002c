"""Rain, from the weather's providers, the wipers and the vehicle's rain sensor."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Signals
from avdataops.signals.arrays import Floats, Pairs
from avdataops.signals.coverage import NO_SIGNALS, missing, settle
from avdataops.signals.evidence import highest, middle, number
from avdataops.signals.nullable import floats
from avdataops.signals.rainfall import RainLevels, rain_spans, rain_witnesses
from avdataops.signals.wipers import most_wiping
from avdataops.signals.witnesses import Witness, belief, names_of, share


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of rain.

    0.1 mm/h is the least rain (WMO-No. 8); so are the classes light, moderate from 2.5, heavy from
    10 and violent from 50 mm/h.  Wiping more than 20 % of a minute is a field habit, so that
    washing the screen is no rain.  Two sources are asked for a confidence of 0.8 or more.
    """

    min_mmph: float = 0.1
    wiper_window_s: float = 60.0
    wiper_share: float = 0.2
    strength_share: float = 1.0
    """Of its own threshold, what a source must reach: moves the thresholds together."""
    merge_s: float = 60.0
    moderate_mmph: float = 2.5
    heavy_mmph: float = 10.0
    violent_mmph: float = 50.0


def find(drive: Drive, params: Params) -> Detection:
    """Return stretches of rain; unknown where no source says anything.

    One source that says rain is enough; that it does not rain takes one source that says so and
    none against it.
    """
    levels = RainLevels(
        min_mmph=params.min_mmph * params.strength_share,
        wiper_window_s=params.wiper_window_s,
        wiper_share=params.wiper_share * params.strength_share,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    witnesses = rain_witnesses(drive, levels)
    wet, known = rain_spans(witnesses, levels.merge_ns)
    found = [_scene(drive, wet[row : row + 1], known, witnesses, params) for row in range(len(wet))]
    gap_ns = (drive.context or drive.ego).max_gap_ns
    spans = {"source of rain": known}
    return settle(found, missing(drive.start_ns, drive.stop_ns, spans, gap_ns))


def _scene(
    drive: Drive, whole: Pairs, known: Pairs, witnesses: tuple[Witness, ...], params: Params
) -> Found:
    start, stop = whole[0].tolist()
    context = drive.context or NO_SIGNALS
    amount, age, distance = (
        _within(context, name, whole)
        for name in ("precipitation_mmph", "weather_age_s", "weather_distance_km")
    )
    sensed = _within(drive.ego, "rain_intensity", whole)
    saying, telling = names_of(witnesses, whole)
    # An amount beside the provider's own "no rain" is of the hour before.
    own = amount if "provider" in saying else np.empty(0)
    most = highest(np.append(own, sensed))
    named = bool((_within(context, "rain", whole) > 0).any())
    duty = most_wiping(drive, start, stop, window_s=params.wiper_window_s)
    return Found(
        type="rain",
        start_ns=start,
        stop_ns=stop,
        confidence=belief(witnesses, whole),
        truncated=bool(start in known[:, 0] or stop in known[:, 1]),
        evidence={
            "sources": saying,
            "sources_known": telling,
            "strength_share": _strength(
                1.0 if named else 0.0, most, duty if "wiper" in saying else None, params
            ),
            "max_precipitation_mmph": highest(amount),
            "mean_precipitation_mmph": middle(amount),
            "max_rain_sensor_mmph": highest(sensed),
            "wiper_share": _wiper_share(witnesses, whole),
            "weather_age_s": highest(age),
            "weather_distance_km": highest(distance),
            "severity": None if most is None else _severity(most, params),
        },
    )


def _strength(
    named: float, most_mmph: float | None, duty: float | None, params: Params
) -> float | None:
    """Return how far the strongest source was beyond its threshold; a bare word is just on it."""
    amount = 0.0 if most_mmph is None else most_mmph / params.min_mmph
    wiped = 0.0 if duty is None else duty / params.wiper_share
    return number(max(named, amount, wiped))


def _wiper_share(witnesses: tuple[Witness, ...], whole: Pairs) -> float | None:
    wiper = next(one for one in witnesses if one.name == "wiper")
    return number(share(wiper.says, whole)) if share(wiper.known, whole) > 0 else None


def _within(signals: Signals, name: str, whole: Pairs) -> Floats:
    t = signals.t_ns
    inside = (t >= whole[0, 0]) & (t <= whole[0, 1])
    return np.asarray(floats(signals.columns, name, t.size)[inside])


def _severity(most_mmph: float, params: Params) -> str:
    if most_mmph >= params.violent_mmph:
        return "violent"
    if most_mmph >= params.heavy_mmph:
        return "heavy"
    return "moderate" if most_mmph >= params.moderate_mmph else "light"


RAIN = Detector(
    name="rain",
    version=3,
    types=("rain",),
    params=Params,
    find=find,
    gates=(Gate(param="strength_share", evidence="strength_share", op=">="),),
    tags={"rain": "WeatherRain"},
    doc="0.1 mm/h or more by a provider or the rain sensor, or wipers on for 20 % of a minute.",
)
