"""Writes the streams into the three ROS recordings: MCAP, ROS 1 bag and ROS 2 sqlite3 bag."""

import heapq
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag1 import Writer as Bag1Writer
from rosbags.rosbag2 import Writer as Bag2Writer

from sample_data.camera import camera_info_stream, image_stream
from sample_data.ego_streams import (
    gnss_fix_stream,
    gnss_velocity_stream,
    imu_stream,
    odometry_stream,
    temperature_stream,
)
from sample_data.lidar import lidar_stream
from sample_data.noise import generator
from sample_data.object_streams import objects_stream, radar_stream
from sample_data.ros_types import ROS1, ROS2, Stream
from sample_data.world import World

Arrival = tuple[int, int, int, bytes]
"""Log time [ns], index of the stream, measurement time [ns], payload."""

_SHORTEST_LATENCY_NS = 3_000_000
_MEAN_QUEUEING_NS = 1_500_000


def write_sensors(world: World, path: Path) -> None:
    """Write camera, lidar, radar, objects, IMU and GNSS as MCAP (ros2 profile, zstd chunks)."""
    streams = (
        image_stream(world),
        camera_info_stream(world),
        lidar_stream(world),
        radar_stream(world),
        objects_stream(world),
        imu_stream(world),
        gnss_fix_stream(world),
    )
    with path.open("wb") as file:
        # Part of the writer carries no types.
        writer: Any = McapWriter(file, compression=CompressionType.ZSTD)
        writer.start(profile="ros2", library="recorder")
        channels = []
        for stream in streams:
            text, _ = ROS2.generate_msgdef(stream.message_type, ros_version=2)
            schema = writer.register_schema(stream.message_type, "ros2msg", text.encode())
            channels.append(writer.register_channel(stream.topic, "cdr", schema))
        for sequence, (log_ns, index, stamp_ns, payload) in enumerate(arrivals(world, streams)):
            writer.add_message(
                channels[index],
                log_time=log_ns,
                data=payload,
                publish_time=stamp_ns,
                sequence=sequence,
            )
        writer.finish()


def write_body(world: World, path: Path) -> None:
    """Write GNSS velocity and outside temperature as a ROS 1 bag."""
    streams = (gnss_velocity_stream(world), temperature_stream(world))
    with Bag1Writer(path) as writer:
        connections = [
            writer.add_connection(stream.topic, stream.message_type, typestore=ROS1)
            for stream in streams
        ]
        for log_ns, index, _, payload in arrivals(world, streams):
            writer.write(connections[index], log_ns, payload)


def write_localization(world: World, path: Path) -> None:
    """Write odometry as a ROS 2 sqlite3 bag of one file that embeds its definitions."""
    stream = odometry_stream(world)
    with tempfile.TemporaryDirectory() as folder:
        # The writer makes a folder and names the file after it.
        bag = Path(folder) / path.stem
        with Bag2Writer(bag, version=9) as writer:
            connection = writer.add_connection(stream.topic, stream.message_type, typestore=ROS2)
            for log_ns, _, _, payload in arrivals(world, (stream,)):
                writer.write(connection, log_ns, payload)
        shutil.move(bag / f"{path.stem}.db3", path)


def arrivals(world: World, streams: Sequence[Stream]) -> Iterator[Arrival]:
    """Yield the messages of all streams in the order in which the recorder got them.

    Latency is a constant 3 ms and exponential queueing; within a stream order is kept.
    """
    return heapq.merge(
        *(_arrivals_of(world, stream, index) for index, stream in enumerate(streams)),
        key=_log_time,
    )


def _log_time(arrival: Arrival) -> tuple[int, int]:
    return arrival[:2]


def _arrivals_of(world: World, stream: Stream, index: int) -> Iterator[Arrival]:
    rng = generator(world.seed, f"latency of {stream.topic}")
    queueing = rng.exponential(_MEAN_QUEUEING_NS, stream.stamps_ns.size).astype(np.int64)
    logged = np.maximum.accumulate(stream.stamps_ns + _SHORTEST_LATENCY_NS + queueing)
    for log_ns, stamp_ns, payload in zip(
        logged.tolist(), stream.stamps_ns.tolist(), stream.payloads, strict=True
    ):
        yield log_ns, index, stamp_ns, payload
