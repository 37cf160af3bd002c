"""Which frames are worth a label: by how far the ego has moved, and how unlike the last one is."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.pictures import distance_bits

_LONGEST_STEP_NS = NS_PER_S // 2
"""Ego samples further apart tell nothing about the way between them."""
_UNKNOWN_S = 0.2
"""With more unknown time between two frames nobody can say how far the ego moved."""

_RATE_SLACK = 0.9
"""Frames at about the rate must not lose every second one to jitter."""
_PASSED = ("rate", "still")
_IF_NEW = ("distance", "heading", "motion_unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a frame is kept as a keyframe.

    Distance and heading are the defaults by which LIO-SAM adds keyframes; the rate is that of the
    annotated frames of nuScenes; the near-duplicate limit is habitual for 64-bit hashes.
    """

    distance_m: float = 1.0
    """Since the last keyframe of the stream; or"""
    heading_rad: float = 0.2
    heartbeat_s: float = 10.0
    """At the latest after this long, even at a standstill and even if nothing changed."""
    max_rate_hz: float = 2.0
    """And never more often than this."""
    near_duplicate_bits: int = 6
    """Pictures whose perceptual hashes differ in no more bits are no news; -1 keeps them."""


@dataclass(frozen=True, slots=True)
class Path:
    """The way of the ego at frame times: way and heading since the start, and unknown time."""

    way_m: Floats
    heading_rad: Floats
    unknown_s: Floats


@dataclass(frozen=True, slots=True)
class Keyframe:
    """One frame that is kept, and why."""

    row: int
    reason: str
    """first, distance, heading, heartbeat, or motion_unknown."""
    moved_m: float | None = None
    """Since the keyframe before; None for the first and where it is not known."""
    turned_rad: float | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The keyframes of one stream, and how many frames were passed over why."""

    keyframes: tuple[Keyframe, ...]
    dropped: dict[str, int]


def path_at(t: Times, speed_mps: Floats, yaw_rate_radps: Floats, at: Times) -> Path:
    """Return the way at the times ``at`` by trapezoids over ego samples at sorted times ``t``.

    Where speed or yaw rate is unknown, between samples further apart than 0.5 s, and outside of
    them, the way stands still and unknown time goes on.
    """
    if at.size == 0 or t.size == 0:
        nothing = np.zeros(at.size)
        since = (at - at[0]) / NS_PER_S if at.size else nothing
        return Path(nothing, nothing, np.asarray(since, dtype=np.float64))
    ends = (min(int(at.min()), int(t[0])), max(int(at.max()), int(t[-1])))
    whole = np.concatenate(([ends[0]], t, [ends[1]]))
    speed, rate = (np.concatenate(([np.nan], x, [np.nan])) for x in (speed_mps, yaw_rate_radps))
    step_ns = np.diff(whole)
    step_s = step_ns / NS_PER_S
    known = np.isfinite(speed[1:] + speed[:-1] + rate[1:] + rate[:-1])
    known &= step_ns <= _LONGEST_STEP_NS

    def total(x: Floats) -> Floats:
        parts = np.where(known, 0.5 * (x[1:] + x[:-1]) * step_s, 0.0)
        return _at(whole, np.append(0.0, np.cumsum(parts)), at)

    lost = np.append(0.0, np.cumsum(np.where(known, 0.0, step_s)))
    return Path(total(np.abs(speed)), total(rate), _at(whole, lost, at))


def _at(t: Times, x: Floats, at: Times) -> Floats:
    x_at = np.interp((at - t[0]).astype(np.float64), (t - t[0]).astype(np.float64), x)
    return np.asarray(x_at, dtype=np.float64)


def choose(t: Times, path: Path, hashes: list[int | None], policy: Policy) -> Chosen:
    """Return the keyframes of frames at sorted times ``t``, with a path and a hash per frame.

    Each frame is held against the last keyframe.  Where the motion between the two is unknown, the
    ego is taken to move: data must not get lost because a sensor of the car did.
    """
    kept: list[Keyframe] = []
    dropped: Counter[str] = Counter()
    for row in range(t.size):
        frame = _judged(row, kept[-1].row if kept else None, t, path, policy)
        if frame.reason in _PASSED:
            dropped[frame.reason] += 1
        elif frame.reason in _IF_NEW and _near(hashes[row], hashes[kept[-1].row], policy):
            dropped["near_duplicate"] += 1
        else:
            kept.append(frame)
    return Chosen(tuple(kept), dict(dropped))


def _judged(row: int, last: int | None, t: Times, path: Path, policy: Policy) -> Keyframe:
    """Return a frame with the reason to keep it or to pass it over."""
    if last is None:
        return Keyframe(row, "first")
    since_s = float(t[row] - t[last]) / NS_PER_S
    moved_m = float(path.way_m[row] - path.way_m[last])
    turned_rad = float(path.heading_rad[row] - path.heading_rad[last])
    if path.unknown_s[row] - path.unknown_s[last] > _UNKNOWN_S:
        reason = "motion_unknown"
        told: tuple[float | None, float | None] = (None, None)
    else:
        far, bent = moved_m >= policy.distance_m, abs(turned_rad) >= policy.heading_rad
        reason = "distance" if far else "heading" if bent else "still"
        told = (moved_m, turned_rad)
    if since_s >= policy.heartbeat_s:
        return Keyframe(row, "heartbeat", *told)
    too_soon = since_s * policy.max_rate_hz < _RATE_SLACK
    return Keyframe(row, "rate" if too_soon else reason, *told)


def _near(one: int | None, other: int | None, policy: Policy) -> bool:
    if one is None or other is None:
        return False
    return distance_bits(one, other) <= policy.near_duplicate_bits
