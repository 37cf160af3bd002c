"""The ego on a roundabout, by the map, and without one by the way it turns."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.signals.along_route import RouteTicks, Visit, inside, match_confidence, route_ticks
from avdataops.signals.arrays import Pairs
from avdataops.signals.coverage import settle
from avdataops.signals.ego_motion import Turning, turning
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, integral, middle, number
from avdataops.signals.intervals import intersect

_BY_TURNING = 0.5
"""Confidence at most without a map: a bend with a swing before and after looks the same."""


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a roundabout where no map knows the road.

    At least 90 degrees in one direction on a radius of 8 to 40 m, with a swing the other way just
    before and just after; the swings keep turns at junctions out.  All own defaults.
    """

    min_angle_deg: float = 90.0
    min_radius_m: float = 8.0
    max_radius_m: float = 40.0
    min_swing_deg: float = 10.0
    swing_s: float = 4.0
    on_degps: float = 5.0
    off_degps: float = 3.0
    min_speed_mps: float = 1.0
    cutoff_hz: float = 1.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the roundabouts; unknown where neither the road nor the way of turning is known."""
    ticks, unmapped = route_ticks(drive)
    found = [_mapped(ticks, one) for one in inside(ticks, "roundabout")]
    motion, still = turning(drive, params.cutoff_hz)
    found += [
        scene
        for sign in (1.0, -1.0)
        for scene in _turned(motion, sign, params, drive.ego.max_gap_ns)
        if any(a.start_ns <= scene.start_ns and scene.stop_ns <= a.stop_ns for a in unmapped)
    ]
    return settle(found, _both(unmapped, still))


def _both(unmapped: list[Unknown], still: list[Unknown]) -> list[Unknown]:
    """Return where neither is known."""
    one, other = _pairs(unmapped), _pairs(still)
    return [
        Unknown(start_ns=a, stop_ns=b, reason="no matched road, no turning")
        for a, b in intersect(one, other).tolist()
    ]


def _pairs(unknown: list[Unknown]) -> Pairs:
    return np.array([(one.start_ns, one.stop_ns) for one in unknown], dtype=np.int64).reshape(-1, 2)


def _mapped(ticks: RouteTicks, one: Visit) -> Found:
    return Found(
        type="roundabout",
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(match_confidence(ticks, one.rows)),
        truncated=one.truncated,
        evidence={
            "source": "map",
            "length_m": number(one.to_m - one.from_m),
            "duration_s": number(one.duration_s),
            "ego_speed_mps": middle(ticks.column("ego_speed_mps")[one.rows]),
        },
    )


def _turned(motion: Turning, sign: float, params: Params, gap_ns: int) -> list[Found]:
    """Return what turns far enough in one direction between two swings in the other."""
    moving = motion.speed_mps > params.min_speed_mps
    rate = np.where(moving, sign * np.degrees(motion.rate_radps), 0.0)
    trigger = Trigger(on=params.on_degps, off=params.off_degps, max_gap_ns=gap_ns)
    found: list[Found] = []
    for one in episodes(motion.t, rate, trigger):
        turned = integral(motion.t[one.rows], rate[one.rows])
        path_m = integral(motion.t[one.rows], motion.speed_mps[one.rows])
        radius_m = path_m / max(np.radians(turned), 1e-6)
        fits = params.min_radius_m <= radius_m <= params.max_radius_m
        if turned >= params.min_angle_deg and fits and _swings(motion, rate, one, params):
            found.append(
                Found(
                    type="roundabout",
                    start_ns=one.start_ns,
                    stop_ns=one.stop_ns,
                    confidence=_BY_TURNING,
                    truncated=one.truncated,
                    evidence={
                        "source": "turning",
                        "length_m": number(path_m),
                        "radius_m": number(radius_m),
                        "heading_change_deg": number(sign * turned),
                        "duration_s": number(one.duration_s),
                    },
                )
            )
    return found


def _swings(motion: Turning, rate: np.ndarray, one: Episode, params: Params) -> bool:
    reach_ns = params.swing_s * NS_PER_S
    t = motion.t
    before = (t < one.start_ns) & (t >= one.start_ns - reach_ns)
    after = (t > one.stop_ns) & (t <= one.stop_ns + reach_ns)
    back = [integral(t[rows], np.minimum(rate[rows], 0.0)) for rows in (before, after)]
    return all(angle <= -params.min_swing_deg for angle in back)


ROUNDABOUT = Detector(
    name="roundabout",
    version=1,
    types=("roundabout",),
    params=Params,
    find=find,
    tags={"roundabout": "JunctionRoundabout"},
    doc="On a roundabout of the map; where no map knows the road, by a long turn between swings.",
)
