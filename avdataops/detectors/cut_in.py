"""Other vehicles that cut in ahead of the ego."""

import math
from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.arrays import Bools, Floats, Indices
from avdataops.signals.boxes import first_lasting, stay_beside, steady_reach_y
from avdataops.signals.corridor import CorridorParams
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import (
    confidence,
    lowest,
    margin,
    mean_slope,
    middle,
    number,
    share_received,
)
from avdataops.signals.filters import derivative, low_pass
from avdataops.signals.intervals import hysteresis
from avdataops.signals.kinematics import (
    gap_ahead,
    near_edge_outside,
    time_headway,
    time_to_collision,
)
from avdataops.signals.road_users import RoadUsers, Sightings, Sizes, road_users
from avdataops.signals.tracks import closing_speed, nearest_ahead

_NO_VEHICLES = ("pedestrian", "bicycle", "animal")
_PREDICTED, _NO_SIZE, _NO_CLASS = 0.6, 0.8, 0.7
"""Confidence at most: without lane lines, without a measured size, without a class."""


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a cut-in.

    Intrusion by 0.30 m: EU 2022/1426 Annex III and KBA on AFGBV.  Wandering zone 0.375 m, critical
    TTC 2.0 s: competent and careful driver of UN R157 Appendix 3 (JRC-FSM).  Unavoidable: TTC at
    intrusion below v_rel / (2 * 6 m/s2) + 0.35 s, UN R157 5.2.5.2.  TTC 4 s and THW 1.5 s: Vogel
    2003.  Times, speeds and the merging are the product's own defaults.
    """

    intrusion_m: float = 0.30
    wander_m: float = 0.375
    outside_s: float = 1.0
    """In its own lane for so long before."""
    inside_s: float = 1.0
    """With its centre in the ego's lane for so long after."""
    within_s: float = 8.0
    """From the intrusion until that is fulfilled."""
    min_ego_mps: float = 5.0
    max_gap_m: float = 20.0
    max_gap_s: float = 4.0
    """The gap is at most the greater of the two."""
    min_lateral_mps: float = 0.2
    settled_lateral_mps: float = 0.1
    """Slower, the cut-in is over."""
    max_ego_lateral_mps: float = 0.3
    """Faster, the ego itself is changing lanes."""
    max_heading_deg: float = 45.0
    merge_s: float = 5.0
    lead_tolerance_m: float = 2.0
    """Two sightings of one vehicle may differ by this."""
    critical_ttc_s: float = 2.0
    relevant_ttc_s: float = 4.0
    relevant_thw_s: float = 1.5
    braking_mps2: float = 6.0
    reaction_s: float = 0.35
    ego_front_m: float = 3.7
    """Front bumper ahead of the rear axle, of a middle-sized car."""
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5
    vehicle_length_m: float = 4.5
    vehicle_width_m: float = 1.8
    cutoff_hz: float = 1.0


@dataclass(frozen=True, slots=True)
class _Approach:
    """A vehicle's way into the ego's lane, by rows of its track."""

    seen: Sightings
    offset_m: Floats
    """Smoothed."""
    outside_m: Floats
    first_outside: int
    last_outside: int
    intrusion: int
    centre: int
    """First row with the centre inside for long enough."""
    lateral_mps: float
    """Mean speed across the line."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the cut-ins; the actor is the track id at the intrusion."""
    widths = CorridorParams(lane_width_m=params.lane_width_m, ego_width_m=params.ego_width_m)
    users = road_users(drive, widths, Sizes(params.vehicle_length_m, params.vehicle_width_m))
    seen = users.seen
    edge = near_edge_outside(seen.offset_m, seen.reach_y_m, seen.half_width_m)
    ahead = gap_ahead(seen.x_m, seen.reach_x_m, params.ego_front_m) > 0
    centre_inside = (np.abs(seen.offset_m) <= seen.half_width_m) & ahead
    nearest = nearest_ahead(seen.t, seen.x_m, centre_inside)
    is_lead = centre_inside & (seen.x_m <= nearest + params.lead_tolerance_m)
    found: list[Found] = []
    unknown = list(users.unknown)
    for rows in users.tracks:
        # Cheap look first: most tracks are never on both sides of the line, or never ahead.
        over = edge[rows] <= 0
        if over.all() or not (over & ahead[rows]).any():
            continue
        if seen.object_class[rows[0]] in _NO_VEHICLES:
            continue
        scenes, lost = _of_track(users, rows, is_lead[rows], params)
        found.extend(scenes)
        unknown.extend(lost)
    return settle(found, unknown)


