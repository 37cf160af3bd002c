"""The vehicle ahead leaving the ego's lane."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found
from avdataops.signals.arrays import Floats
from avdataops.signals.boxes import steady_reach_y
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, highest, lowest, margin, number, share_received
from avdataops.signals.filters import low_pass
from avdataops.signals.intervals import hysteresis, true_runs
from avdataops.signals.kinematics import near_edge_outside, time_to_collision
from avdataops.signals.traffic import EgoBox, Track, Traffic, smoothed, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a cut-out.

    Beyond the line by 0.30 m: EU 2022/1426 Annex III and KBA on AFGBV, as for a cut-in.  Wandering
    zone 0.375 m: UN R157 Appendix 3 (JRC-FSM).  What it reveals counts below a TTC of 4 s (Vogel
    2003) or when slower by 5 m/s, the product's own default as the times are.
    """

    outside_m: float = 0.30
    wander_m: float = 0.375
    lead_s: float = 2.0
    """It led for so long before."""
    hold_s: float = 0.3
    """Outside for so long: a noisy row at the end of a track is none."""
    within_s: float = 8.0
    """From leaving the middle of the lane until it is outside."""
    max_ego_lateral_mps: float = 0.3
    min_ego_mps: float = 5.0
    max_thw_s: float = 5.0
    """Further ahead it was no lead that mattered."""
    revealed_ttc_s: float = 4.0
    revealed_dv_mps: float = 5.0
    reveal_s: float = 2.0
    """So long after, the new lead is looked for."""
    min_lead_share: float = 0.9
    ego_front_m: float = 3.7
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5
    cutoff_hz: float = 1.0


@dataclass(frozen=True, slots=True)
class _Leaving:
    track: Track
    onset: int
    outside: int
    """First row beyond the line."""
    led_s: float
    lateral_mps: float


_PREDICTED, _NO_SIZE = 0.6, 0.8


def find(drive: Drive, params: Params) -> Detection:
    """Return the cut-outs; the actor is the track id when it leaves."""
    box = EgoBox(
        front_m=params.ego_front_m, width_m=params.ego_width_m, lane_width_m=params.lane_width_m
    )
    around = traffic(drive, box)
    found: list[Found] = []
    for rows in around.tracks_where(around.is_lead & (around.thw_s <= params.max_thw_s)):
        seen = around.seen.rows(rows)
        beyond = near_edge_outside(seen.offset_m, seen.reach_y_m, seen.half_width_m)
        if (beyond > 0).any():
            track = smoothed(around, rows, params.cutoff_hz)
            found.extend(_scene(around, one, params) for one in _leavings(track, around, params))
    return settle(found, around.unknown)


def _leavings(track: Track, around: Traffic, params: Params) -> list[_Leaving]:
    seen, gap_ns = track.seen, around.users.max_gap_ns
    reach = steady_reach_y(seen, params.cutoff_hz, gap_ns)
    beyond = near_edge_outside(track.offset_m, reach, seen.half_width_m)
    level = params.outside_m
    runs = hysteresis(seen.t, beyond, on=level, off=-level, max_gap_ns=gap_ns)
    inside = np.abs(track.offset_m) <= seen.half_width_m
    ego_lateral = low_pass(seen.t, seen.ego_lateral_mps, params.cutoff_hz, gap_ns)
    leavings: list[_Leaving] = []
    before = -1
    for outside, until in zip(runs.start.tolist(), runs.stop.tolist(), strict=True):
        stays = true_runs(inside[:outside])
        # Out again without having been back in the lane is the same leaving.
        if len(stays) == 0 or stays[-1, 1] <= before:
            continue
        if float(seen.t[until - 1] - seen.t[outside]) < params.hold_s * NS_PER_S:
            continue
        first, last = int(stays[-1, 0]), int(stays[-1, 1]) - 1
        led_s = _led_s(track, first, last, params)
        moved_s = float(seen.t[outside] - seen.t[last]) / NS_PER_S
        sideways = highest(np.abs(ego_lateral[max(last - 1, 0) : outside + 1]))
        is_ego = sideways is not None and sideways >= params.max_ego_lateral_mps
        if led_s < params.lead_s or moved_s > params.within_s or is_ego:
            continue
        if seen.ego_mps[last] <= params.min_ego_mps or track.thw_s[last] > params.max_thw_s:
            continue
        onset = _onset(track.offset_m, first, outside, params)
        span_s = float(seen.t[outside] - seen.t[onset]) / NS_PER_S
        across = abs(float(track.offset_m[outside] - track.offset_m[onset]))
        before = outside
        leavings.append(_Leaving(track, onset, outside, led_s, across / max(span_s, 0.1)))
    return leavings


