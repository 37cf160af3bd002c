"""The ego waiting at a traffic light, by its speed and the map."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.signals.along_route import Leg, RouteTicks, match_confidence, places, route_ticks
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger
from avdataops.signals.evidence import confidence, number
from avdataops.signals.held import held
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of waiting at a traffic light.

    Standing still as for ``standstill``; 40 m upstream of a signal are the product's own default:
    a queue of a few cars.  The lamp itself is not seen.
    """

    max_ahead_m: float = 40.0
    on_mps: float = 0.1
    off_mps: float = 0.5
    min_s: float = 2.0
    merge_s: float = 1.0
    past_m: float = 5.0
    """A signal so far behind counts as well: a receiver is no better."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the waits; unknown where speed or the matched road is."""
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    speed = np.abs(floats(drive.ego.columns, "ego_speed_mps", t.size))
    known = np.isfinite(speed)
    spans = {"ego speed": known_spans(t, known, gap_ns)}
    unknown = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    trigger = Trigger(
        on=params.on_mps,
        off=params.off_mps,
        max_gap_ns=gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    ticks, lost = route_ticks(drive)
    stops, cut = held(t[known], speed[known], trigger, min_s=params.min_s, cut="stop cut by a gap")
    found = [scene for one in stops if (scene := _scene(ticks, one, params)) is not None]
    near = [one for one in cut if _signal(ticks, one, params) is not None]
    return settle(found, [*unknown, *lost, *near])


def _signal(ticks: RouteTicks, one: Episode | Unknown, params: Params) -> tuple[Leg, float] | None:
    """Return the leg that a stop is on and how far ahead the nearest signal is; None without."""
    for leg in ticks.legs:
        if not leg.t[0] <= one.start_ns <= leg.t[-1]:
            continue
        # Where it stands when it has stopped: half-way, while the receiver has settled.
        middle_ns = (one.start_ns + min(one.stop_ns, int(leg.t[-1]))) / 2
        at = float(np.interp(middle_ns, leg.t, leg.s_m))
        ahead = places(ticks, leg, "traffic_signal") - at
        near = ahead[(ahead >= -params.past_m) & (ahead <= params.max_ahead_m)]
        return (leg, float(near[np.argmin(np.abs(near))])) if near.size else None
    return None


def _scene(ticks: RouteTicks, one: Episode, params: Params) -> Found | None:
    signal = _signal(ticks, one, params)
    if signal is None:
        return None
    leg, ahead = signal
    return Found(
        type="traffic_light_stop",
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(match_confidence(ticks, leg.rows)),
        truncated=one.truncated,
        evidence={"wait_s": number(one.duration_s), "signal_ahead_m": number(ahead)},
    )


TRAFFIC_LIGHT_STOP = Detector(
    name="traffic_light_stop",
    version=1,
    types=("traffic_light_stop",),
    params=Params,
    find=find,
    tags={"traffic_light_stop": "MotionStop"},
    doc="Standing still up to 40 m before a traffic signal of the map.",
)
