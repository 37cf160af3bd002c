"""Hard braking of the ego vehicle."""

from dataclasses import dataclass

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate, Unknown
from avdataops.signals.coverage import settle
from avdataops.signals.ego_motion import Along, along
from avdataops.signals.episodes import Episode, Trigger, episodes
from avdataops.signals.evidence import confidence, integral, lowest, margin, number
from avdataops.signals.filters import derivative


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of hard braking.

    Trigger: -3.0 m/s2, hard-braking events of connected vehicles (Google Research 2026).  Severity:
    high from -4.05 m/s2 (nuPlan comfort bound), emergency from -5.0 m/s2 (UN R157).  Filter:
    zero-phase 2nd-order Butterworth at 1 Hz, the habit for naturalistic driving data.
    """

    on_mps2: float = -3.0
    off_mps2: float = -1.5
    onset_mps2: float = -0.5
    """The onset goes back to where braking began, as a person would mark it."""
    onset_within_s: float = 2.0
    """But no further before ``off_mps2`` was passed: rolling up to a light with a foot on the brake
    for many seconds is braking of its own, which then becomes hard."""
    min_s: float = 0.3
    """From the trigger to the end."""
    merge_s: float = 1.0
    min_start_mps: float = 2.8
    """Slower starts are the last jerk of a stop or of parking."""
    high_mps2: float = -4.05
    emergency_mps2: float = -5.0
    cutoff_hz: float = 1.0


def find(drive: Drive, params: Params) -> Detection:
    """Return the hard brakes; unknown where neither acceleration nor its substitute is known."""
    gap_ns = drive.ego.max_gap_ns
    motion, lost = along(drive, params.cutoff_hz)
    found: list[Found] = []
    unknown = list(lost)
    trigger = Trigger(
        on=params.on_mps2,
        off=params.off_mps2,
        max_gap_ns=gap_ns,
        merge_ns=round(params.merge_s * NS_PER_S),
        onset=params.onset_mps2,
        onset_within_ns=round(params.onset_within_s * NS_PER_S),
    )
    for episode in episodes(motion.t, motion.accel_mps2, trigger):
        held_s = (episode.stop_ns - int(motion.t[episode.trigger])) / NS_PER_S
        if motion.speed_mps[episode.onset] < params.min_start_mps:
            continue
        if held_s >= params.min_s:
            found.append(_scene(motion, episode, params, gap_ns))
        elif episode.truncated:
            unknown.append(
                Unknown(
                    start_ns=episode.start_ns,
                    stop_ns=episode.stop_ns,
                    reason="braking cut by a gap",
                )
            )
    return settle(found, unknown)


def _scene(motion: Along, episode: Episode, params: Params, gap_ns: int) -> Found:
    rows = episode.rows
    t, accel, speed = motion.t[rows], motion.accel_mps2[rows], motion.speed_mps[rows]
    least = float(accel.min())
    change = float(speed[-1] - speed[0])
    jerk = derivative(t, accel, gap_ns)
    return Found(
        type="hard_brake",
        start_ns=episode.start_ns,
        stop_ns=episode.stop_ns,
        confidence=confidence(
            margin(least, params.on_mps2), _agreement(change, integral(t, accel))
        ),
        truncated=episode.truncated,
        evidence={
            "min_ax_mps2": number(least),
            "mean_ax_mps2": number(float(accel.mean())),
            "min_jerk_mps3": lowest(jerk),
            "dv_mps": number(change),
            "v_start_mps": number(float(speed[0])),
            "ego_speed_mps": number(float(speed[0])),
            "severity": _severity(least, params),
            "source": motion.source(rows),
        },
    )


def _agreement(change_mps: float, braked_mps: float) -> float:
    """Return 1 where speed fell as the acceleration says, 0 where one contradicts the other."""
    return 1.0 - abs(change_mps - braked_mps) / max(abs(braked_mps), 1.0)


def _severity(least_mps2: float, params: Params) -> str:
    if least_mps2 <= params.emergency_mps2:
        return "emergency"
    return "high" if least_mps2 <= params.high_mps2 else "moderate"


HARD_BRAKE = Detector(
    name="hard_brake",
    version=2,
    types=("hard_brake",),
    params=Params,
    find=find,
    gates=(Gate(param="on_mps2", evidence="min_ax_mps2", op="<="),),
    tags={"hard_brake": "MotionDecelerate"},
    doc="Acceleration of -3 m/s2 or less from at least 2.8 m/s.",
)
