"""Message types of the recordings and their serialisation.

The ROS 2 store knows the common packages; radar_msgs (ros-perception) and autoware_perception_msgs
(Autoware) are added with their public field lists, as a recorder would embed them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

_ADDED = {
    "radar_msgs/msg/RadarTrack": """
uint16 NO_CLASSIFICATION=0
uint16 STATIC=1
uint16 DYNAMIC=2
unique_identifier_msgs/UUID uuid
geometry_msgs/Point position
geometry_msgs/Vector3 velocity
geometry_msgs/Vector3 acceleration
geometry_msgs/Vector3 size
uint16 classification
float32[6] position_covariance
float32[6] velocity_covariance
float32[6] acceleration_covariance
float32[6] size_covariance
""",
    "radar_msgs/msg/RadarTracks": """
std_msgs/Header header
radar_msgs/RadarTrack[] tracks
""",
    "autoware_perception_msgs/msg/ObjectClassification": """
uint8 UNKNOWN=0
uint8 CAR=1
uint8 TRUCK=2
uint8 BUS=3
uint8 TRAILER=4
uint8 MOTORCYCLE=5
uint8 BICYCLE=6
uint8 PEDESTRIAN=7
uint8 label
float32 probability
""",
    "autoware_perception_msgs/msg/Shape": """
uint8 BOUNDING_BOX=0
uint8 CYLINDER=1
uint8 POLYGON=2
uint8 type
geometry_msgs/Polygon footprint
geometry_msgs/Vector3 dimensions
""",
    "autoware_perception_msgs/msg/TrackedObjectKinematics": """
uint8 UNAVAILABLE=0
uint8 SIGN_UNKNOWN=1
uint8 AVAILABLE=2
geometry_msgs/PoseWithCovariance pose_with_covariance
geometry_msgs/TwistWithCovariance twist_with_covariance
geometry_msgs/AccelWithCovariance acceleration_with_covariance
uint8 orientation_availability
bool is_stationary
""",
    "autoware_perception_msgs/msg/TrackedObject": """
unique_identifier_msgs/UUID object_id
float32 existence_probability
autoware_perception_msgs/ObjectClassification[] classification
autoware_perception_msgs/TrackedObjectKinematics kinematics
autoware_perception_msgs/Shape shape
""",
    "autoware_perception_msgs/msg/TrackedObjects": """
std_msgs/Header header
autoware_perception_msgs/TrackedObject[] objects
""",
}


def _ros2_store() -> Typestore:
    store = get_typestore(Stores.ROS2_HUMBLE)
    for name, text in _ADDED.items():
        store.register(get_types_from_msg(text, name))
    return store


ROS2 = _ros2_store()
ROS1 = get_typestore(Stores.ROS1_NOETIC)


@dataclass(frozen=True, slots=True)
class Stream:
    """All messages of one topic, serialised one by one when asked for."""

    topic: str
    message_type: str
    stamps_ns: NDArray[np.int64]
    """Measurement times, as in the message headers."""
    payloads: Iterator[bytes]
    """As many as there are stamps, in the same order."""


def ros2(name: str) -> Any:
    """Return the class of a ROS 2 message type, for example ``sensor_msgs/msg/Imu``."""
    return ROS2.types[name]


def cdr(message: Any) -> bytes:
    """Return a ROS 2 message as little-endian CDR."""
    return bytes(ROS2.serialize_cdr(message, message.__msgtype__))


def header(stamp_ns: int, frame_id: str) -> Any:
    """Return a ROS 2 header."""
    return ros2("std_msgs/msg/Header")(stamp=_time(stamp_ns), frame_id=frame_id)


def vector3(x: float, y: float, z: float) -> Any:
    """Return a ROS 2 Vector3."""
    return ros2("geometry_msgs/msg/Vector3")(x=float(x), y=float(y), z=float(z))


def point(x: float, y: float, z: float) -> Any:
    """Return a ROS 2 Point."""
    return ros2("geometry_msgs/msg/Point")(x=float(x), y=float(y), z=float(z))


def twist(linear: Any, angular: Any) -> Any:
    """Return a ROS 2 Twist of two vectors."""
    return ros2("geometry_msgs/msg/Twist")(linear=linear, angular=angular)


def yaw_pose(position: Any, yaw_rad: float) -> Any:
    """Return a ROS 2 Pose at a point, turned about the z axis only."""
    half = 0.5 * float(yaw_rad)
    turned = ros2("geometry_msgs/msg/Quaternion")(
        x=0.0, y=0.0, z=float(np.sin(half)), w=float(np.cos(half))
    )
    return ros2("geometry_msgs/msg/Pose")(position=position, orientation=turned)


def _time(stamp_ns: int) -> Any:
    seconds, ns = divmod(int(stamp_ns), 1_000_000_000)
    return ros2("builtin_interfaces/msg/Time")(sec=seconds, nanosec=ns)


def ros1_header(sequence: int, stamp_ns: int, frame_id: str) -> Any:
    """Return a ROS 1 header, which has a sequence number."""
    seconds, ns = divmod(int(stamp_ns), 1_000_000_000)
    stamp = ROS1.types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=ns)
    return ROS1.types["std_msgs/msg/Header"](seq=sequence, stamp=stamp, frame_id=frame_id)
