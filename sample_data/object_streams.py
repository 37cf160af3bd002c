"""What the vehicle perceives: fused object tracks and the tracks of the front radar."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sample_data.actors import Actor, RelativeStates, seen_from
from sample_data.noise import Floats, correlated, generator, sample_times
from sample_data.ros_types import Stream, cdr, header, point, ros2, twist, vector3, yaw_pose
from sample_data.vehicle import FRONT_M
from sample_data.world import World

RANGE_M = {"car": 90.0, "truck": 100.0, "pedestrian": 55.0}
"""Farthest distance at which a road user is tracked."""
RADAR_HALF_ANGLE_RAD = np.radians(60.0)
_STATIONARY_MPS = 0.3
_LABELS = {"car": 1, "truck": 2, "pedestrian": 7}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One road user over the times of a sensor, in the ego frame, with noise."""

    actor: Actor
    seen: np.ndarray
    """For each time, whether it is tracked."""
    state: RelativeStates


def _sightings(
    world: World, t_s: Floats, rng: np.random.Generator, *, sigma_m: float
) -> tuple[Sighting, ...]:
    """Return every road user that comes into range, with position and velocity noise."""
    ego = world.ego(t_s)
    found = []
    for actor in world.actors:
        clean = seen_from(ego, actor.at(t_s))
        seen = actor.present(t_s) & (np.hypot(clean.x_m, clean.y_m) < RANGE_M[actor.kind])
        place = correlated(rng, t_s.size, sigma=sigma_m, steps=8.0, columns=2)
        speed = correlated(rng, t_s.size, sigma=0.06, steps=5.0, columns=2)
        force = rng.normal(0.0, 0.15, (t_s.size, 2))
        if seen.any():
            state = RelativeStates(
                x_m=clean.x_m + place[:, 0],
                y_m=clean.y_m + 0.6 * place[:, 1],
                yaw_rad=clean.yaw_rad + rng.normal(0.0, 0.006, t_s.size),
                vx_mps=clean.vx_mps + speed[:, 0],
                vy_mps=clean.vy_mps + 0.7 * speed[:, 1],
                ax_mps2=clean.ax_mps2 + force[:, 0],
                ay_mps2=clean.ay_mps2 + force[:, 1],
            )
            found.append(Sighting(actor, seen, state))
    return tuple(found)


def _rows(
    sightings: tuple[Sighting, ...],
    count: int,
    make: Callable[[Actor, tuple[float, ...]], Any],
) -> Iterator[list[Any]]:
    """Yield for each time the objects made of all that is seen then."""
    columns = [
        np.column_stack(
            (
                item.state.x_m,
                item.state.y_m,
                item.state.yaw_rad,
                item.state.vx_mps,
                item.state.vy_mps,
                item.state.ax_mps2,
                item.state.ay_mps2,
            )
        ).tolist()
        for item in sightings
    ]
    for row in range(count):
        yield [
            make(item.actor, column[row])
            for item, column in zip(sightings, columns, strict=True)
            if item.seen[row]
        ]


def objects_stream(world: World) -> Stream:
    """Return the fused object list at 10 Hz, all around, in ``base_link``.

    Pose is the centre of the box. Twist is the velocity over ground in the axes of
    ``base_link`` (the fleet's convention; Autoware itself would use the object's own axes).
    """
    rng = generator(world.seed, "objects")
    t_s = sample_times(rng, rate_hz=10.0, duration_s=world.duration_s, jitter_s=3e-4)
    stamps = world.stamps(t_s)
    rows = _rows(_sightings(world, t_s, rng, sigma_m=0.07), t_s.size, _tracked_object)
    message = ros2("autoware_perception_msgs/msg/TrackedObjects")
    payloads = (
        cdr(message(header=header(stamp, "base_link"), objects=objects))
        for stamp, objects in zip(stamps, rows, strict=True)
    )
    return Stream("/perception/objects", message.__msgtype__, stamps, payloads)


