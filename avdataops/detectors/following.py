"""The ego vehicle following another: at nearly its speed, and closer than is good."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.arrays import Bools, Floats
from avdataops.signals.coverage import settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, highest, lowest, margin, middle, number
from avdataops.signals.held import long_enough
from avdataops.signals.intervals import hysteresis
from avdataops.signals.traffic import EgoBox, Track, Traffic, smoothed, traffic


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of following.

    Time headway tells potential danger (Vogel 2003); below 1.0 s is close, below 0.6 s and 0.3 s
    are the product's own classes.  UN R157 asks for 1.0 s at 7.2 km/h to 1.6 s at 60 km/h.  The
    other values are the product's own defaults.
    """

    max_thw_s: float = 3.0
    max_dv_mps: float = 2.0
    min_speed_mps: float = 5.0
    min_s: float = 5.0
    merge_s: float = 1.0
    close_thw_s: float = 1.0
    close_off_thw_s: float = 1.2
    close_min_speed_mps: float = 8.3
    close_off_speed_mps: float = 7.5
    """Once fast enough it goes on down to this: noise of the speed cuts no scene into pieces."""
    close_min_s: float = 3.0
    after_cut_in_s: float = 3.0
    """For so long after another came in from beside, the distance is not the ego's choice."""
    high_thw_s: float = 0.6
    extreme_thw_s: float = 0.3
    ego_front_m: float = 3.7
    ego_width_m: float = 1.9
    lane_width_m: float = 3.5
    cutoff_hz: float = 1.0


_PREDICTED = 0.7
"""Confidence at most without lane lines."""


def find(drive: Drive, params: Params) -> Detection:
    """Return following and close following; the actor is the lead's track id at the start."""
    box = EgoBox(
        front_m=params.ego_front_m, width_m=params.ego_width_m, lane_width_m=params.lane_width_m
    )
    around = traffic(drive, box)
    limit_s = max(params.max_thw_s, params.close_off_thw_s)
    near = around.is_lead & (around.thw_s <= limit_s)
    found: list[Found] = []
    unknown = list(around.unknown)
    for rows in around.tracks_where(near):
        track = smoothed(around, rows, params.cutoff_hz)
        for name, lasting, cut in _of_track(track, around, params):
            found.extend(_scene(name, track, one, params) for one in lasting)
            unknown.extend(cut)
    return settle(found, unknown)


def _of_track(
    track: Track, around: Traffic, params: Params
) -> Iterator[tuple[str, list[Episode], list[Unknown]]]:
    gap_ns = around.users.max_gap_ns
    steady = (
        _led(track)
        & (track.thw_s <= params.max_thw_s)
        & (np.abs(track.closing_mps) <= params.max_dv_mps)
        & (track.seen.ego_mps > params.min_speed_mps)
    )
    trigger = Trigger(on=1.0, off=0.5, max_gap_ns=gap_ns, merge_ns=round(params.merge_s * NS_PER_S))
    t = track.seen.t
    following = episodes(t, steady.astype(np.float64), trigger)
    yield ("following", *long_enough(t, following, min_s=params.min_s, cut="following cut"))
    chosen = _led(track) & _fast(track, params, gap_ns)
    chosen &= ~_just_cut_in(track, params)
    headway = np.where(chosen, track.thw_s, np.inf)
    close = Trigger(on=params.close_thw_s, off=params.close_off_thw_s, max_gap_ns=gap_ns)
    tight = episodes(t, headway, close)
    yield (
        "close_following",
        *long_enough(t, tight, min_s=params.close_min_s, cut="close following cut"),
    )


def _fast(track: Track, params: Params, gap_ns: int) -> Bools:
    """Return where the ego is fast enough for close following to count."""
    speed = track.seen.ego_mps
    runs = hysteresis(
        track.seen.t,
        speed,
        on=params.close_min_speed_mps,
        off=params.close_off_speed_mps,
        max_gap_ns=gap_ns,
    )
    edges = np.zeros(speed.size + 1, dtype=np.int64)
    np.add.at(edges, runs.start, 1)
    np.add.at(edges, runs.stop, -1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)


def _led(track: Track) -> Bools:
    """Return where it leads, with single lost rows filled: noise at a line is no lane change."""
    lead = track.is_lead
    before, after = np.append(lead[:1], lead[:-1]), np.append(lead[1:], lead[-1:])
    return np.asarray(lead | (before & after))


def _just_cut_in(track: Track, params: Params) -> Bools:
    """Return where the vehicle came in from beside a moment ago."""
    t = track.seen.t
    outside = np.abs(track.offset_m) - track.seen.reach_y_m > track.seen.half_width_m
    inside = np.abs(track.offset_m) <= track.seen.half_width_m
    entered = np.flatnonzero(inside[1:] & ~inside[:-1]) + 1
    recent = np.zeros(t.size, dtype=np.bool_)
    for row in entered.tolist():
        if outside[:row].any():
            stop = int(t[row]) + round(params.after_cut_in_s * NS_PER_S)
            recent |= (t >= t[row]) & (t < stop)
    return recent


def _scene(name: str, track: Track, episode: Episode, params: Params) -> Found:
    rows = episode.rows
    seen = track.seen
    thw: Floats = track.thw_s[rows]
    least = float(np.nanmin(thw))
    is_close = name == "close_following"
    threshold = params.close_thw_s if is_close else params.max_thw_s
    by_lines = bool(seen.by_lines[rows].all())
    clear = margin(1.0 / max(least, 0.05), 1.0 / threshold)
    return Found(
        type=name,
        actor=str(seen.track_id[episode.trigger]),
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=confidence(clear, 1.0 if by_lines else _PREDICTED),
        truncated=episode.truncated,
        evidence={
            "min_thw_s": lowest(thw),
            "mean_thw_s": middle(thw),
            "min_gap_m": lowest(track.gap_m[rows]),
            "max_abs_dv_mps": highest(np.abs(track.closing_mps[rows])),
            "ego_speed_mps": number(float(seen.ego_mps[episode.trigger])),
            "max_speed_mps": highest(seen.ego_mps[rows]),
            "duration_s": number(episode.duration_s),
            "object_class": seen.object_class[episode.trigger],
            "corridor": "lane lines" if by_lines else "predicted path",
            "severity": _severity(least, params) if is_close else "normal",
        },
    )


def _severity(least_thw_s: float, params: Params) -> str:
    if least_thw_s < params.extreme_thw_s:
        return "extreme"
    return "high" if least_thw_s < params.high_thw_s else "moderate"


FOLLOWING = Detector(
    name="following",
    version=2,
    types=("following", "close_following"),
    params=Params,
    find=find,
    gates=(
        Gate(param="max_thw_s", evidence="mean_thw_s", op="<=", types=("following",)),
        Gate(
            param="close_thw_s",
            evidence="min_thw_s",
            op="<=",
            also=("close_off_thw_s",),
            types=("close_following",),
        ),
    ),
    tags={"following": "MotionDrive"},
    doc="A lead within 3 s at nearly the same speed for 5 s; closer than 1 s for 3 s.",
)
