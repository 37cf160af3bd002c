"""What really happens in a drive: events by the scene definitions, on noiseless motion.

Every event is measured on the true arrays, not copied from the script, so that start and end mean
what a detector's definition says (thresholds beside each function).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sample_data.actors import Actor, seen_from
from sample_data.camera import camera_times
from sample_data.motion import GRID_HZ, EgoMotion
from sample_data.noise import Floats
from sample_data.sun import NIGHT_DEG, TWILIGHT_DEG
from sample_data.vehicle import FRONT_M, LANE_M
from sample_data.world import World

# Thresholds of the scene definitions.
STOPPED_MPS, LEAVING_MPS, STOPPED_S = 0.1, 0.5, 2.0
SIGNAL_M = 40.0
DRIVING_MPS, DRIVING_WITHIN_S = 2.0, 5.0
JERK_MPS3, JERK_OFF_MPS3, JERK_S, JERK_PAUSE_S = 4.13, 2.0, 0.1, 0.5
BRAKE_MPS2, BRAKE_ONSET_MPS2, BRAKE_OFF_MPS2, BRAKE_S = -3.0, -0.5, -1.5, 0.3
TURN_ON_DEGPS, TURN_OFF_DEGPS, TURN_DEG = 5.0, 3.0, 45.0
LATERAL_MPS = 0.1
SHIFT_M, INTRUSION_M = 0.375, 0.30
CROSSING_MPS, CLEAR_M = 0.2, 5.0
IMAGE_GAP_S = 0.3
RAIN_MMPH = 0.1


TOLD = (
    "cut_in",
    "day",
    "drive_off",
    "gnss_outage",
    "hard_brake",
    "high_jerk",
    "lane_change_left",
    "lane_change_right",
    "night",
    "rain",
    "sensor_dropout",
    "standstill",
    "tunnel",
    "turn_left",
    "turn_right",
    "twilight",
    "vru_crossing",
)
"""Types of which every event is told: of these, what is not in the truth did not happen."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; times are seconds since the start of the drive, half-open."""

    type: str
    start_s: float
    end_s: float
    actor: Actor | None = None
    evidence: dict[str, float | str] = field(default_factory=dict)
    """Values that a detector would report; names ending in ``_s`` are times of the drive."""