def _tracked_object(actor: Actor, state: tuple[float, ...]) -> Any:
    x, y, yaw, vx, vy, ax, ay = state
    size = actor.size
    still = vector3(0.0, 0.0, 0.0)
    accel = ros2("geometry_msgs/msg/Accel")(linear=vector3(ax, ay, 0.0), angular=still)
    kinematics = ros2("autoware_perception_msgs/msg/TrackedObjectKinematics")(
        pose_with_covariance=ros2("geometry_msgs/msg/PoseWithCovariance")(
            pose=yaw_pose(point(x, y, size.height_m / 2), yaw), covariance=_POSE_COVARIANCE
        ),
        twist_with_covariance=ros2("geometry_msgs/msg/TwistWithCovariance")(
            twist=twist(vector3(vx, vy, 0.0), still), covariance=_TWIST_COVARIANCE
        ),
        acceleration_with_covariance=ros2("geometry_msgs/msg/AccelWithCovariance")(
            accel=accel, covariance=_TWIST_COVARIANCE
        ),
        orientation_availability=2,
        is_stationary=bool(np.hypot(vx, vy) < _STATIONARY_MPS),
    )
    label = ros2("autoware_perception_msgs/msg/ObjectClassification")(
        label=_LABELS[actor.kind], probability=0.97
    )
    shape = ros2("autoware_perception_msgs/msg/Shape")(
        type=0,
        footprint=ros2("geometry_msgs/msg/Polygon")(points=[]),
        dimensions=vector3(size.length_m, size.width_m, size.height_m),
    )
    return ros2("autoware_perception_msgs/msg/TrackedObject")(
        object_id=_uuid(actor.track),
        existence_probability=0.98,
        classification=[label],
        kinematics=kinematics,
        shape=shape,
    )


def radar_stream(world: World) -> Stream:
    """Return the front radar's tracks at 10 Hz, in its own frame at the front bumper.

    Velocity is relative to the moving radar and turned with it, as a radar measures it. The radar
    looks 60 degrees to both sides, and its track numbers are not those of the object list.
    """
    rng = generator(world.seed, "radar")
    t_s = sample_times(rng, rate_hz=10.0, duration_s=world.duration_s, jitter_s=3e-4)
    ego = world.ego(t_s)
    stamps = world.stamps(t_s)
    seen = []
    for item in _sightings(world, t_s, rng, sigma_m=0.15):
        state = item.state
        x_m = state.x_m - FRONT_M
        ahead = (x_m > 1.0) & (np.abs(np.arctan2(state.y_m, x_m)) < RADAR_HALF_ANGLE_RAD)
        relative = RelativeStates(
            x_m=x_m,
            y_m=state.y_m,
            yaw_rad=state.yaw_rad,
            vx_mps=state.vx_mps - ego.speed_mps,
            vy_mps=state.vy_mps - ego.yaw_rate_rps * FRONT_M,
            ax_mps2=state.ax_mps2 - ego.accel_x_mps2,
            ay_mps2=state.ay_mps2 - ego.accel_y_mps2,
        )
        seen.append(Sighting(item.actor, item.seen & ahead, relative))
    numbers = {item.actor.track: rng.bytes(16) for item in seen}

    def make(actor: Actor, state: tuple[float, ...]) -> Any:
        return _radar_track(numbers[actor.track], actor, state)

    message = ros2("radar_msgs/msg/RadarTracks")
    payloads = (
        cdr(message(header=header(stamp, "radar_front"), tracks=tracks))
        for stamp, tracks in zip(stamps, _rows(tuple(seen), t_s.size, make), strict=True)
    )
    return Stream("/radar/front/tracks", message.__msgtype__, stamps, payloads)


def _radar_track(number: bytes, actor: Actor, state: tuple[float, ...]) -> Any:
    x, y, _, vx, vy, ax, ay = state
    size = actor.size
    return ros2("radar_msgs/msg/RadarTrack")(
        uuid=_uuid(number),
        position=point(x, y, 0.5),
        velocity=vector3(vx, vy, 0.0),
        acceleration=vector3(ax, ay, 0.0),
        size=vector3(size.length_m, size.width_m, size.height_m),
        classification=2,
        position_covariance=_RADAR_COVARIANCE,
        velocity_covariance=_RADAR_COVARIANCE,
        acceleration_covariance=_RADAR_COVARIANCE,
        size_covariance=_RADAR_COVARIANCE,
    )


def _uuid(track: bytes) -> Any:
    return ros2("unique_identifier_msgs/msg/UUID")(uuid=np.frombuffer(track, dtype=np.uint8))


_POSE_COVARIANCE = np.diag((5e-3, 2e-3, 1e-2, 1e-4, 1e-4, 4e-5)).ravel()
_TWIST_COVARIANCE = np.diag((4e-3, 2e-3, 1e-4, 1e-4, 1e-4, 1e-4)).ravel()
# Upper triangle of a 3x3 matrix: xx, xy, xz, yy, yz, zz.
_RADAR_COVARIANCE = np.array((0.02, 0.0, 0.0, 0.02, 0.0, 0.1), dtype=np.float32)
