"""Jerks of the ego vehicle along x: braking or accelerating that sets in abruptly."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.arrays import Floats, Pairs
from avdataops.signals.coverage import settle
from avdataops.signals.ego_motion import Along, along
from avdataops.signals.episodes import Episode, Trigger
from avdataops.signals.evidence import confidence, highest, lowest, margin, number
from avdataops.signals.filters import derivative
from avdataops.signals.held import held
from avdataops.signals.intervals import inside, merge_close


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a jerk.

    Trigger: 4.13 m/s3, the comfort bound of expert driving (nuPlan); a critical jerk tells near
    crashes better than deceleration does (Bagdadi 2013).  Derived from acceleration through a
    zero-phase Butterworth at 1 Hz.  Lower end and times are the product's own defaults.
    """

    on_mps3: float = 4.13
    off_mps3: float = 2.0
    min_s: float = 0.1
    merge_s: float = 0.5
    cutoff_hz: float = 1.0
    switch_s: float = 0.5
    """Where one source of the acceleration ends and the other goes on, a step between them is no
    jerk; so far on either side the filter feels the end of its data (half a period of 1 Hz)."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the jerks of either sign; unknown where the acceleration is."""
    motion, unknown = along(drive, params.cutoff_hz)
    gap_ns = drive.ego.max_gap_ns
    jerk = derivative(motion.t, motion.accel_mps2, gap_ns)
    changes = _changes_of_source(motion, round(params.switch_s * NS_PER_S))
    known = np.isfinite(jerk) & ~inside(changes, motion.t)
    unknown += [
        Unknown(start_ns=start, stop_ns=stop, reason="the source of the acceleration changes")
        for start, stop in changes.tolist()
    ]
    kept = Along(
        motion.t[known], motion.speed_mps[known], motion.accel_mps2[known], motion.measured[known]
    )
    trigger = Trigger(
        on=params.on_mps3,
        off=params.off_mps3,
        max_gap_ns=gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    lasting, cut = held(
        kept.t, np.abs(jerk[known]), trigger, min_s=params.min_s, cut="jerk cut by a gap"
    )
    found = (_scene(kept, jerk[known], one, params) for one in lasting)
    return settle(found, [*unknown, *cut])


def _changes_of_source(motion: Along, margin_ns: int) -> Pairs:
    """Return the stretches about the rows at which another source goes on."""
    rows = np.flatnonzero(np.diff(motion.measured.astype(np.int8)))
    around = np.column_stack((motion.t[rows] - margin_ns, motion.t[rows + 1] + margin_ns))
    return merge_close(np.asarray(around, dtype=np.int64), 0)


def _scene(motion: Along, jerk: Floats, episode: Episode, params: Params) -> Found:
    rows = episode.rows
    peak = float(np.abs(jerk[rows]).max())
    first = float(jerk[episode.trigger])
    measured = bool(motion.measured[rows].all())
    return Found(
        type="high_jerk",
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        # Twice derived from a speed, a jerk is mostly the speed's noise.
        confidence=confidence(margin(peak, params.on_mps3), 1.0 if measured else 0.5),
        truncated=episode.truncated,
        evidence={
            "max_abs_jerk_mps3": number(peak),
            "min_jerk_mps3": lowest(jerk[rows]),
            "max_jerk_mps3": highest(jerk[rows]),
            "min_ax_mps2": lowest(motion.accel_mps2[rows]),
            "ego_speed_mps": number(float(motion.speed_mps[episode.onset])),
            "direction": "braking" if first < 0 else "accelerating",
            "source": motion.source(rows),
        },
    )


HIGH_JERK = Detector(
    name="high_jerk",
    version=2,
    types=("high_jerk",),
    params=Params,
    find=find,
    gates=(Gate(param="on_mps3", evidence="max_abs_jerk_mps3", op=">=", also=("off_mps3",)),),
    doc="Jerk along x of 4.13 m/s3 or more in either direction.",
)