def events(world: World) -> tuple[Event, ...]:
    """Return every event in order of its start."""
    found = [
        *_standstills(world),
        *_drive_offs(world),
        *_jerks(world),
        *_hard_brakes(world),
        *_turns(world),
        *_lane_changes(world),
        *_cut_ins(world),
        *_crossings(world),
        *_tunnels(world),
        *_gnss_outages(world),
        *_dropouts(world),
        *_rain(world),
        *_light(world),
    ]
    return tuple(sorted(found, key=lambda event: (event.start_s, event.type)))


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Return the half-open index ranges in which ``mask`` is true."""
    padded = np.concatenate(([False], mask, [False])).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _time(world: World, index: int) -> float:
    t_s = world.motion.t_s
    return float(t_s[min(index, t_s.size - 1)])


def _standstills(world: World) -> Iterator[Event]:
    """From v <= 0.1 m/s until v > 0.5 m/s, at least 2 s."""
    speed = world.motion.speed_mps
    for start, stop in runs(speed <= STOPPED_MPS):
        leaving = np.flatnonzero(speed[stop:] > LEAVING_MPS)
        end = stop + int(leaving[0]) if leaving.size else speed.size - 1
        if _time(world, end) - _time(world, start) >= STOPPED_S:
            place = float(world.motion.s_m[start])
            waits = any(0.0 < signal - place <= SIGNAL_M for signal in world.signals_m)
            evidence: dict[str, float | str] = {"at": "traffic_signals"} if waits else {}
            yield Event("standstill", _time(world, start), _time(world, end), None, evidence)


def _drive_offs(world: World) -> Iterator[Event]:
    """After a standstill: from leaving it until 2 m/s, which is reached within 5 s."""
    speed = world.motion.speed_mps
    for still in _standstills(world):
        leaving = int(np.searchsorted(world.motion.t_s, still.end_s))
        driving = np.flatnonzero(speed[leaving:] >= DRIVING_MPS)
        if not driving.size or driving[0] > DRIVING_WITHIN_S * GRID_HZ:
            continue
        yield Event("drive_off", still.end_s, _time(world, leaving + int(driving[0])))


def _jerks(world: World) -> Iterator[Event]:
    """Beyond 4.13 m/s3 for 0.1 s in either direction, until below 2 m/s3 for more than 0.5 s."""
    jerk = np.abs(np.gradient(world.motion.accel_x_mps2) * GRID_HZ)
    joined: list[tuple[int, int]] = []
    for low, high in runs(jerk >= JERK_OFF_MPS3):
        strong = np.flatnonzero(jerk[low:high] >= JERK_MPS3)
        if not strong.size or high - low - int(strong[0]) < JERK_S * GRID_HZ:
            continue
        start = low + int(strong[0])
        if joined and start - joined[-1][1] <= JERK_PAUSE_S * GRID_HZ:
            start = joined.pop()[0]
        joined.append((start, high))
    for start, stop in joined:
        peak = float(jerk[start:stop].max())
        times = (_time(world, start), _time(world, stop))
        yield Event("high_jerk", *times, None, {"max_jerk_mps3": peak})


def _hard_brakes(world: World) -> Iterator[Event]:
    """a_x <= -3 m/s2 for 0.3 s; from the last crossing of -0.5 before until a_x > -1.5."""
    motion = world.motion
    for first, last in runs(motion.accel_x_mps2 <= BRAKE_MPS2):
        before = np.flatnonzero(motion.accel_x_mps2[:first] > BRAKE_ONSET_MPS2)
        after = np.flatnonzero(motion.accel_x_mps2[last:] > BRAKE_OFF_MPS2)
        start, stop = int(before[-1]) + 1, last + int(after[0])
        if last - first >= BRAKE_S * GRID_HZ:
            yield Event(
                "hard_brake",
                _time(world, start),
                _time(world, stop),
                evidence={
                    "min_accel_mps2": float(motion.accel_x_mps2[first:last].min()),
                    "speed_before_mps": float(motion.speed_mps[start]),
                },
            )


def _turns(world: World) -> Iterator[Event]:
    """Yaw rate beyond 5 deg/s of one sign until below 3 deg/s, at least 45 degrees in total."""
    motion = world.motion
    for sign, label in ((1.0, "turn_left"), (-1.0, "turn_right")):
        rate = sign * np.degrees(motion.yaw_rate_rps)
        for low, high in runs(rate > TURN_OFF_DEGPS):
            strong = np.flatnonzero(rate[low:high] > TURN_ON_DEGPS)
            turned = sign * float(motion.heading_rad[high] - motion.heading_rad[low])
            if strong.size and np.degrees(turned) >= TURN_DEG:
                yield Event(
                    label,
                    _time(world, low + int(strong[0])),
                    _time(world, high),
                    evidence={"turned_deg": sign * float(np.degrees(turned))},
                )


def _lane_changes(world: World) -> Iterator[Event]:
    """While the speed across the road is at least 0.1 m/s around the crossing of a line."""
    motion = world.motion
    for sign, label in ((1.0, "lane_change_left"), (-1.0, "lane_change_right")):
        for start, stop in runs(sign * motion.offset_rate_mps >= LATERAL_MPS):
            lane = np.floor(motion.offset_m[start:stop] / LANE_M)
            crossed = np.flatnonzero(np.diff(lane))
            if crossed.size:
                crossing = _time(world, start + int(crossed[0]) + 1)
                evidence: dict[str, float | str] = {
                    "crossing_s": crossing,
                    "max_lateral_mps": sign
                    * float((sign * motion.offset_rate_mps[start:stop]).max()),
                }
                yield Event(label, _time(world, start), _time(world, stop), None, evidence)


def _cut_ins(world: World) -> Iterator[Event]:
    """From a lateral shift of 0.375 m until the other's lateral speed falls below 0.1 m/s."""
    for actor in world.actors:
        if actor.role != "cut_in":
            continue
        path = actor.path
        shift = path.offset_m - path.offset_m[0]
        rate = np.gradient(path.offset_m, path.t_s)
        near_edge = path.offset_m + 0.5 * actor.size.width_m
        intrusion = int(np.flatnonzero(near_edge >= -LANE_M + INTRUSION_M)[0])
        start = int(np.flatnonzero(shift > SHIFT_M)[0])
        end = intrusion + int(np.flatnonzero(rate[intrusion:] < LATERAL_MPS)[0])
        ego = world.ego(path.t_s[[intrusion]])
        gap, closing = _gap(world, actor, path.t_s[[intrusion]])
        evidence: dict[str, float | str] = {
            "intrusion_s": float(path.t_s[intrusion]),
            "gap_m": gap,
            "closing_mps": closing,
            "ttc_s": gap / closing,
            "ego_speed_mps": float(ego.speed_mps[0]),
            "lateral_mps": float(rate[intrusion]),
        }
        yield Event("cut_in", float(path.t_s[start]), float(path.t_s[end]), actor, evidence)


