"""Fast cornering and swerving of the ego vehicle."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.arrays import Bools, Floats, Times
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.episodes import Episode, Trigger
from avdataops.signals.evidence import confidence, highest, margin, number
from avdataops.signals.filters import low_pass
from avdataops.signals.held import held
from avdataops.signals.nullable import floats


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of lateral acceleration.

    Severe: 4.89 m/s2, the comfort bound of expert driving (nuPlan).  Filter: zero-phase
    Butterworth at 2 Hz, the habit for yaw rate and lateral acceleration.  Trigger, lower end and
    times are the product's own defaults.
    """

    on_mps2: float = 4.0
    off_mps2: float = 2.5
    min_s: float = 0.5
    merge_s: float = 1.0
    severe_mps2: float = 4.89
    cutoff_hz: float = 2.0


@dataclass(frozen=True, slots=True)
class _Across:
    t: Times
    speed: Floats
    accel: Floats
    """Left positive."""
    turned: Bools
    """True where it is speed times yaw rate, False where an acceleration was measured."""


def find(drive: Drive, params: Params) -> Detection:
    """Return fast corners; unknown where neither yaw rate nor lateral acceleration is known."""
    motion, unknown = _across(drive, params.cutoff_hz)
    trigger = Trigger(
        on=params.on_mps2,
        off=params.off_mps2,
        max_gap_ns=drive.ego.max_gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
    )
    lasting, cut = held(
        motion.t, np.abs(motion.accel), trigger, min_s=params.min_s, cut="corner cut by a gap"
    )
    return settle((_scene(motion, one, params) for one in lasting), [*unknown, *cut])


def _across(drive: Drive, cutoff_hz: float) -> tuple[_Across, list[Unknown]]:
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    columns = drive.ego.columns
    speed = floats(columns, "ego_speed_mps", t.size)
    rate = low_pass(t, floats(columns, "yaw_rate_radps", t.size), cutoff_hz, gap_ns)
    # Speed times yaw rate first: a measured one holds gravity wherever the road or the body tilts.
    by_turning = speed * rate
    measured = low_pass(t, floats(columns, "accel_y_mps2", t.size), cutoff_hz, gap_ns)
    turned = np.isfinite(by_turning)
    accel = np.where(turned, by_turning, measured)
    known = np.isfinite(accel)
    spans = {"lateral acceleration": known_spans(t, known, gap_ns)}
    lost = missing(drive.start_ns, drive.stop_ns, spans, gap_ns)
    return _Across(t[known], speed[known], accel[known], turned[known]), lost


def _scene(motion: _Across, episode: Episode, params: Params) -> Found:
    rows = episode.rows
    peak = float(np.abs(motion.accel[rows]).max())
    turned = bool(motion.turned[rows].all())
    left = motion.accel[episode.trigger] > 0
    return Found(
        type="high_lateral_accel",
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=confidence(margin(peak, params.on_mps2), 1.0 if turned else 0.7),
        truncated=episode.truncated,
        evidence={
            "max_abs_ay_mps2": number(peak),
            "max_speed_mps": highest(motion.speed[rows]),
            "ego_speed_mps": number(float(motion.speed[episode.onset])),
            "direction": "left" if left else "right",
            "severity": "severe" if peak >= params.severe_mps2 else "moderate",
            "source": "yaw_rate_radps and ego_speed_mps" if turned else "accel_y_mps2",
        },
    )


HIGH_LATERAL_ACCEL = Detector(
    name="high_lateral_accel",
    version=1,
    types=("high_lateral_accel",),
    params=Params,
    find=find,
    gates=(Gate(param="on_mps2", evidence="max_abs_ay_mps2", op=">="),),
    doc="Lateral acceleration of 4 m/s2 or more for at least half a second.",
)
