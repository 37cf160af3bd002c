"""The vehicle ahead braking."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.align import linear_at
from avdataops.signals.arrays import Floats
from avdataops.signals.coverage import settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, lowest, margin, number
from avdataops.signals.filters import low_pass
from avdataops.signals.held import long_enough
from avdataops.signals.kinematics import time_to_collision
from avdataops.signals.traffic import EgoBox, Track, smoothed, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a braking lead.

    High from -3 m/s2 (hard braking of connected vehicles, Google Research 2026), emergency from
    -5 m/s2 (UN R157).  Trigger, headway and times are the product's own defaults.  The
    acceleration is the slope over 1 s of the track's speed through a zero-phase Butterworth at
    0.5 Hz: object lists carry none, and their speeds are noisy.
    """

    on_mps2: float = -2.0
    off_mps2: float = -1.0
    onset_mps2: float = -0.5
    min_s: float = 0.5
    merge_s: float = 0.5
    max_thw_s: float = 3.0
    min_lead_share: float = 0.95
    """Of the braking, it is the lead within that headway."""
    high_mps2: float = -3.0
    emergency_mps2: float = -5.0
    ego_front_m: float = 3.7
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5
    cutoff_hz: float = 0.5


_PREDICTED = 0.7
_BASE_S = 1.0
"""Over which the slope is taken: noise of 0.3 m/s in a speed must not pass for 0.3 m/s2."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the braking leads; the actor is the track id at the trigger."""
    box = EgoBox(
        front_m=params.ego_front_m, width_m=params.ego_width_m, lane_width_m=params.lane_width_m
    )
    around = traffic(drive, box)
    gap_ns = around.users.max_gap_ns
    trigger = Trigger(
        on=params.on_mps2,
        off=params.off_mps2,
        max_gap_ns=gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
        onset=params.onset_mps2,
    )
    found: list[Found] = []
    unknown = list(around.unknown)
    for rows in around.tracks_where(around.is_lead & (around.thw_s < params.max_thw_s)):
        track = smoothed(around, rows, params.cutoff_hz)
        accel = _acceleration(track, gap_ns, params.cutoff_hz)
        known = np.isfinite(accel)
        t = track.seen.t[known]
        braking = episodes(t, accel[known], trigger)
        lasting, cut = long_enough(t, braking, min_s=params.min_s, cut="braking lead cut")
        places = np.flatnonzero(known)
        unknown.extend(cut)
        for one in lasting:
            part = places[one.rows]
            near = track.is_lead[part] & (track.thw_s[part] < params.max_thw_s)
            if near.mean() >= params.min_lead_share:
                found.append(_scene(track, accel, one, part, params))
    return settle(found, unknown)


def _acceleration(track: Track, gap_ns: int, cutoff_hz: float) -> Floats:
    """Return the acceleration of a vehicle over ground, from its own speed."""
    seen = track.seen
    speed = np.where(np.isfinite(seen.vx_mps), seen.vx_mps, seen.ego_mps - track.closing_mps)
    smooth = low_pass(seen.t, speed, cutoff_hz, gap_ns)
    reach = round(_BASE_S / 2 * NS_PER_S)
    later, earlier = (linear_at(seen.t, smooth, seen.t + by, gap_ns) for by in (reach, -reach))
    return (later - earlier) / _BASE_S


def _scene(track: Track, accel: Floats, one: Episode, part: np.ndarray, params: Params) -> Found:
    seen = track.seen
    least = float(accel[part].min())
    by_lines = bool(seen.by_lines[part].all())
    ttc = time_to_collision(track.gap_m[part], track.closing_mps[part])
    return Found(
        type="lead_brake",
        actor=str(seen.track_id[part[0]]),
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(margin(least, params.on_mps2), 1.0 if by_lines else _PREDICTED),
        truncated=one.truncated,
        evidence={
            "min_lead_ax_mps2": number(least),
            "min_thw_s": lowest(track.thw_s[part]),
            "min_ttc_s": lowest(ttc),
            "min_gap_m": lowest(track.gap_m[part]),
            "lead_speed_mps": number(float(seen.ego_mps[part[0]] - track.closing_mps[part[0]])),
            "ego_speed_mps": number(float(seen.ego_mps[part[0]])),
            "object_class": seen.object_class[part[0]],
            "corridor": "lane lines" if by_lines else "predicted path",
            "severity": _severity(least, params),
        },
    )


def _severity(least_mps2: float, params: Params) -> str:
    if least_mps2 <= params.emergency_mps2:
        return "emergency"
    return "high" if least_mps2 <= params.high_mps2 else "moderate"


LEAD_BRAKE = Detector(
    name="lead_brake",
    version=1,
    types=("lead_brake",),
    params=Params,
    find=find,
    gates=(Gate(param="on_mps2", evidence="min_lead_ax_mps2", op="<="),),
    tags={"lead_brake": "MotionDecelerate"},
    doc="A lead within 3 s brakes with 2 m/s2 or more for half a second.",
)
