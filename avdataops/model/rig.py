"""How sensors draw and where they sit, and where the vehicle was.  Unknown is None.

A placement turns points of one frame into points of another: ``p_there = R p_here + t``.  The
vehicle frame is ISO 8855 (x forward, y left, z up); a camera's frame is optical (x right, y down,
z forward, REP 103).
"""

import math
from dataclasses import dataclass
from typing import Literal

from avdataops.model.errors import SchemaMismatch

_UNIT_TOLERANCE = 1e-3
_MAX_SIDE_PX = 1 << 16
_FAR_M = 1e9


def _finite(name: str, values: tuple[float, ...], many: int) -> None:
    if len(values) != many or not all(math.isfinite(one) and abs(one) < _FAR_M for one in values):
        raise SchemaMismatch(f"{name} has {many} finite numbers, not {values}"[:200])


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A rotation and a translation."""

    translation_m: tuple[float, ...]
    rotation_xyzw: tuple[float, ...]
    """A unit quaternion."""

    def __post_init__(self) -> None:
        """Refuse what is no rigid motion."""
        _finite("translation_m", self.translation_m, 3)
        _finite("rotation_xyzw", self.rotation_xyzw, 4)
        if abs(math.hypot(*self.rotation_xyzw) - 1.0) > _UNIT_TOLERANCE:
            raise SchemaMismatch(f"rotation_xyzw {self.rotation_xyzw} is no unit quaternion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrinsics:
    """How a camera draws, as sensor_msgs/CameraInfo tells it."""

    width_px: int
    height_px: int
    matrix: tuple[float, ...]
    """K, row by row: fx 0 cx, 0 fy cy, 0 0 1; in pixels."""
    distortion_model: str | None = None
    """``plumb_bob``, ``rational_polynomial``, ``equidistant`` or another word of the source."""
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what draws nothing."""
        _finite("matrix", self.matrix, 9)
        _finite("distortion", self.distortion, len(self.distortion))
        if not all(0 < side <= _MAX_SIDE_PX for side in (self.width_px, self.height_px)):
            raise SchemaMismatch(f"no camera draws {self.width_px} x {self.height_px} px")
        if self.matrix[0] <= 0 or self.matrix[4] <= 0:
            raise SchemaMismatch(
                f"focal lengths {self.matrix[0]}, {self.matrix[4]} are not above 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One camera or lidar."""

    stream: str
    kind: Literal["camera", "lidar"]
    frame_id: str | None = None
    intrinsics: Intrinsics | None = None
    intrinsics_from: str | None = None
    """Stream or file that says so."""
    placement: Placement | None = None
    """From the sensor to the vehicle."""
    placement_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All sensors of a vehicle: what a package says, and what a user may give in its place."""

    schema_version: Literal[1] = 1
    vehicle_frame: str = "base_link"
    sensors: tuple[Sensor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the local frame touches the Earth: WGS 84."""

    lat_deg: float
    lon_deg: float
    alt_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EgoPose:
    """Where the vehicle was: from its frame to the local one."""

    t_ns: int
    """On the reference clock."""
    placement: Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class EgoPath:
    """Where the vehicle was at the times that matter; a time without pose is missing."""

    axes: Literal["enu", "local"] = "local"
    """East-north-up of ``origin``, or the axes of the source, which nobody tied to the Earth."""
    origin: Origin | None = None
    source: str | None = None
    flat: bool = False
    """Roll and pitch are unknown and told as none."""
    tie_rms_m: float | None = None
    """How far the source and satellites disagree after the source was turned onto the Earth."""
    poses: tuple[EgoPose, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What one lidar measured for one frame."""

    frame: int
    stream: str
    t_ns: int
    """Recorder's time of the message."""
    at_ns: int
    """The same on the reference clock."""
    file: str
    sha256: str
    points: int
    point_time: str | None
    """Column that the time of each point comes from; None: the source has none."""
    deskewed_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """The geometry of one package."""

    calibration: Calibration = Calibration()
    path: EgoPath = EgoPath()
    sweeps: tuple[Sweep, ...] = ()
    lidar_hits: tuple[tuple[int, str, int], ...] = ()
    """Frame, track, points inside the cuboid; only where lidar and its place are known."""
