"""Motion of the ego vehicle without noise, every quantity the exact derivative of another."""

from dataclasses import dataclass, fields

import numpy as np
from scipy.integrate import cumulative_trapezoid

from sample_data.noise import Floats
from sample_data.plan import Plan
from sample_data.vehicle import RIGHT_LANE_M

GRID_HZ = 200.0
_ROUNDING_MPS = 1e-9
"""Sums of ramps that should cancel to standstill leave less than this."""


@dataclass(frozen=True, slots=True)
class EgoMotion:
    """State of ``base_link`` over time; all arrays have the same length.

    East-north frame of the map, heading from east counter-clockwise (unwrapped), SI units.
    """

    t_s: Floats
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    speed_mps: Floats
    accel_x_mps2: Floats
    accel_y_mps2: Floats
    yaw_rate_rps: Floats
    offset_m: Floats
    """Lateral offset from the road's centre line, left positive."""
    offset_rate_mps: Floats
    road_heading_rad: Floats
    s_m: Floats
    """Distance along the road's centre line since the start."""


def ramp(t_s: Floats, start_s: float, duration_s: float) -> Floats:
    """Return the rise from 0 to 1 whose rate is a raised cosine (bounded third derivative)."""
    phase = np.clip((t_s - start_s) / duration_s, 0.0, 1.0)
    return phase - np.sin(2.0 * np.pi * phase) / (2.0 * np.pi)


def ramp_rate(t_s: Floats, start_s: float, duration_s: float) -> Floats:
    """Return the time derivative of ``ramp`` [1/s]."""
    phase = np.clip((t_s - start_s) / duration_s, 0.0, 1.0)
    return (1.0 - np.cos(2.0 * np.pi * phase)) / duration_s


def _ramp_acceleration(t_s: Floats, start_s: float, duration_s: float) -> Floats:
    phase = np.clip((t_s - start_s) / duration_s, 0.0, 1.0)
    return 2.0 * np.pi * np.sin(2.0 * np.pi * phase) / duration_s**2


def drive_plan(plan: Plan, *, heading_rad: float) -> EgoMotion:
    """Return the motion at ``GRID_HZ`` over the whole plan, starting at the map's origin.

    Kinematic single-track model at the rear axle: heading is the direction of travel, so
    ``a_y = v * yaw rate``. A lane change at lateral rate ``d'`` on a straight road needs the angle
    ``asin(d'/v)`` to the road; turns keep the lateral offset. Speed and road heading are sums of
    ramps, so only position is integrated.
    """
    t_s = np.arange(round(plan.duration_s * GRID_HZ) + 1) / GRID_HZ
    zero = np.zeros_like(t_s)
    speed, accel, turn_rate, shift_rate, shift_accel = (zero.copy() for _ in range(5))
    road_heading = np.full_like(t_s, heading_rad)
    offset = np.full_like(t_s, RIGHT_LANE_M)
    for beat in plan.beats:
        # Rates are zero outside the beat, and what it changed stays: only its own part is computed.
        first, last = np.searchsorted(t_s, (beat.start_s, beat.end_s))
        own, later = slice(first, last), slice(last, None)
        span = (t_s[own], beat.start_s, beat.duration_s)
        rise, rate = ramp(*span), ramp_rate(*span)
        for values, change in (
            (speed, beat.speed_mps),
            (road_heading, beat.turn_rad),
            (offset, beat.lateral_m),
        ):
            values[own] += change * rise
            values[later] += change
        accel[own] += beat.speed_mps * rate
        turn_rate[own] += beat.turn_rad * rate
        shift_rate[own] += beat.lateral_m * rate
        shift_accel[own] += beat.lateral_m * _ramp_acceleration(*span)
    speed = np.where(speed < _ROUNDING_MPS, 0.0, speed)
    moving = np.maximum(speed, 1.0)
    angle = np.arcsin(shift_rate / moving)
    angle_rate = (shift_accel * moving - shift_rate * accel) / (moving**2 * np.cos(angle))
    heading = road_heading + angle
    yaw_rate = turn_rate + angle_rate
    x_m = cumulative_trapezoid(speed * np.cos(heading), t_s, initial=0.0)
    y_m = cumulative_trapezoid(speed * np.sin(heading), t_s, initial=0.0)
    # Along the centre line ego's turn has another radius: ds = (v cos(angle) + yaw rate * offset).
    s_rate = speed * np.cos(angle) + turn_rate * offset
    return EgoMotion(
        t_s=t_s,
        x_m=x_m,
        y_m=y_m,
        heading_rad=heading,
        speed_mps=speed,
        accel_x_mps2=accel,
        accel_y_mps2=speed * yaw_rate,
        yaw_rate_rps=yaw_rate,
        offset_m=offset,
        offset_rate_mps=shift_rate,
        road_heading_rad=road_heading,
        s_m=cumulative_trapezoid(s_rate, t_s, initial=0.0),
    )


def motion_at(motion: EgoMotion, t_s: Floats) -> EgoMotion:
    """Return the motion at other times [s], linear between grid points, held at both ends."""
    values = {
        item.name: np.interp(t_s, motion.t_s, getattr(motion, item.name))
        for item in fields(EgoMotion)
    }
    return EgoMotion(**{**values, "t_s": np.asarray(t_s, dtype=np.float64)})
