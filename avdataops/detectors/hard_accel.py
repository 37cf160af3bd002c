"""Hard acceleration of the ego vehicle."""

from dataclasses import dataclass

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.coverage import settle
from avdataops.signals.ego_motion import Along, along
from avdataops.signals.episodes import Episode, Trigger
from avdataops.signals.evidence import confidence, highest, integral, margin, number
from avdataops.signals.held import held


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of hard acceleration.

    Trigger: 2.40 m/s2, the upper comfort bound of expert driving (nuPlan).  Filter: zero-phase
    2nd-order Butterworth at 1 Hz, the habit for naturalistic driving data.  The lower end of the
    hysteresis, the times and the class `strong` are the product's own defaults.
    """

    on_mps2: float = 2.4
    off_mps2: float = 1.2
    onset_mps2: float = 0.5
    """The onset goes back to where the acceleration began, as a person would mark it."""
    onset_within_s: float = 2.0
    """But no further before ``off_mps2`` was passed: pulling away gently is no part of it."""
    min_s: float = 0.5
    merge_s: float = 1.0
    strong_mps2: float = 3.5
    cutoff_hz: float = 1.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the hard accelerations; unknown where neither acceleration nor speed is known."""
    motion, unknown = along(drive, params.cutoff_hz)
    trigger = Trigger(
        on=params.on_mps2,
        off=params.off_mps2,
        max_gap_ns=drive.ego.max_gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
        onset=params.onset_mps2,
        onset_within_ns=round(params.onset_within_s * NS_PER_S),
    )
    lasting, cut = held(
        motion.t, motion.accel_mps2, trigger, min_s=params.min_s, cut="acceleration cut by a gap"
    )
    return settle((_scene(motion, one, params) for one in lasting), [*unknown, *cut])


def _scene(motion: Along, episode: Episode, params: Params) -> Found:
    rows = episode.rows
    t, accel, speed = motion.t[rows], motion.accel_mps2[rows], motion.speed_mps[rows]
    peak = float(accel.max())
    gained, expected = float(speed[-1] - speed[0]), integral(t, accel)
    return Found(
        type="hard_accel",
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        # Speed that did not rise as the acceleration says makes one of the two a lie.
        confidence=confidence(
            margin(peak, params.on_mps2), 1.0 - abs(gained - expected) / max(abs(expected), 1.0)
        ),
        truncated=episode.truncated,
        evidence={
            "max_ax_mps2": highest(accel),
            "mean_ax_mps2": number(float(accel.mean())),
            "dv_mps": number(gained),
            "v_start_mps": number(float(speed[0])),
            "ego_speed_mps": number(float(speed[0])),
            "severity": "strong" if peak >= params.strong_mps2 else "moderate",
            "source": motion.source(rows),
        },
    )


HARD_ACCEL = Detector(
    name="hard_accel",
    version=2,
    types=("hard_accel",),
    params=Params,
    find=find,
    gates=(Gate(param="on_mps2", evidence="max_ax_mps2", op=">="),),
    tags={"hard_accel": "MotionAccelerate"},
    doc="Acceleration of 2.4 m/s2 or more for at least half a second.",
)
