"""The ego vehicle setting off after a standstill."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, number
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of driving off.

    0.5 m/s is the level below which annotated motion is jitter (RefAV).  The other values are the
    product's own defaults.
    """

    still_mps: float = 0.1
    moving_mps: float = 0.5
    min_still_s: float = 2.0
    """It stood for so long before."""
    driving_mps: float = 2.0
    within_s: float = 5.0
    """From leaving until it drives."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the drive-offs, from leaving, when 0.5 m/s are passed, until 2 m/s are reached."""
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    speed = floats(drive.ego.columns, "ego_speed_mps", t.size)
    known = np.isfinite(speed)
    t, speed = t[known], np.abs(speed[known])
    spans = known_spans(drive.ego.t_ns, known, gap_ns)
    unknown = missing(drive.start_ns, drive.stop_ns, {"ego speed": spans}, gap_ns)
    trigger = Trigger(on=params.still_mps, off=params.moving_mps, max_gap_ns=gap_ns)
    found: list[Found] = []
    for stop in episodes(t, speed, trigger):
        if stop.duration_s < params.min_still_s or stop.last + 1 >= t.size:
            continue
        if int(t[stop.last + 1] - t[stop.last]) > gap_ns:
            continue
        scene, lost = _departure(t, speed, stop, params, gap_ns)
        found.extend(scene)
        unknown.extend(lost)
    return settle(found, unknown)


def _departure(
    t: Times, speed: Floats, stop: Episode, params: Params, gap_ns: int
) -> tuple[list[Found], list[Unknown]]:
    """Return what follows a standstill: a drive-off, nothing, or an end of data."""
    leaving = stop.last + 1
    rest = stop.onset + int(np.flatnonzero(speed[stop.rows] <= params.still_mps)[-1])
    deadline = int(t[leaving]) + round(params.within_s * NS_PER_S)
    after = slice(leaving, int(np.searchsorted(t, deadline, side="right")))
    gaps = np.flatnonzero(np.diff(t[after]) > gap_ns)
    whole = gaps.size == 0 and after.stop < t.size
    reach = slice(leaving, leaving + int(gaps[0]) + 1) if gaps.size else after
    driving = np.flatnonzero(speed[reach] >= params.driving_mps)
    halted = np.flatnonzero(speed[reach] <= params.still_mps)
    if driving.size and not (halted.size and halted[0] < driving[0]):
        return [_scene(t, speed, (rest, leaving, leaving + int(driving[0])), stop)], []
    if whole or halted.size:
        return [], []
    last = int(t[reach.stop - 1])
    if last <= int(t[leaving]):
        return [], []
    reason = "drive-off cut by a gap"
    return [], [Unknown(start_ns=int(t[leaving]), stop_ns=last, reason=reason)]


def _scene(t: Times, speed: Floats, rows: tuple[int, int, int], stop: Episode) -> Found:
    rest, leaving, driving = rows
    return Found(
        type="drive_off",
        start_ns=int(t[leaving]),
        stop_ns=int(t[driving]),
        confidence=confidence(0.5 + 0.1 * stop.duration_s),
        truncated=False,
        evidence={
            "stood_s": number(stop.duration_s),
            "reached_after_s": number(float(t[driving] - t[leaving]) / NS_PER_S),
            "mean_ax_mps2": number(
                float(speed[driving] - speed[rest]) / (float(t[driving] - t[rest]) / NS_PER_S)
            ),
            "ego_speed_mps": number(float(speed[driving])),
        },
    )


DRIVE_OFF = Detector(
    name="drive_off",
    version=1,
    types=("drive_off",),
    params=Params,
    find=find,
    gates=(Gate(param="within_s", evidence="reached_after_s", op="<="),),
    tags={"drive_off": "MotionAccelerate"},
    doc="After at least 2 s of standing, 2 m/s are reached within 5 s of leaving.",
)
