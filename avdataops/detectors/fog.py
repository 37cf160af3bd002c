"""Fog, from the visibility and the codes of the weather's providers, and the rear fog lamp."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Signals
from avdataops.signals.arrays import Bools, Floats, Pairs
from avdataops.signals.coverage import NO_SIGNALS, missing, settle
from avdataops.signals.evidence import highest, lowest
from avdataops.signals.intervals import intersect, merge_close
from avdataops.signals.nullable import floats, is_text, words
from avdataops.signals.witnesses import (
    AGAINST,
    ALONE,
    BOTH,
    Witness,
    names_of,
    share,
    witness,
)

_LIT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of fog.

    Fog is a visibility below 1000 m (WMO-No. 8 and the code tables), dense below 200 m.  Traffic
    codes allow the rear fog lamp below 50 m only and drivers forget it: lit, it makes a report
    surer; alone, or dark, it says nothing.
    """

    below_m: float = 1000.0
    dense_m: float = 200.0
    merge_s: float = 60.0


@dataclass(frozen=True, slots=True)
class _Sky:
    seen_m: Floats
    named: Floats
    """1 where the report names fog, 0 where other weather alone."""
    falls: Bools
    """Rain or snow: it can hide the view as well."""


def find(drive: Drive, params: Params) -> Detection:
    """Return stretches of fog; unknown where neither visibility nor weather is reported.

    A view that falling rain or snow hides is no fog unless the report names it; where it names no
    weather at all it stays unknown.
    """
    context = drive.context or NO_SIGNALS
    t = context.t_ns
    sky = _sky(context)
    short = sky.seen_m < params.below_m
    foggy = (sky.named > 0) | (short & ~sky.falls)
    told = np.isfinite(sky.seen_m) | np.isfinite(sky.named)
    known = told & ~(short & sky.falls & np.isnan(sky.named))
    provider = witness("provider", t, known, foggy, context.max_gap_ns)
    spans = merge_close(provider.says, round(params.merge_s * NS_PER_S))
    spans = intersect(spans, provider.known)
    lamp = _lamp(drive)
    found = [
        _scene(context, (provider, lamp), spans[row : row + 1], params) for row in range(len(spans))
    ]
    lost = missing(
        drive.start_ns, drive.stop_ns, {"visibility": provider.known}, context.max_gap_ns
    )
    return settle(found, lost)


def _sky(context: Signals) -> _Sky:
    size = context.t_ns.size
    seen, named, rains, snows = (
        floats(context.columns, name, size) for name in ("visibility_m", "fog", "rain", "snow")
    )
    return _Sky(seen, named, (rains > 0) | (snows > 0))


def _lamp(drive: Drive) -> Witness:
    status = words(drive.ego.columns, "rear_fog_lamp", drive.ego.t_ns.size)
    known = is_text(status)
    return witness("rear_fog_lamp", drive.ego.t_ns, known, status == "on", drive.ego.max_gap_ns)


def _scene(
    context: Signals, witnesses: tuple[Witness, Witness], whole: Pairs, params: Params
) -> Found:
    provider, lamp = witnesses
    start, stop = whole[0].tolist()
    seen, age, distance = (
        _within(context, name, whole)
        for name in ("visibility_m", "weather_age_s", "weather_distance_km")
    )
    least = lowest(seen)
    sure = BOTH if share(lamp.says, whole) >= _LIT_SHARE else ALONE
    if least is not None and least >= params.below_m:
        # Named as fog, though the same report sees further.
        sure = AGAINST
    known = provider.known
    return Found(
        type="fog",
        start_ns=start,
        stop_ns=stop,
        confidence=sure,
        truncated=bool(start in known[:, 0] or stop in known[:, 1]),
        evidence={
            "sources": names_of(witnesses, whole)[0],
            "min_visibility_m": least,
            "named": bool((_within(context, "fog", whole) > 0).any()),
            "weather_age_s": highest(age),
            "weather_distance_km": highest(distance),
            "severity": None if least is None else _severity(least, params),
        },
    )


def _within(context: Signals, name: str, whole: Pairs) -> Floats:
    inside = (context.t_ns >= whole[0, 0]) & (context.t_ns <= whole[0, 1])
    return np.asarray(floats(context.columns, name, context.t_ns.size)[inside])


def _severity(least_m: float, params: Params) -> str:
    return "dense" if least_m < params.dense_m else "fog"


FOG = Detector(
    name="fog",
    version=1,
    types=("fog",),
    params=Params,
    find=find,
    gates=(Gate(param="below_m", evidence="min_visibility_m", op="<="),),
    tags={"fog": "ParticulatesWater"},
    doc="Visibility below 1000 m that no rain or snow explains, or a report that names fog.",
)
