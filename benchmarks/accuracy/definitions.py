"""How exactly each scene type must be found, and the bars that it must reach."""

from dataclasses import dataclass

KINEMATICS_S, INTERACTIONS_S, CONTEXT_S, ENVIRONMENT_S = 1.0, 2.0, 3.0, 300.0
"""How far an onset may be off, by family."""

KINEMATICS = (
    "hard_brake", "hard_accel", "high_jerk", "high_lateral_accel", "turn_left", "turn_right",
    "standstill", "drive_off", "reversing", "u_turn",
)  # fmt: skip
CONTEXT = (
    "junction", "roundabout", "tunnel", "bridge", "pedestrian_crossing", "school_zone",
    "rail_crossing", "construction", "traffic_light_stop", "speeding",
    "sensor_dropout", "gnss_outage", "clock_anomaly", "frozen_sensor",
)  # fmt: skip
ENVIRONMENT = (
    "rain", "wet_road", "snow", "fog", "night", "twilight", "day", "low_sun_glare",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What one type must reach."""

    type: str
    f1: float
    onset_p95_s: float | None = None
    condition: str = ""


BARS = (
    *(
        Bar(type=name, f1=0.98, onset_p95_s=0.2)
        for name in ("hard_brake", "hard_accel", "turn_left", "turn_right", "standstill")
    ),
    Bar(type="lane_change_left", f1=0.97),
    Bar(type="lane_change_right", f1=0.97),
    Bar(type="lane_change_left", f1=0.85, condition="no lane lines"),
    Bar(type="lane_change_right", f1=0.85, condition="no lane lines"),
    Bar(type="cut_in", f1=0.95),
    Bar(type="cut_out", f1=0.95),
    Bar(type="overtake", f1=0.97),
    Bar(type="vru_crossing", f1=0.93),
    Bar(type="near_collision", f1=0.95),
    Bar(type="close_following", f1=0.95),
    Bar(type="lead_brake", f1=0.95),
    Bar(type="night", f1=1.0, onset_p95_s=60.0),
    Bar(type="twilight", f1=1.0, onset_p95_s=60.0),
)


def tolerance_s(kind: str) -> float:
    """Return how far the onset of a scene type may be off."""
    if kind in KINEMATICS:
        return KINEMATICS_S
    if kind in CONTEXT:
        return CONTEXT_S
    return ENVIRONMENT_S if kind in ENVIRONMENT else INTERACTIONS_S
