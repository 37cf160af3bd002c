"""Records of nuScenes: who measured, when, where the vehicle was, and what was around it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from avdataops.labels.nuscenes.names import channels, microseconds, sweep_name, token
from avdataops.model.labels import Frame, ObjectLabel
from avdataops.model.rig import Intrinsics, Placement, Sensor
from avdataops.ports.labelling import Shipment

AT_NS = "t_reference_ns"
MAX_STEP_NS = 1_500_000_000
"""Frames further apart are of two scenes: three periods of nuScenes' 2 Hz."""
_VEHICLE = "vehicle-iso8855"
Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one sensor took for one frame, and its file."""

    frame: int
    stream: str
    at_ns: int
    file: str
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True)
class Drive:
    """A shipment as nuScenes can tell it."""

    shipment: Shipment

    @cached_property
    def poses(self) -> Mapping[int, Placement]:
        """Where the vehicle was, by time on the reference clock."""
        return {one.t_ns: one.placement for one in self.shipment.rig.path.poses}

    @cached_property
    def sensors(self) -> Mapping[str, Sensor]:
        """Sensors whose place is known, and cameras that are known to draw somehow."""
        return {
            one.stream: one
            for one in self.shipment.rig.calibration.sensors
            if one.placement is not None and (one.kind == "lidar" or one.intrinsics is not None)
        }

    @cached_property
    def channels(self) -> Mapping[str, str]:
        """Channel of every stream."""
        return channels(self.shipment.rig.calibration.sensors)

    @cached_property
    def frames(self) -> Sequence[Frame]:
        """Frames at which the place of the vehicle is known, in order of time."""
        known = [one for one in self.shipment.labels.frames if one.t_ns in self.poses]
        return sorted(known, key=lambda one: one.t_ns or 0)

    @cached_property
    def scenes(self) -> Sequence[Sequence[Frame]]:
        """Frames cut where they do not follow each other."""
        cut: list[list[Frame]] = []
        for frame in self.frames:
            follows = cut and (frame.t_ns or 0) - (cut[-1][-1].t_ns or 0) <= MAX_STEP_NS
            if follows:
                cut[-1].append(frame)
            else:
                cut.append([frame])
        return cut

    def taken(self) -> Iterator[Taken]:
        """Yield pictures that left and sweeps, of usable sensors at times with a pose."""
        for picture in self.shipment.labels.pictures:
            if picture.file in self.shipment.left and picture.stream in self.sensors:
                yield Taken(
                    frame=picture.frame,
                    stream=picture.stream,
                    at_ns=int(picture.attributes[AT_NS]),
                    file=str(picture.file),
                    width_px=picture.width_px or 0,
                    height_px=picture.height_px or 0,
                )
        for sweep in self.shipment.rig.sweeps:
            if sweep.stream in self.sensors:
                file = sweep_name(self.channels[sweep.stream], sweep.at_ns)
                yield Taken(frame=sweep.frame, stream=sweep.stream, at_ns=sweep.at_ns, file=file)

    def cuboids(self) -> Iterator[ObjectLabel]:
        """Yield the cuboids in the frame of the vehicle, at frames with a pose."""
        there = {one.index for one in self.frames}
        for label in self.shipment.labels.labels:
            in_vehicle = label.attributes.get("coordinate_system") == _VEHICLE
            if label.cuboid is not None and label.frame in there and in_vehicle:
                yield label

    def sample_token(self, frame: int) -> str:
        """Return the token of a sample."""
        return token(self.shipment.package, "sample", frame)


def wxyz(rotation_xyzw: Sequence[float]) -> list[float]:
    """Return a quaternion in nuScenes' order."""
    x, y, z, w = rotation_xyzw
    return [w, x, y, z]


def chained(records: Sequence[Record]) -> list[Record]:
    """Return records that each name the one before and after, or nothing."""
    before = ["", *(one["token"] for one in records[:-1])]
    after = [*(one["token"] for one in records[1:]), ""]
    return [
        {**one, "prev": prev, "next": following}
        for one, prev, following in zip(records, before, after, strict=True)
    ]


def pose_record(token_: str, t_ns: int, place: Placement) -> Record:
    """Return one ego_pose."""
    return {
        "token": token_,
        "timestamp": microseconds(t_ns),
        "translation": [*place.translation_m],
        "rotation": wxyz(place.rotation_xyzw),
    }


def camera_matrix(intrinsics: Intrinsics | None) -> list[list[float]]:
    """Return K as nuScenes has it; empty for what is no camera."""
    if intrinsics is None:
        return []
    return [[*intrinsics.matrix[row : row + 3]] for row in (0, 3, 6)]
