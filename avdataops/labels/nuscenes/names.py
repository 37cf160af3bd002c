"""Channels, tokens and files as nuScenes names them."""

import hashlib
import re
from collections.abc import Iterable

import numpy as np

from avdataops.model.rig import Calibration, Sensor
from avdataops.ports.labelling import Cloud

VERSION = "v1.0-avdataops"
_PREFIX = {"camera": "CAM", "lidar": "LIDAR"}
_NOISE = frozenset(
    {"camera", "cam", "lidar", "image", "images", "compressed", "raw", "color", "rgb", "rect"}
    | {"points", "pointcloud", "pointcloud2", "cloud", "sensing", "sensor", "sensors", "ffmpeg"}
)
_NS_PER_US = 1000
CATEGORIES = {
    "car": ("vehicle.car", ""),
    "truck": ("vehicle.truck", ""),
    "bus": ("vehicle.bus.rigid", "nobody said whether it bends"),
    "trailer": ("vehicle.trailer", ""),
    "motorcycle": ("vehicle.motorcycle", ""),
    "bicycle": ("vehicle.bicycle", ""),
    "pedestrian": ("human.pedestrian.adult", "nobody said how old"),
    "animal": ("animal", ""),
    "cone": ("movable_object.trafficcone", ""),
    "barrier": ("movable_object.barrier", ""),
}
"""Class -> category of nuScenes and what the category says beyond the class."""


def category(object_class: str) -> tuple[str, str]:
    """Return name and description; a class that nuScenes has no word for keeps ours."""
    name, beyond = CATEGORIES.get(object_class, (f"avdataops.{object_class}", ""))
    text = f"avdataops class '{object_class}'"
    return name, f"{text}; {beyond}" if beyond else text


def token(*facts: object) -> str:
    """Return the token of a record: 32 hexadecimal digits, the same for the same facts."""
    return hashlib.sha256("\n".join(map(str, facts)).encode()).hexdigest()[:32]


def channels(sensors: Iterable[Sensor]) -> dict[str, str]:
    """Return the channel of each stream: ``/lidar/top/points`` is ``LIDAR_TOP``.

    Streams whose words are the same are numbered by name.
    """
    found: dict[str, str] = {}
    for one in sorted(sensors, key=lambda sensor: sensor.stream):
        words = re.findall(r"[A-Za-z0-9]+", one.stream)
        telling = [word.upper() for word in words if word.lower() not in _NOISE]
        name = "_".join([_PREFIX[one.kind], *telling])
        free, number = name, 2
        while free in found.values():
            free, number = f"{name}_{number}", number + 1
        found[one.stream] = free
    return found


def microseconds(t_ns: int) -> int:
    """Return a time as nuScenes counts it."""
    return t_ns // _NS_PER_US


def sweep_name(channel: str, at_ns: int) -> str:
    """Return the name of a sweep inside the package."""
    return f"samples/{channel}/{channel}__{at_ns}.pcd.bin"


def sweep_file(calibration: Calibration, cloud: Cloud) -> tuple[str, bytes]:
    """Return a sweep as float32 x, y, z, intensity, ring; what is unknown is NaN."""
    unknown = np.full(len(cloud.xyz_m), np.nan)
    columns = (
        *cloud.xyz_m.T,
        unknown if cloud.intensity is None else cloud.intensity,
        unknown if cloud.ring is None else cloud.ring,
    )
    packed = np.column_stack(columns).astype("<f4")
    name = sweep_name(channels(calibration.sensors)[cloud.stream], cloud.at_ns)
    return name, packed.tobytes()
