"""The ROS recordings that are timed: made from a seed, written by libraries that are not ours.

``small`` is what vehicle buses and estimators say: 402,000 messages in ten minutes.  ``mixed``
adds two cameras and a lidar for 35 s.  Payloads are encoded by rosbags.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

START_NS = 1_700_000_000_000_000_000
SMALL_S, MIXED_S = 600.0, 35.0
_RULE = "=" * 80
DETECTIONS = "vision_msgs/msg/Detection3DArray"
_TEXT = (
    "std_msgs/Header header\nDetection3D[] detections\n"
    f"{_RULE}\nMSG: vision_msgs/Detection3D\n"
    "std_msgs/Header header\nObjectHypothesisWithPose[] results\nBoundingBox3D bbox\nstring id\n"
    f"{_RULE}\nMSG: vision_msgs/ObjectHypothesisWithPose\n"
    "ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose\n"
    f"{_RULE}\nMSG: vision_msgs/ObjectHypothesis\nstring class_id\nfloat64 score\n"
    f"{_RULE}\nMSG: vision_msgs/BoundingBox3D\n"
    "geometry_msgs/Pose center\ngeometry_msgs/Vector3 size\n"
)
_CLASSES = ("car", "truck", "pedestrian", "bicycle", "motorcycle")
_JPEG_BYTES, _POINTS, _POINT_BYTES = 180_000, 65_536, 22
Sent = tuple[int, str, str, bytes]
"""Time in ns, topic, type, encoded message."""


@dataclass(frozen=True, slots=True)
class Ros:
    """The message types of one ROS generation, and how it encodes them."""

    store: Typestore
    version: int

    def new(self, name: str, /, **fields: Any) -> Any:
        """Return a message."""
        return self.store.types[name](**fields)

    def header(self, t_ns: int, frame: str) -> Any:
        """Return a header; ROS 1 has a sequence number more."""
        seq = {"seq": 0} if self.version == 1 else {}
        stamp = self.new("builtin_interfaces/msg/Time", sec=t_ns // 10**9, nanosec=t_ns % 10**9)
        return self.new("std_msgs/msg/Header", stamp=stamp, frame_id=frame, **seq)

    def bytes(self, name: str, message: Any) -> bytes:
        """Return the encoded message."""
        write = self.store.serialize_ros1 if self.version == 1 else self.store.serialize_cdr
        return bytes(write(message, name))

    def definition(self, name: str) -> str:
        """Return the text of a type with all types inside."""
        return self.store.generate_msgdef(name, ros_version=self.version)[0]


def ros(version: int) -> Ros:
    """Return the types of ROS 1 or ROS 2."""
    store = get_typestore(Stores.ROS1_NOETIC if version == 1 else Stores.ROS2_HUMBLE)
    types = get_types_from_msg(_TEXT, DETECTIONS)
    store.register({name: one for name, one in types.items() if name not in store.fielddefs})
    return Ros(store, version)


def _points(rng: "np.random.Generator") -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    """Return two turns of points as bytes: x, y, z, intensity, ring, time."""
    kind = np.dtype([("xyz", "<f4", (3,)), ("i", "<f4"), ("ring", "<u2"), ("time", "<u4")])
    points = np.zeros(_POINTS * 2, kind)
    points["xyz"] = rng.normal(0.0, 20.0, (_POINTS * 2, 3))
    points["i"] = rng.integers(0, 256, _POINTS * 2)
    points["ring"] = np.arange(_POINTS * 2) % 64
    points["time"] = np.arange(_POINTS * 2) // 64 * 55_000
    return points.view(np.uint8)


class Sensors:
    """Encodes one message of each sensor at a time of the drive."""

    def __init__(self, types: Ros) -> None:
        self._types = types
        self._rng = np.random.default_rng(7)
        # Compressed pictures have no structure that a codec could use; neither have these.
        self._picture = self._rng.integers(0, 256, _JPEG_BYTES * 2, np.uint8)
        self._cloud = _points(self._rng)

    def _xyz(self, name: str = "Vector3") -> Any:
        x, y, z = self._rng.normal(0.0, 1.0, 3).tolist()
        return self._types.new(f"geometry_msgs/msg/{name}", x=x, y=y, z=z)

    def _pose(self) -> Any:
        x, y, z, w = self._rng.normal(0.0, 1.0, 4).tolist()
        turn = self._types.new("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w)
        return self._types.new(
            "geometry_msgs/msg/Pose", position=self._xyz("Point"), orientation=turn
        )

    def _covariant(self, name: str, **fields: Any) -> Any:
        covariance = np.zeros(36)
        covariance[::7] = 0.01
        return self._types.new(f"geometry_msgs/msg/{name}", covariance=covariance, **fields)

    def imu(self, t_ns: int) -> tuple[str, Any]:
        """Return an IMU reading."""
        nine = np.zeros(9)
        name = "sensor_msgs/msg/Imu"
        return name, self._types.new(
            name,
            header=self._types.header(t_ns, "imu"),
            orientation=self._pose().orientation,
            orientation_covariance=nine,
            angular_velocity=self._xyz(),
            angular_velocity_covariance=nine,
            linear_acceleration=self._xyz(),
            linear_acceleration_covariance=nine,
        )

    def fix(self, t_ns: int) -> tuple[str, Any]:
        """Return a position of a satellite receiver."""
        name = "sensor_msgs/msg/NavSatFix"
        latitude, longitude, altitude = self._rng.normal((56, 10, 20), 1e-4).tolist()
        return name, self._types.new(
            name,
            header=self._types.header(t_ns, "gnss"),
            status=self._types.new("sensor_msgs/msg/NavSatStatus", status=0, service=1),
            latitude=latitude,
            longitude=longitude,
            altitude=altitude,
            position_covariance=np.zeros(9),
            position_covariance_type=2,
        )

    def _twist(self) -> Any:
        return self._types.new("geometry_msgs/msg/Twist", linear=self._xyz(), angular=self._xyz())

    def twist(self, t_ns: int) -> tuple[str, Any]:
        """Return a speed."""
        name = "geometry_msgs/msg/TwistStamped"
        header = self._types.header(t_ns, "base_link")
        return name, self._types.new(name, header=header, twist=self._twist())

    def odometry(self, t_ns: int) -> tuple[str, Any]:
        """Return an estimate of pose and speed."""
        name = "nav_msgs/msg/Odometry"
        return name, self._types.new(
            name,
            header=self._types.header(t_ns, "odom"),
            child_frame_id="base_link",
            pose=self._covariant("PoseWithCovariance", pose=self._pose()),
            twist=self._covariant("TwistWithCovariance", twist=self._twist()),
        )

    def detections(self, t_ns: int) -> tuple[str, Any]:
        """Return a list of 5 to 40 objects."""
        header = self._types.header(t_ns, "lidar")
        count = int(self._rng.integers(5, 41))
        objects = [self._object(header, number) for number in range(count)]
        return DETECTIONS, self._types.new(DETECTIONS, header=header, detections=objects)

    def _object(self, header: Any, number: int) -> Any:
        new = self._types.new
        kind = new(
            "vision_msgs/msg/ObjectHypothesis",
            class_id=_CLASSES[number % len(_CLASSES)],
            score=float(self._rng.uniform()),
        )
        pose = self._covariant("PoseWithCovariance", pose=self._pose())
        result = new("vision_msgs/msg/ObjectHypothesisWithPose", hypothesis=kind, pose=pose)
        box = new("vision_msgs/msg/BoundingBox3D", center=self._pose(), size=self._xyz())
        return new(
            "vision_msgs/msg/Detection3D",
            header=header,
            results=[result],
            bbox=box,
            id=str(number),
        )

    def picture(self, t_ns: int) -> tuple[str, Any]:
        """Return a compressed picture."""
        at = int(self._rng.integers(0, _JPEG_BYTES))
        size = _JPEG_BYTES - at % 20_000
        name = "sensor_msgs/msg/CompressedImage"
        header = self._types.header(t_ns, "camera")
        return name, self._types.new(
            name, header=header, format="jpeg", data=self._picture[at : at + size]
        )

    def cloud(self, t_ns: int) -> tuple[str, Any]:
        """Return a lidar turn of 65,536 points with 22 bytes each."""
        at = int(self._rng.integers(0, _POINTS)) * _POINT_BYTES
        name = "sensor_msgs/msg/PointCloud2"
        layout = (("x", 0, 7), ("y", 4, 7), ("z", 8, 7), ("intensity", 12, 7), ("ring", 16, 4))
        fields = [
            self._types.new(
                "sensor_msgs/msg/PointField", name=field, offset=offset, datatype=kind, count=1
            )
            for field, offset, kind in (*layout, ("time", 18, 6))
        ]
        return name, self._types.new(
            name,
            header=self._types.header(t_ns, "lidar"),
            height=1,
            width=_POINTS,
            fields=fields,
            is_bigendian=False,
            point_step=_POINT_BYTES,
            row_step=_POINTS * _POINT_BYTES,
            data=self._cloud[at : at + _POINTS * _POINT_BYTES],
            is_dense=True,
        )


SMALL = (
    ("/imu/data", "imu", 400),
    ("/gnss/fix", "fix", 50),
    ("/vehicle/twist", "twist", 100),
    ("/odometry", "odometry", 100),
    ("/objects", "detections", 20),
)
MIXED = (
    *SMALL,
    ("/camera/front", "picture", 20),
    ("/camera/rear", "picture", 20),
    ("/lidar/points", "cloud", 10),
)
"""Topic, sensor, rate in Hz."""


def messages(
    types: Ros, topics: tuple[tuple[str, str, int], ...], duration_s: float
) -> Iterator[Sent]:
    """Yield what a recorder takes, in the order of time; no two messages at the same time."""
    sensors = Sensors(types)
    turns = itertools.chain.from_iterable(
        (
            (START_NS + number * 10**9 // hz + place, topic, sensor)
            for number in range(int(duration_s * hz))
        )
        for place, (topic, sensor, hz) in enumerate(topics)
    )
    for t_ns, topic, sensor in sorted(turns):
        kind, message = getattr(sensors, sensor)(t_ns)
        yield t_ns, topic, kind, types.bytes(kind, message)


def write_mcap(
    path: Path, topics: tuple[tuple[str, str, int], ...], duration_s: float, codec: str
) -> None:
    """Write an MCAP file with chunks of a megabyte."""
    from mcap.writer import CompressionType
    from mcap.writer import Writer as McapWriter

    types = ros(2)
    channels: dict[str, int] = {}
    with path.open("wb") as file:
        writer = McapWriter(file, chunk_size=1 << 20, compression=CompressionType[codec.upper()])
        writer.start(profile="ros2")
        for number, (t_ns, topic, kind, data) in enumerate(messages(types, topics, duration_s)):
            if topic not in channels:
                text = types.definition(kind).encode()
                schema = writer.register_schema(kind, "ros2msg", text)
                channels[topic] = writer.register_channel(topic, "cdr", schema)
            writer.add_message(channels[topic], t_ns, data, t_ns, number)
        writer.finish()


def write_bag(
    path: Path, topics: tuple[tuple[str, str, int], ...], duration_s: float, codec: str
) -> None:
    """Write a ROS 1 bag."""
    from rosbags.rosbag1 import Writer as BagWriter

    types = ros(1)
    writer = BagWriter(path)
    if codec != "none":
        writer.set_compression(BagWriter.CompressionFormat[codec.upper()])
    with writer:
        known: dict[str, Any] = {}
        for t_ns, topic, kind, data in messages(types, topics, duration_s):
            if topic not in known:
                known[topic] = writer.add_connection(topic, kind, typestore=types.store)
            writer.write(known[topic], t_ns, data)


def write_db3(path: Path, topics: tuple[tuple[str, str, int], ...], duration_s: float) -> None:
    """Write a rosbag2 database, and the folder with its description beside it."""
    import shutil

    from rosbags.rosbag2 import StoragePlugin
    from rosbags.rosbag2 import Writer as Rosbag2Writer

    types = ros(2)
    folder = path.parent / f"{path.stem}.folder"
    shutil.rmtree(folder, ignore_errors=True)
    with Rosbag2Writer(folder, version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        known: dict[str, Any] = {}
        for t_ns, topic, kind, data in messages(types, topics, duration_s):
            if topic not in known:
                known[topic] = writer.add_connection(topic, kind, typestore=types.store)
            writer.write(known[topic], t_ns, data)
    (found,) = folder.glob("*.db3")
    path.hardlink_to(found)