def _led_s(track: Track, first: int, last: int, params: Params) -> float:
    """Return for how long it had led when it left the middle, 0 unless nearly all of the time."""
    t = track.seen.t
    begin = max(first, int(np.searchsorted(t, t[last] - round(params.lead_s * NS_PER_S))))
    if track.is_lead[begin : last + 1].mean() < params.min_lead_share:
        return 0.0
    return float(t[last] - t[first]) / NS_PER_S


def _onset(offset_m: Floats, first: int, outside: int, params: Params) -> int:
    """Return where it left the zone in which it wandered while it led."""
    usual = float(np.median(offset_m[first:outside]))
    stay = np.flatnonzero(np.abs(offset_m[first:outside] - usual) <= params.wander_m)
    return first + int(stay[-1]) if stay.size else first


def _scene(around: Traffic, one: _Leaving, params: Params) -> Found:
    track, seen = one.track, one.track.seen
    rows = slice(one.onset, one.outside + 1)
    revealed = _revealed(around, int(seen.t[one.outside]), params)
    by_lines = bool(seen.by_lines[rows].all())
    t = seen.t[rows]
    period_ns = float(np.median(np.diff(t))) if t.size > 1 else 0.0
    sized = bool(seen.size_known[one.outside])
    return Found(
        type="cut_out",
        actor=str(seen.track_id[one.outside]),
        start_ns=int(seen.t[one.onset]),
        stop_ns=int(seen.t[one.outside]),
        confidence=confidence(
            margin(one.led_s, params.lead_s) + 0.3,
            share_received(t.size, t, period_ns),
            1.0 if by_lines else _PREDICTED,
            1.0 if sized else _NO_SIZE,
        ),
        evidence={
            "led_s": number(one.led_s),
            "lat_speed_mps": number(one.lateral_mps),
            "thw_at_onset_s": number(float(track.thw_s[one.onset])),
            "gap_at_onset_m": number(float(track.gap_m[one.onset])),
            "ego_speed_mps": number(float(seen.ego_mps[one.onset])),
            "side": "left" if track.offset_m[one.outside] > 0 else "right",
            "object_class": seen.object_class[one.outside],
            "corridor": "lane lines" if by_lines else "predicted path",
            "size_known": sized,
            **revealed,
        },
    )


def _revealed(around: Traffic, t_ns: int, params: Params) -> dict[str, float | str | None]:
    """Return what stands behind the vehicle that left."""
    seen = around.seen
    soon = (seen.t > t_ns) & (seen.t <= t_ns + round(params.reveal_s * NS_PER_S))
    rows = np.flatnonzero(soon & around.is_lead)
    slower = seen.ego_mps[rows] - seen.vx_mps[rows]
    ttc = lowest(time_to_collision(around.gap_m[rows], slower))
    slowest = float(np.nanmax(slower)) if np.isfinite(slower).any() else None
    reveals = (ttc is not None and ttc < params.revealed_ttc_s) or (
        slowest is not None and slowest > params.revealed_dv_mps
    )
    return {
        "revealed_ttc_s": ttc,
        "revealed_dv_mps": None if slowest is None else number(slowest),
        "severity": "revealing" if reveals else "mild",
    }


CUT_OUT = Detector(
    name="cut_out",
    version=1,
    types=("cut_out",),
    params=Params,
    find=find,
    tags={"cut_out": "MotionCutOut"},
    doc="A lead of 2 s or more leaves the ego's lane by 0.3 m beyond the line.",
)
