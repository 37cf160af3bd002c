"""Other road users as tracks over time, and where they are at a given moment."""

from dataclasses import dataclass

import numpy as np

from sample_data.motion import EgoMotion
from sample_data.noise import Floats
from sample_data.road import Road

TRACK_HZ = 50.0
_WALKING_MPS = 0.05
_ROLLING_MPS = 0.5
"""Above these speeds the direction of motion says where somebody looks."""


@dataclass(frozen=True, slots=True)
class Size:
    """Length, width and height of a box [m]."""

    length_m: float
    width_m: float
    height_m: float


SIZES = {
    "car": Size(4.5, 1.8, 1.5),
    "truck": Size(8.5, 2.5, 3.4),
    "pedestrian": Size(0.6, 0.6, 1.75),
}


@dataclass(frozen=True, slots=True)
class Path:
    """Planned motion along the road: times [s], distance and lateral offset [m] of the centre."""

    t_s: Floats
    s_m: Floats
    offset_m: Floats


@dataclass(frozen=True, slots=True)
class States:
    """Pose and motion of one road user in the map's east-north frame, SI units."""

    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    vx_mps: Floats
    vy_mps: Floats
    ax_mps2: Floats
    ay_mps2: Floats


@dataclass(frozen=True, slots=True)
class Actor:
    """One road user; it exists from the first to the last time of its path."""

    track: bytes
    """Sixteen bytes that identify the track in the object lists."""
    kind: str
    """A key of ``SIZES``."""
    role: str
    """What the script needs it for; never recorded."""
    path: Path
    states: States

    @property
    def size(self) -> Size:
        """Dimensions of its box."""
        return SIZES[self.kind]

    def present(self, t_s: Floats) -> np.ndarray:
        """Say for each time whether the road user exists."""
        return np.asarray((t_s >= self.path.t_s[0]) & (t_s <= self.path.t_s[-1]))

    def at(self, t_s: Floats) -> States:
        """Return the states at other times, held outside its life (see ``present``)."""
        own = self.states
        return States(
            *(
                np.interp(t_s, self.path.t_s, column)
                for column in (
                    own.x_m,
                    own.y_m,
                    own.heading_rad,
                    own.vx_mps,
                    own.vy_mps,
                    own.ax_mps2,
                    own.ay_mps2,
                )
            )
        )


@dataclass(frozen=True, slots=True)
class RelativeStates:
    """One road user seen from ``base_link``: ISO 8855 axes of ego, velocity over ground."""

    x_m: Floats
    y_m: Floats
    yaw_rad: Floats
    vx_mps: Floats
    vy_mps: Floats
    ax_mps2: Floats
    ay_mps2: Floats


def track_times(start_s: float, stop_s: float) -> Floats:
    """Return the track grid [s] on multiples of the period within ``[start_s, stop_s]``."""
    first = int(np.ceil(start_s * TRACK_HZ))
    return np.arange(first, int(stop_s * TRACK_HZ) + 1) / TRACK_HZ


def make_actor(road: Road, path: Path, *, kind: str, role: str, track: bytes) -> Actor:
    """Return the road user whose centre follows ``path``.

    Vehicles look along their motion relative to the road, or along the road where they stand.
    Pedestrians look where they walk, and across the road where they stand.
    """
    x_m, y_m = road.place(path.s_m, path.offset_m)
    vx, vy = np.gradient(x_m, path.t_s), np.gradient(y_m, path.t_s)
    s_rate, side_rate = np.gradient(path.s_m, path.t_s), np.gradient(path.offset_m, path.t_s)
    along = s_rate * (1.0 - road.curvature(path.s_m) * path.offset_m)
    if kind == "pedestrian":
        angle = np.where(
            np.hypot(along, side_rate) > _WALKING_MPS, np.arctan2(side_rate, along), np.pi / 2
        )
    else:
        backwards = float(path.s_m[-1] < path.s_m[0])
        moving = np.abs(along) > _ROLLING_MPS
        slip = np.arctan(side_rate / np.where(moving, along, np.inf))
        angle = slip + np.pi * backwards
    states = States(
        x_m=x_m,
        y_m=y_m,
        heading_rad=road.heading(path.s_m) + angle,
        vx_mps=vx,
        vy_mps=vy,
        ax_mps2=np.gradient(vx, path.t_s),
        ay_mps2=np.gradient(vy, path.t_s),
    )
    return Actor(track, kind, role, path, states)


def seen_from(ego: EgoMotion, states: States) -> RelativeStates:
    """Return ``states`` in the ego frame; ``ego`` and ``states`` hold the same times."""
    cos, sin = np.cos(ego.heading_rad), np.sin(ego.heading_rad)

    def turn(east: Floats, north: Floats) -> tuple[Floats, Floats]:
        return cos * east + sin * north, cos * north - sin * east

    x_m, y_m = turn(states.x_m - ego.x_m, states.y_m - ego.y_m)
    vx, vy = turn(states.vx_mps, states.vy_mps)
    ax, ay = turn(states.ax_mps2, states.ay_mps2)
    yaw = np.angle(np.exp(1j * (states.heading_rad - ego.heading_rad)))
    return RelativeStates(x_m, y_m, yaw, vx, vy, ax, ay)
