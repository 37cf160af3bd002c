"""The ego vehicle driving backwards."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger
from avdataops.signals.evidence import confidence, integral, lowest, margin, number
from avdataops.signals.held import held
from avdataops.signals.nullable import floats, is_text, words


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of reversing; all are the product's own defaults.

    0.3 m/s is above what a wheel speed sensor still resolves and below any manoeuvre.
    """

    on_mps: float = -0.3
    off_mps: float = -0.1
    min_s: float = 1.0
    merge_s: float = 1.0


@dataclass(frozen=True, slots=True)
class _Signed:
    t: Times
    speed: Floats
    """Negative backwards."""
    geared: Bools
    """The gear was known."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the reversing; unknown where neither the gear nor the sign of the speed is known."""
    motion, unknown = _signed(drive)
    trigger = Trigger(
        on=params.on_mps,
        off=params.off_mps,
        max_gap_ns=drive.ego.max_gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    lasting, cut = held(
        motion.t, motion.speed, trigger, min_s=params.min_s, cut="reversing cut by a gap"
    )
    return settle((_scene(motion, one, params) for one in lasting), [*unknown, *cut])


def _signed(drive: Drive) -> tuple[_Signed, list[Unknown]]:
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    speed = floats(drive.ego.columns, "ego_speed_mps", t.size)
    gear = words(drive.ego.columns, "gear", t.size)
    geared = is_text(gear)
    # A source that never went below zero may be one that cannot.
    has_sign = bool(np.any(speed < 0))
    speed = np.where(geared & (gear == "R"), -np.abs(speed), speed)
    known = np.isfinite(speed) & (geared | has_sign)
    spans = {
        "ego speed": known_spans(t, np.isfinite(speed), gap_ns),
        "gear, nor a speed with a sign": known_spans(t, known, gap_ns),
    }
    lost = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    return _Signed(t[known], speed[known], geared[known]), lost


def _scene(motion: _Signed, episode: Episode, params: Params) -> Found:
    rows = episode.rows
    slowest = float(motion.speed[rows].min())
    geared = bool(motion.geared[rows].all())
    return Found(
        type="reversing",
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=confidence(margin(slowest, params.on_mps), 1.0 if geared else 0.8),
        truncated=episode.truncated,
        evidence={
            "min_speed_mps": lowest(motion.speed[rows]),
            "distance_m": number(abs(integral(motion.t[rows], motion.speed[rows]))),
            "duration_s": number(episode.duration_s),
            "ego_speed_mps": number(float(motion.speed[episode.onset])),
            "source": "gear" if geared else "sign of ego_speed_mps",
        },
    )


REVERSING = Detector(
    name="reversing",
    version=1,
    types=("reversing",),
    params=Params,
    find=find,
    gates=(Gate(param="on_mps", evidence="min_speed_mps", op="<="),),
    tags={"reversing": "MotionReverse"},
    doc="Backwards faster than 0.3 m/s for at least a second, by gear or sign of the speed.",
)
