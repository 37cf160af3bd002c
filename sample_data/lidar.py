"""The roof lidar: rings on the ground and returns from road users, at 10 Hz."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sample_data.actors import Actor, RelativeStates, seen_from
from sample_data.motion import EgoMotion
from sample_data.noise import Floats, generator, sample_times
from sample_data.ros_types import Stream, cdr, header, ros2
from sample_data.world import World

MOUNT_Z_M = 1.9
RINGS = 18
AZIMUTHS = 72
SWEEP_NS = 100_000_000
RANGE_STEP_M = 2.0**-7
"""Coordinates are kept on multiples of 8 mm, about the range resolution of such sensors."""
POINT_DTYPE = np.dtype(
    [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("intensity", "<f4"), ("t", "<u4")]
)
_MOST_PER_ACTOR = 60
_SIGHT_M = 60.0


@dataclass(frozen=True, slots=True)
class _Target:
    actor: Actor
    state: RelativeStates
    seen: Any


def lidar_stream(world: World) -> Stream:
    """Return the sweeps as PointCloud2 in ``base_link``.

    The stamp is the start of the sweep; ``t`` is each point's time after it [ns]. Points are where
    ``base_link`` saw them at their own time, so the sweep is not corrected for ego's motion.
    """
    rng = generator(world.seed, "lidar")
    t_s = sample_times(rng, rate_hz=10.0, duration_s=world.duration_s, jitter_s=1e-4)
    stamps = world.stamps(t_s)
    return Stream(
        "/lidar/top/points",
        "sensor_msgs/msg/PointCloud2",
        stamps,
        _clouds(stamps, sweeps(world, t_s, rng)),
    )


def sweeps(world: World, t_s: Floats, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield one array of ``POINT_DTYPE`` per sweep, ordered by the time of the points."""
    ego = world.ego(t_s)
    targets = []
    for actor in world.actors:
        state = seen_from(ego, actor.at(t_s))
        seen = actor.present(t_s) & (np.hypot(state.x_m, state.y_m) < _SIGHT_M)
        if seen.any():
            targets.append(_Target(actor, state, seen))
    ground = _ground_rings()
    for row in range(t_s.size):
        parts = [_noisy_ground(ground, rng)]
        parts.extend(
            _returns(target, row, ego, rng) for target in targets if bool(target.seen[row])
        )
        points = np.concatenate(parts)
        yield _packed(points)


def _ground_rings() -> Floats:
    """Return ``(n, 3)`` of range, azimuth and nominal intensity; range grows ring by ring."""
    ranges = MOUNT_Z_M / np.tan(np.radians(np.linspace(2.4, 24.0, RINGS)))
    azimuth = np.linspace(-np.pi, np.pi, AZIMUTHS, endpoint=False)
    grid_range, grid_azimuth = np.meshgrid(ranges, azimuth, indexing="ij")
    intensity = np.full(grid_range.size, 12.0)
    return np.column_stack((grid_range.ravel(), grid_azimuth.ravel(), intensity))


def _noisy_ground(ground: Floats, rng: np.random.Generator) -> Floats:
    """Return points ``(n, 4)``: x, y, z and intensity, with 1.5 cm noise along the beam."""
    distance = ground[:, 0] + rng.normal(0.0, 0.015, ground.shape[0])
    level = MOUNT_Z_M * (1.0 - distance / ground[:, 0])
    intensity = ground[:, 2] + rng.integers(-3, 4, ground.shape[0])
    return np.column_stack(
        (distance * np.cos(ground[:, 1]), distance * np.sin(ground[:, 1]), level, intensity)
    )


def _returns(target: _Target, row: int, ego: EgoMotion, rng: np.random.Generator) -> Floats:
    """Return points ``(n, 4)`` on the faces of one box that look at the sensor."""
    state, size = target.state, target.actor.size
    x, y, yaw = float(state.x_m[row]), float(state.y_m[row]), float(state.yaw_rad[row])
    count = int(np.clip(900.0 / max(np.hypot(x, y), 1.0), 4, _MOST_PER_ACTOR))
    cos, sin = np.cos(yaw), np.sin(yaw)
    # The sensor in the box's own axes decides which end and which side it sees.
    local_x, local_y = -cos * x - sin * y, sin * x - cos * y
    side = np.sign(local_y) * size.width_m / 2
    end = np.sign(local_x) * size.length_m / 2
    share = (
        abs(local_x)
        * size.width_m
        / (abs(local_x) * size.width_m + abs(local_y) * size.length_m + 1e-9)
    )
    on_end = rng.random(count) < share
    along = np.where(on_end, end, rng.uniform(-0.5, 0.5, count) * size.length_m)
    aside = np.where(on_end, rng.uniform(-0.5, 0.5, count) * size.width_m, side)
    px = x + cos * along - sin * aside + rng.normal(0.0, 0.02, count)
    py = y + sin * along + cos * aside + rng.normal(0.0, 0.02, count)
    late_s = _sweep_part(px, py) * SWEEP_NS * 1e-9
    turn = float(ego.yaw_rate_rps[row])
    px += late_s * (float(state.vx_mps[row]) - float(ego.speed_mps[row]) + turn * py)
    py += late_s * (float(state.vy_mps[row]) - turn * px)
    height = rng.uniform(0.15, 0.95, count) * size.height_m
    return np.column_stack((px, py, height, rng.integers(25, 90, count)))


def _sweep_part(x_m: Floats, y_m: Floats) -> Floats:
    """Return when in the sweep (0 to 1) the sensor looks there; it starts at the rear."""
    return np.asarray((np.arctan2(y_m, x_m) + np.pi) / (2.0 * np.pi) % 1.0)


def _packed(points: Floats) -> np.ndarray:
    part = _sweep_part(points[:, 0], points[:, 1])
    order = np.argsort(part, kind="stable")
    rows = np.empty(points.shape[0], dtype=POINT_DTYPE)
    for column, name in enumerate(("x", "y", "z")):
        rows[name] = np.round(points[order, column] / RANGE_STEP_M) * RANGE_STEP_M
    rows["intensity"] = np.clip(points[order, 3], 0, 255)
    # Microsecond steps, as real drivers give them.
    rows["t"] = np.round(part[order] * SWEEP_NS / 1000.0).astype(np.uint32) * 1000
    return rows


def _clouds(stamps: Any, clouds: Iterator[np.ndarray]) -> Iterator[bytes]:
    message, field = ros2("sensor_msgs/msg/PointCloud2"), ros2("sensor_msgs/msg/PointField")
    float32, uint32 = 7, 6
    fields = [
        field(
            name=name,
            offset=4 * index,
            datatype=uint32 if name == "t" else float32,
            count=1,
        )
        for index, name in enumerate(POINT_DTYPE.names or ())
    ]
    for stamp_ns, rows in zip(stamps, clouds, strict=True):
        yield cdr(
            message(
                header=header(stamp_ns, "base_link"),
                height=1,
                width=rows.size,
                fields=fields,
                is_bigendian=False,
                point_step=POINT_DTYPE.itemsize,
                row_step=POINT_DTYPE.itemsize * rows.size,
                data=rows.view(np.uint8),
                is_dense=True,
            )
        )
