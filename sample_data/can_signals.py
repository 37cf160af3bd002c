"""What the control units put on the CAN bus: physical values per frame at given times."""

import numpy as np

from sample_data.ego_streams import outside_temperature
from sample_data.motion import EgoMotion
from sample_data.noise import Floats
from sample_data.vehicle import LANE_M, STEERING_RATIO, TRACK_M, WHEELBASE_M
from sample_data.world import World

KMH_PER_MPS = 3.6
_ROLLING_MPS = 0.05
_WIPED_MMPH = 0.3
_PEDAL_BAR = 1.0
_GEAR_RATIOS = np.array([0.0, 118.0, 68.0, 46.0, 35.0])
"""Engine revolutions per minute for each m/s, by gear."""
_SHIFT_MPS = np.array([0.2, 4.5, 8.0, 11.5])


def vehicle_dynamics(world: World, t_s: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Return speed, yaw rate and accelerations of the stability control."""
    ego = world.ego(t_s)
    speed = ego.speed_mps * KMH_PER_MPS + rng.normal(0.0, 0.04, t_s.size) * (
        ego.speed_mps > _ROLLING_MPS
    )
    yaw_rate = np.degrees(ego.yaw_rate_rps) + rng.normal(0.0, 0.06, t_s.size)
    return {
        "VehicleSpeed": np.maximum(speed, 0.0),
        "YawRate": yaw_rate,
        "LongAcceleration": ego.accel_x_mps2 + rng.normal(0.0, 0.04, t_s.size),
        "LatAcceleration": ego.accel_y_mps2 + rng.normal(0.0, 0.04, t_s.size),
    }


def wheel_speeds(world: World, t_s: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Return the four wheel speeds; in a bend each wheel runs on its own radius."""
    ego = world.ego(t_s)
    found = {}
    for corner, ahead_m, side_m in (
        ("FL", WHEELBASE_M, TRACK_M / 2),
        ("FR", WHEELBASE_M, -TRACK_M / 2),
        ("RL", 0.0, TRACK_M / 2),
        ("RR", 0.0, -TRACK_M / 2),
    ):
        along = ego.speed_mps - ego.yaw_rate_rps * side_m
        rolling = np.hypot(along, ego.yaw_rate_rps * ahead_m)
        noise = rng.normal(0.0, 0.05, t_s.size) * (ego.speed_mps > _ROLLING_MPS)
        found[f"WheelSpeed{corner}"] = np.maximum(rolling * KMH_PER_MPS + noise, 0.0)
    return found


def steering(world: World, t_s: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Return the angle of the steering wheel of the single-track model."""
    ego = world.ego(t_s)
    curvature = ego.yaw_rate_rps / np.maximum(ego.speed_mps, 0.5)
    angle = np.degrees(np.arctan(WHEELBASE_M * curvature)) * STEERING_RATIO
    return {"SteeringAngle": angle + rng.normal(0.0, 0.08, t_s.size)}


def front_axle(world: World, ego: EgoMotion) -> tuple[Floats, Floats]:
    """Return lateral offset [m] and angle to the road [rad] of the front axle's middle."""
    angle = ego.heading_rad - ego.road_heading_rad
    bend = 1.0 - world.road.curvature(ego.s_m) * ego.offset_m
    s_m = ego.s_m + WHEELBASE_M * np.cos(angle) / bend
    heading = world.road.heading(s_m)
    foot_x, foot_y = world.road.place(s_m, np.zeros_like(s_m))
    axle_x = ego.x_m + WHEELBASE_M * np.cos(ego.heading_rad)
    axle_y = ego.y_m + WHEELBASE_M * np.sin(ego.heading_rad)
    offset = (axle_y - foot_y) * np.cos(heading) - (axle_x - foot_x) * np.sin(heading)
    return offset, ego.heading_rad - heading


def lane_lines(world: World, t_s: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Return offset C0 and slope C1 of the lines of the lane that the front axle is in.

    Lines are in vehicle axes, left positive; they change to the neighbour lane's lines when the
    front axle crosses one. Within turns at junctions there are no lines, and quality is 0.
    """
    ego = world.ego(t_s)
    offset, angle = front_axle(world, ego)
    lane = np.floor(offset / LANE_M)
    left = (lane + 1.0) * LANE_M - offset
    turning = np.zeros(t_s.size, dtype=bool)
    for beat in (*world.plan.named("turn_left"), *world.plan.named("turn_right")):
        turning |= (t_s >= beat.start_s) & (t_s < beat.end_s)
    wet = (world.rain(t_s) > _WIPED_MMPH) & ~world.in_tunnel(ego.s_m)
    quality = np.where(turning, 0.0, np.where(wet, 2.0, 3.0))

    def seen(values: Floats, sigma: float) -> Floats:
        return values + rng.normal(0.0, sigma, t_s.size)

    return {
        "LeftC0": seen(left / np.cos(angle), 0.015),
        "LeftC1": seen(-angle, 0.0008),
        "LeftQuality": quality,
        "RightC0": seen((left - LANE_M) / np.cos(angle), 0.015),
        "RightC1": seen(-angle, 0.0008),
        "RightQuality": quality,
    }


def body(world: World, t_s: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Return gear, indicator, wiper and brake switches and the thermometer."""
    ego = world.ego(t_s)
    rest_s = next((beat.start_s for beat in world.plan.named("go")), 0.0)
    parked = (t_s < rest_s - 1.5) & (ego.speed_mps < _ROLLING_MPS)
    noise = rng.normal(0.0, 0.1, t_s.size)
    return {
        "Gear": np.where(parked, 0.0, 3.0),
        "TurnIndicator": _indicator(world, t_s),
        "WiperStatus": np.where(world.rain(t_s) > _WIPED_MMPH, 1.0, 0.0),
        "BrakePedal": np.where(brake_pressure(world, t_s) > _PEDAL_BAR, 1.0, 0.0),
        "AmbientTemperature": outside_temperature(world, t_s) + noise,
    }


def _indicator(world: World, t_s: Floats) -> Floats:
    """Return 1 (left) or 2 (right) from 2 s before a manoeuvre until 1 s before its end."""
    shown = np.zeros_like(t_s)
    for label, code in (
        ("lane_change_left", 1.0),
        ("lane_change_right", 2.0),
        ("turn_left", 1.0),
        ("turn_right", 2.0),
    ):
        for beat in world.plan.named(label):
            shown[(t_s >= beat.start_s - 2.0) & (t_s < beat.end_s - 1.0)] = code
    return shown


def brake_pressure(world: World, t_s: Floats) -> Floats:
    """Return the pressure [bar]: 13 for each m/s2 beyond engine drag, 15 at rest."""
    ego = world.ego(t_s)
    pressing = 13.0 * np.maximum(-ego.accel_x_mps2 - 0.4, 0.0)
    return np.where(ego.speed_mps < _ROLLING_MPS, 15.0, pressing)


def powertrain(world: World, t_s: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Return engine and battery values; pages of the multiplexer alternate."""
    ego = world.ego(t_s)
    gear = np.searchsorted(_SHIFT_MPS, ego.speed_mps)
    speed = np.maximum(ego.speed_mps * _GEAR_RATIOS[gear], 820.0)
    torque = 25.0 + 95.0 * np.maximum(ego.accel_x_mps2, -0.4) + 1.2 * ego.speed_mps
    return {
        "Mux": (np.arange(t_s.size) % 2).astype(np.float64),
        "EngineSpeed": speed + rng.normal(0.0, 6.0, t_s.size),
        "EngineTorque": torque + rng.normal(0.0, 1.5, t_s.size),
        "BatteryVoltage": 14.1 + rng.normal(0.0, 0.02, t_s.size),
        "CoolantTemperature": 78.0 + 12.0 * (1.0 - np.exp(-t_s / 240.0)),
    }


SOURCES = {
    "VehicleDynamics": vehicle_dynamics,
    "WheelSpeeds": wheel_speeds,
    "Steering": steering,
    "LaneLines": lane_lines,
    "Body": body,
    "Powertrain": powertrain,
}
