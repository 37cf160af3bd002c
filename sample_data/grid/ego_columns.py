"""The ego's signals as a synchronised recording has them: sampled, noisy, unknown in places."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_data.grid.truth.surroundings import rain_mmph
from sample_data.grid.world import GRID_HZ, World
from sample_data.noise import Floats, correlated

EGO_HZ = 50
ORIGIN_DEG = (56.16, 10.20)
_M_PER_DEG = 111_320.0
_SHARP_PER_M = 1 / 60
"""In a sharper bend no camera follows the lines."""
_POOR_M, _USUAL_M = 12.0, 0.8
_WIPING_AFTER_S, _WASH_S = 5.0, 4.0

SIDES, LINE_PARTS = ("left", "right"), ("c0_m", "c1_rad", "quality")
_STANDS_MPS = 0.02
"""Slower, the wheels tell 0."""

Columns = dict[str, NDArray[Any]]


def ego_columns(world: World, rng: np.random.Generator) -> tuple[Floats, Columns]:
    """Return times [s] at 50 Hz and a column per signal; NaN and None are unknown."""
    step = GRID_HZ // EGO_HZ
    t_s = world.t_s[::step]
    columns = {
        **_motion(world, rng, step),
        **_lines(world, rng, step),
        **_receiver(world, rng, step),
        **_body(world, step),
    }
    for stream, names in MEASURED_BY.items():
        silent = _silent(world, stream, t_s)
        for name in set(names) & set(columns):
            # None becomes NaN in a column of numbers.
            columns[name][silent] = None
    return t_s, columns


MEASURED_BY = {
    "/vehicle/motion": ("ego_speed_mps", "gear"),
    "/imu/data": ("accel_x_mps2", "accel_y_mps2", "yaw_rate_radps"),
    "/camera/front": tuple(f"lane_{side}_{part}" for side in SIDES for part in LINE_PARTS),
    "/gnss/fix": (
        "lat_deg", "lon_deg", "gnss_fix", "gnss_sigma_m", "gnss_speed_mps", "heading_rad",
    ),
}  # fmt: skip


def _silent(world: World, stream: str, t_s: Floats) -> np.ndarray:
    faults = world.plan.faults
    gone = np.zeros(t_s.size, dtype=np.bool_)
    for name, start, stop in (*faults.silent, *faults.stutters):
        if name == stream:
            gone |= (t_s > start) & (t_s < stop)
    return gone


def _motion(world: World, rng: np.random.Generator, step: int) -> Columns:
    ego = world.ego
    speed, accel, yaw = (x[::step] for x in (ego.speed_mps, ego.accel_mps2, ego.yaw_rate_radps))
    count, noise = speed.size, world.plan.faults.noise
    # A wheel tells speed in steps and a standstill exactly; an accelerometer has noise and bias.
    wheel = np.where(np.abs(speed) < _STANDS_MPS, 0.0, speed + rng.normal(0.0, 0.03 * noise, count))
    found: Columns = {
        "ego_speed_mps": np.round(wheel / 0.01) * 0.01,
        "yaw_rate_radps": yaw + rng.normal(0.0, 0.002 * noise, count) + rng.normal(0.0, 0.001),
        "accel_y_mps2": speed * yaw + rng.normal(0.0, 0.1, count),
    }
    if world.plan.faults.acceleration:
        # What is left of gravity on a road that rises by one or two per cent.
        bias = rng.normal(0.0, 0.1)
        found["accel_x_mps2"] = accel + rng.normal(0.0, 0.08 * noise, count) + bias
    return found


def _lines(world: World, rng: np.random.Generator, step: int) -> Columns:
    """Return lane lines as a camera sees them at 25 Hz, on straight lines between pictures."""
    t_s, plan, ego = world.t_s, world.plan, world.ego
    often = 2 * step
    seen_s = t_s[::often]
    offset = (ego.d_m - world.lane * plan.road.lane_m)[::often]
    angle = (world.road_heading_rad - ego.heading_rad)[::often]
    sharp = np.abs(world.curvature_per_m[::often]) > _SHARP_PER_M
    lost = sharp if plan.road.lines else np.ones(seen_s.size, dtype=np.bool_)
    columns: Columns = {}
    worn = _worn(world, seen_s.size, rng)
    sigma = world.plan.faults.noise
    for side, sign in (("left", 1.0), ("right", -1.0)):
        noise = correlated(rng, seen_s.size, sigma=0.025 * sigma, steps=10.0)[:, 0]
        place = sign * plan.road.lane_m / 2 - offset + noise
        place += rng.normal(0.0, 0.02 * sigma, seen_s.size)
        slope = angle + rng.normal(0.0, 0.004 * sigma, seen_s.size)
        gone = lost | (worn == sign)
        for name, values in (("c0_m", place), ("c1_rad", slope)):
            columns[f"lane_{side}_{name}"] = np.interp(
                t_s[::step], seen_s, np.where(gone, np.nan, values)
            )
        held = np.minimum(np.arange(t_s[::step].size) // 2, seen_s.size - 1)
        columns[f"lane_{side}_quality"] = np.where(gone, 0.0, 3.0)[held]
    return columns


def _worn(world: World, count: int, rng: np.random.Generator) -> Floats:
    """Return which line is worn off: 1 left, -1 right, 0 none; stretches of 1 to 4 s."""
    worn = np.zeros(count)
    hz = GRID_HZ / 4
    while np.mean(worn != 0) < world.plan.faults.worn_share:
        start = int(rng.integers(count))
        worn[start : start + int(rng.uniform(1.0, 4.0) * hz)] = rng.choice((-1.0, 1.0))
    return worn


def _receiver(world: World, rng: np.random.Generator, step: int) -> Columns:
    t_s, faults = world.t_s[::step], world.plan.faults
    x, y = world.ego.x_m[::step], world.ego.y_m[::step]
    drift = correlated(rng, t_s.size, sigma=0.6, steps=1500.0, columns=2)
    lat, lon = ORIGIN_DEG
    no_fix, poor = (
        np.any([np.zeros(t_s.size, dtype=np.bool_), *[(t_s >= a) & (t_s < b) for a, b in spans]], 0)
        for spans in (faults.no_fix_s, faults.poor_fix_s)
    )
    per_deg = _M_PER_DEG * np.cos(np.radians(lat))
    columns: Columns = {
        "lat_deg": lat + (y + drift[:, 1]) / _M_PER_DEG,
        "lon_deg": lon + (x + drift[:, 0]) / per_deg,
        "gnss_speed_mps": np.abs(world.ego.speed_mps[::step]) + rng.normal(0.0, 0.1, t_s.size),
        "gnss_sigma_m": np.where(poor, _POOR_M, _USUAL_M) + rng.normal(0.0, 0.05, t_s.size),
        "heading_rad": np.angle(np.exp(1j * world.ego.heading_rad[::step])),
    }
    columns = {name: np.where(no_fix, np.nan, values) for name, values in columns.items()}
    return {**columns, "gnss_fix": np.where(no_fix, -1.0, 0.0)}


def _body(world: World, step: int) -> Columns:
    """Return gear, wipers, indicator and the rain sensor."""
    t_s, sky, speed = world.t_s[::step], world.plan.sky, world.ego.speed_mps[::step]
    wet = rain_mmph(world)[::step]
    # The driver wipes what falls on the screen, snow as well, a moment after it begins.
    late = np.interp(t_s - _WIPING_AFTER_S, t_s, wet)
    wiping = np.where(late >= 0.2, "slow", "off").astype(object)  # noqa: PLR2004 - mm/h that disturb
    for at_s in sky.washes_s:
        wiping[(t_s >= at_s) & (t_s < at_s + _WASH_S)] = "slow"
    left = np.interp(t_s, world.t_s, world.ego.d_mps)
    indicator = np.where(left > 0.3, "left", np.where(left < -0.3, "right", "off"))  # noqa: PLR2004 - m/s
    gear = np.where(speed < -0.1, "R", "D").astype(object)  # noqa: PLR2004 - m/s
    found: Columns = {
        "wiper_status": wiping,
        "turn_indicator": indicator.astype(object),
        "gear": gear,
    }
    if sky.rain_sensor:
        found["rain_intensity"] = np.where(sky.snow, 0.0, wet)
    return found