def _of_track(
    users: RoadUsers, rows: Indices, is_lead: Bools, params: Params
) -> tuple[list[Found], list[Unknown]]:
    """Return the cut-ins of one vehicle, and those that the end of data left open."""
    seen = users.seen.rows(rows)
    gap_ns = users.max_gap_ns
    offset = low_pass(seen.t, seen.offset_m, params.cutoff_hz, gap_ns)
    reach = steady_reach_y(seen, params.cutoff_hz, gap_ns)
    outside = near_edge_outside(offset, reach, seen.half_width_m)
    level = params.intrusion_m
    runs = hysteresis(seen.t, outside, on=-level, off=level, max_gap_ns=gap_ns)
    scenes: list[Found] = []
    open_ends: list[Unknown] = []
    for intrusion in runs.start[~runs.truncated_start].tolist():
        if scenes and seen.t[intrusion] - scenes[-1].stop_ns <= params.merge_s * NS_PER_S:
            continue
        before = _outside_before(seen, outside, intrusion, params)
        if before is None:
            if _came_with_data(users, seen, outside, intrusion, params):
                open_ends.append(_cut(seen, 0, intrusion))
            continue
        lateral = -mean_slope(seen.t[before[1] : intrusion + 1], outside[before[1] : intrusion + 1])
        inside = np.abs(offset) <= seen.half_width_m
        hold, within = (round(s * NS_PER_S) for s in (params.inside_s, params.within_s))
        centre = first_lasting(seen.t, inside, intrusion, hold_ns=hold, within_ns=within)
        approach = _Approach(
            seen, offset, outside, *before, intrusion, -1 if centre is None else centre, lateral
        )
        if not _passes(approach, params):
            continue
        if centre is not None and _became_lead(seen, is_lead, centre, params):
            scenes.append(_scene(approach, params, users))
        elif centre is None and _left_open(users, seen, intrusion, params):
            open_ends.append(_cut(seen, intrusion, -1))
    return scenes, open_ends


def _cut(seen: Sightings, first: int, last: int) -> Unknown:
    start, stop = int(seen.t[first]), int(seen.t[last])
    return Unknown(start_ns=start, stop_ns=stop, reason="cut-in cut by a gap")


def _outside_before(
    seen: Sightings, outside: Floats, intrusion: int, params: Params
) -> tuple[int, int] | None:
    """Return first and last row of the stay in the other lane, None if it was too short."""
    stay = stay_beside(seen.t[:intrusion], outside[:intrusion], params.intrusion_m)
    if stay is None or seen.t[stay[1]] - seen.t[stay[0]] < params.outside_s * NS_PER_S:
        return None
    return stay


def _came_with_data(
    users: RoadUsers, seen: Sightings, outside: Floats, intrusion: int, params: Params
) -> bool:
    """Say whether it was in the other lane when data began, too late to be seen long enough."""
    late = seen.t[intrusion] - seen.t[0] < (params.outside_s + params.within_s) * NS_PER_S
    return bool(late and outside[0] > 0 and users.began_with_data(int(seen.t[0])))


def _left_open(users: RoadUsers, seen: Sightings, intrusion: int, params: Params) -> bool:
    rest_ns = int(seen.t[-1] - seen.t[intrusion])
    return rest_ns < params.within_s * NS_PER_S and users.ended_with_data(int(seen.t[-1]))


def _became_lead(seen: Sightings, is_lead: Bools, centre: int, params: Params) -> bool:
    first_second = seen.t[centre:] <= seen.t[centre] + params.inside_s * NS_PER_S
    return bool(is_lead[centre:][first_second].mean() >= 0.5)  # noqa: PLR2004 - most of the time


def _passes(approach: _Approach, params: Params) -> bool:
    """Say whether speed, gap, direction and the ego's own motion are those of a cut-in."""
    seen, at = approach.seen, approach.intrusion
    gap = float(gap_ahead(seen.x_m, seen.reach_x_m, params.ego_front_m)[at])
    ego = float(seen.ego_mps[at])
    ego_lateral = middle(seen.ego_lateral_mps[approach.last_outside : at + 1])
    return (
        ego > params.min_ego_mps
        and 0 < gap <= max(params.max_gap_m, params.max_gap_s * ego)
        and approach.lateral_mps >= params.min_lateral_mps
        and not (ego_lateral is not None and abs(ego_lateral) >= params.max_ego_lateral_mps)
        and not abs(seen.heading_rad[at]) > math.radians(params.max_heading_deg)
    )