def _gap(world: World, actor: Actor, t_s: Floats) -> tuple[float, float]:
    """Return bumper gap [m] and closing speed [m/s] to a vehicle ahead."""
    ego: EgoMotion = world.ego(t_s)
    seen = seen_from(ego, actor.at(t_s))
    gap = float(seen.x_m[0]) - actor.size.length_m / 2 - FRONT_M
    return gap, float(ego.speed_mps[0] - seen.vx_mps[0])


def _crossings(world: World) -> Iterator[Event]:
    """While the walker ahead is within 5 m of ego's axis; enters and leaves are ego's lane."""
    for actor in world.actors:
        if actor.role != "crossing":
            continue
        t_s = actor.path.t_s
        ego = world.ego(t_s)
        seen = seen_from(ego, actor.at(t_s))
        reach = np.maximum(15.0, 4.0 * ego.speed_mps)
        walking = np.gradient(actor.path.offset_m, t_s) > CROSSING_MPS
        excursion = (np.abs(seen.y_m) <= CLEAR_M) & walking
        ahead = (seen.x_m > 0.0) & (seen.x_m < reach)
        inside = excursion & (np.abs(seen.y_m) <= LANE_M / 2) & ahead
        (start, stop), *_ = runs(excursion)
        (enters, leaves), *_ = runs(inside)
        evidence: dict[str, float | str] = {
            "enters_s": float(t_s[enters]),
            "leaves_s": float(t_s[leaves]),
            "ahead_at_entry_m": float(seen.x_m[enters]),
        }
        yield Event("vru_crossing", float(t_s[start]), float(t_s[stop]), actor, evidence)


def _tunnels(world: World) -> Iterator[Event]:
    """While ``base_link`` is under the roof."""
    for start, stop in runs(world.in_tunnel(world.motion.s_m)):
        length = float(world.motion.s_m[stop] - world.motion.s_m[start])
        yield Event("tunnel", _time(world, start), _time(world, stop), None, {"length_m": length})


def _gnss_outages(world: World) -> Iterator[Event]:
    """While the receiver has no fix."""
    for span in world.gnss_outages:
        yield Event("gnss_outage", span.start, span.stop, None, {"stream": "/gnss/fix"})


def _dropouts(world: World) -> Iterator[Event]:
    """From the last picture before a gap of more than 0.3 s to the first after it."""
    t_s = camera_times(world)
    for index in np.flatnonzero(np.diff(t_s) > IMAGE_GAP_S).tolist():
        evidence: dict[str, float | str] = {"stream": "/camera/front/image/compressed"}
        yield Event("sensor_dropout", float(t_s[index]), float(t_s[index + 1]), None, evidence)


def _rain(world: World) -> Iterator[Event]:
    """From 0.1 mm/h on."""
    t_s = world.motion.t_s
    for start, stop in runs(world.rain(t_s) >= RAIN_MMPH):
        evidence: dict[str, float | str] = {"max_mmph": float(world.rain(t_s).max())}
        yield Event("rain", _time(world, start), _time(world, stop), None, evidence)


def _light(world: World) -> Iterator[Event]:
    """Sun below -6 degrees is night, up to -0.833 degrees twilight, above it day."""
    elevation = world.sun_deg(world.motion.t_s)
    night = elevation < NIGHT_DEG
    day = elevation > TWILIGHT_DEG
    for label, mask in (("night", night), ("twilight", ~night & ~day), ("day", day)):
        for start, stop in runs(mask):
            yield Event(label, _time(world, start), _time(world, stop))
