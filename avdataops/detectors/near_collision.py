"""Collisions that were close in time."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.arrays import Floats
from avdataops.signals.collisions import HORIZON_S, closing_mps, planar_ttc
from avdataops.signals.coverage import settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, highest, lowest, margin, number, share_received
from avdataops.signals.filters import low_pass
from avdataops.signals.held import long_enough
from avdataops.signals.kinematics import required_deceleration
from avdataops.signals.road_users import Sightings
from avdataops.signals.traffic import EgoBox, Traffic, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a near collision.

    TTC 1.5 s is the level of a conflict (Hayward 1972, SSAM); 0.95 s is the least of expert
    driving (nuPlan).  A required deceleration above 3.4 m/s2 is a conflict of its own (DRAC,
    Almqvist et al. 1991) and kept as evidence.  The other values are the product's own defaults.
    Post-encroachment times belong to crossings.
    """

    on_ttc_s: float = 1.5
    off_ttc_s: float = 2.0
    min_s: float = 0.2
    merge_s: float = 0.5
    min_closing_mps: float = 1.0
    min_age_s: float = 0.5
    """A track younger than this may be a ghost."""
    critical_ttc_s: float = 0.95
    ego_front_m: float = 3.7
    ego_length_m: float = 4.7
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5
    cutoff_hz: float = 1.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the near collisions; the actor is the track id at the trigger."""
    box = EgoBox(
        front_m=params.ego_front_m,
        length_m=params.ego_length_m,
        width_m=params.ego_width_m,
        lane_width_m=params.lane_width_m,
    )
    around = traffic(drive, box)
    # Raw speeds are noisy: what may come near is looked at again with smooth ones.
    raw = planar_ttc(around.seen, box)
    trigger = Trigger(
        on=params.on_ttc_s,
        off=params.off_ttc_s,
        max_gap_ns=around.users.max_gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    found: list[Found] = []
    unknown = list(around.unknown)
    for rows in around.tracks_where(raw <= HORIZON_S):
        seen = _smooth(around, rows, params.cutoff_hz)
        ttc, closing = planar_ttc(seen, box), closing_mps(seen, box)
        old = seen.t - seen.t[0] >= params.min_age_s * NS_PER_S
        counts = old & (closing > params.min_closing_mps)
        danger = np.where(counts, ttc, np.inf)
        known = ~np.isnan(ttc)
        places = np.flatnonzero(known)
        near = episodes(seen.t[known], danger[known], trigger)
        lasting, cut = long_enough(
            seen.t[known], near, min_s=params.min_s, cut="near collision cut"
        )
        unknown.extend(cut)
        found.extend(_scene(seen.rows(places), danger[known], one, box, params) for one in lasting)
    return settle(found, unknown)


def _smooth(around: Traffic, rows: np.ndarray, cutoff_hz: float) -> Sightings:
    seen, gap_ns = around.seen.rows(rows), around.users.max_gap_ns
    values = {
        name: low_pass(seen.t, getattr(seen, name), cutoff_hz, gap_ns)
        for name in ("x_m", "y_m", "vx_mps", "vy_mps")
    }
    kept = {name: getattr(seen, name) for name in seen.__dataclass_fields__}
    return Sightings(**{**kept, **values})


def _scene(seen: Sightings, ttc: Floats, one: Episode, box: EgoBox, params: Params) -> Found:
    rows = one.rows
    least = float(ttc[rows].min())
    closing = closing_mps(seen, box)[rows]
    apart = np.hypot(seen.x_m - box.centre_m, seen.y_m)[rows]
    gap = np.maximum(apart - seen.reach_x_m[rows] - box.length_m / 2, 0.0)
    t = seen.t[rows]
    period_ns = float(np.median(np.diff(t))) if t.size > 1 else 0.0
    return Found(
        type="near_collision",
        actor=str(seen.track_id[one.trigger]),
        start_ns=one.start_ns,
        stop_ns=one.stop_ns,
        confidence=confidence(
            margin(1.0 / max(least, 0.1), 1.0 / params.on_ttc_s),
            share_received(t.size, t, period_ns),
            1.0 if bool(seen.size_known[rows].all()) else 0.8,
        ),
        truncated=one.truncated,
        evidence={
            "min_ttc_s": number(least),
            "max_closing_mps": highest(closing),
            "max_drac_mps2": highest(required_deceleration(gap, closing)),
            "min_distance_m": lowest(gap),
            "ego_speed_mps": number(float(seen.ego_mps[one.trigger])),
            "object_class": seen.object_class[one.trigger],
            "severity": "critical" if least <= params.critical_ttc_s else "conflict",
        },
    )


NEAR_COLLISION = Detector(
    name="near_collision",
    version=1,
    types=("near_collision",),
    params=Params,
    find=find,
    gates=(Gate(param="on_ttc_s", evidence="min_ttc_s", op="<=", also=("off_ttc_s",)),),
    tags={"near_collision": "MotionTowards"},
    doc="Outlines would touch within 1.5 s at present velocities.",
)