def _onset_row(approach: _Approach, params: Params) -> int:
    """Return where the vehicle left the zone in which it wandered in its own lane."""
    before = approach.offset_m[approach.first_outside : approach.last_outside + 1]
    side = math.copysign(1.0, float(before[-1]))
    part = approach.offset_m[approach.first_outside : approach.intrusion + 1]
    inward = side * (float(np.median(before)) - part)
    wandering = np.flatnonzero(inward <= params.wander_m)
    first = approach.first_outside + (int(wandering[-1]) + 1 if wandering.size else 0)
    return min(first, approach.intrusion)


def _stop_row(approach: _Approach, params: Params, gap_ns: int) -> int:
    """Return where it has settled in the ego's lane, its centre inside for long enough."""
    seen = approach.seen
    drift = -derivative(seen.t, approach.outside_m, gap_ns)
    settled = np.flatnonzero(drift[approach.intrusion :] < params.settled_lateral_mps)
    calm = approach.intrusion + int(settled[0]) if settled.size else seen.t.size - 1
    inside_until = seen.t[approach.centre] + params.inside_s * NS_PER_S
    return max(calm, int(np.searchsorted(seen.t, inside_until)))


def _scene(approach: _Approach, params: Params, users: RoadUsers) -> Found:
    seen, at = approach.seen, approach.intrusion
    onset, stop = _onset_row(approach, params), _stop_row(approach, params, users.max_gap_ns)
    gap = gap_ahead(seen.x_m, seen.reach_x_m, params.ego_front_m)
    closing = closing_speed(seen.t, seen.x_m, seen.vx_mps, seen.ego_mps)
    during = slice(at, stop + 1)
    ttc = time_to_collision(gap, closing)
    thw = time_headway(gap, seen.ego_mps)
    by_lines = bool(seen.by_lines[approach.last_outside : at + 1].all())
    sized = bool(seen.size_known[at])
    received = seen.t[approach.first_outside : stop + 1]
    return Found(
        type="cut_in",
        actor=str(seen.track_id[at]),
        start_ns=int(seen.t[onset]),
        stop_ns=int(seen.t[stop]),
        confidence=confidence(
            margin(approach.lateral_mps, params.min_lateral_mps),
            share_received(received.size, received, float(np.median(np.diff(received)))),
            1.0 if by_lines else _PREDICTED,
            1.0 if sized else _NO_SIZE,
            1.0 if seen.object_class[at] is not None else _NO_CLASS,
        ),
        truncated=stop == seen.t.size - 1 and users.ended_with_data(int(seen.t[stop])),
        evidence={
            "gap_at_intrusion_m": number(float(gap[at])),
            "v_rel_mps": number(float(closing[at])),
            "ttc_at_intrusion_s": number(float(ttc[at])),
            "min_ttc_s": lowest(ttc[during]),
            "min_thw_s": lowest(thw[during]),
            "lat_speed_mps": number(approach.lateral_mps),
            "ego_speed_mps": number(float(seen.ego_mps[onset])),
            "ego_lat_speed_mps": number(float(seen.ego_lateral_mps[at])),
            "intrusion_after_s": number(float(seen.t[at] - seen.t[onset]) / NS_PER_S),
            "side": "left" if approach.offset_m[approach.last_outside] > 0 else "right",
            "object_class": seen.object_class[at],
            "corridor": "lane lines" if by_lines else "predicted path",
            "size_known": sized,
            "track_ids": float(len(set(seen.track_id[onset : stop + 1].tolist()))),
            "severity": _severity(ttc, thw, closing, during, params),
        },
    )


def _severity(ttc: Floats, thw: Floats, closing: Floats, during: slice, params: Params) -> str:
    at = during.start
    unavoidable_s = float(closing[at]) / (2 * params.braking_mps2) + params.reaction_s
    least_ttc, least_thw = lowest(ttc[during]), lowest(thw[during])
    if ttc[at] < unavoidable_s:
        return "unavoidable"
    if least_ttc is not None and least_ttc < params.critical_ttc_s:
        return "critical"
    if least_ttc is not None and least_ttc < params.relevant_ttc_s:
        return "relevant"
    return "relevant" if least_thw is not None and least_thw < params.relevant_thw_s else "mild"


CUT_IN = Detector(
    name="cut_in",
    version=2,
    types=("cut_in",),
    params=Params,
    find=find,
    gates=(Gate(param="min_lateral_mps", evidence="lat_speed_mps", op=">="),),
    tags={"cut_in": "MotionCutIn"},
    doc="A vehicle from a neighbouring lane intrudes by 0.3 m and becomes the new lead.",
)
