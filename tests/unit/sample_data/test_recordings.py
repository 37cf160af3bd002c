import sqlite3
from collections import Counter
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from sample_data import SampleDrive
from sample_data.ego_streams import gnss_fix_stream, imu_stream
from sample_data.recordings import arrivals
from sample_data.world import World

RATES_HZ = {
    "/camera/front/camera_info": 1,
    "/lidar/top/points": 10,
    "/radar/front/tracks": 10,
    "/perception/objects": 10,
    "/imu/data": 100,
    "/gnss/fix": 10,
}


def test_messages_arrive_after_they_are_measured_and_in_order(short_world: World) -> None:
    streams = (imu_stream(short_world), gnss_fix_stream(short_world))
    arrived = [(log, index, stamp) for log, index, stamp, _ in arrivals(short_world, streams)]
    assert arrived == sorted(arrived, key=lambda item: item[:2])
    late = np.array([log - stamp for log, _, stamp in arrived]) / 1e6
    assert late.min() >= 3.0
    assert late.mean() == pytest.approx(4.5, abs=0.2)


def test_the_mcap_summary_counts_every_message(written: SampleDrive) -> None:
    with written.sensors.open("rb") as file:
        reader = make_reader(file)
        assert reader.get_header().profile == "ros2"
        summary = reader.get_summary()
        assert summary is not None
        assert summary.statistics is not None
        counts = {
            summary.channels[number].topic: count
            for number, count in summary.statistics.channel_message_counts.items()
        }
        seen = Counter(channel.topic for _, channel, _ in reader.iter_messages())
    assert counts == dict(seen)
    for topic, rate_hz in RATES_HZ.items():
        assert counts[topic] == pytest.approx(36 * rate_hz, abs=1), topic
    # 1.5 s of pictures are missing.
    assert counts["/camera/front/image/compressed"] == pytest.approx(345, abs=2)


def test_chunks_are_compressed_and_indexed(written: SampleDrive) -> None:
    with written.sensors.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert len(summary.chunk_indexes) > 3
    assert {index.compression for index in summary.chunk_indexes} == {"zstd"}
    assert all(index.message_index_offsets for index in summary.chunk_indexes)
    assert {schema.encoding for schema in summary.schemas.values()} == {"ros2msg"}


def test_schemas_embed_every_type_they_use(written: SampleDrive) -> None:
    """A reader that knows no types at all must be able to decode the object lists."""
    with AnyReader([written.sensors], default_typestore=get_typestore(Stores.EMPTY)) as reader:
        wanted = [c for c in reader.connections if c.topic == "/perception/objects"]
        for connection, _, data in reader.messages(wanted):
            message: Any = reader.deserialize(data, connection.msgtype)
            for item in message.objects:
                assert item.shape.dimensions.x > 0.3
        tracks = [c for c in reader.connections if c.topic == "/radar/front/tracks"]
        assert [c.msgtype for c in tracks] == ["radar_msgs/msg/RadarTracks"]


def test_stamps_lie_before_log_times_and_within_the_drive(
    written: SampleDrive, short_world: World
) -> None:
    stop_ns = short_world.start_ns + 36 * 10**9
    with AnyReader([written.sensors]) as reader:
        for connection, log_ns, data in reader.messages():
            message: Any = reader.deserialize(data, connection.msgtype)
            header = message.header
            stamp_ns = header.stamp.sec * 10**9 + header.stamp.nanosec
            assert short_world.start_ns <= stamp_ns < stop_ns
            assert 3_000_000 <= log_ns - stamp_ns < 60_000_000


def test_the_ros1_bag_reads_back(written: SampleDrive) -> None:
    with AnyReader([written.body]) as reader:
        counts = {c.topic: (c.msgtype, c.msgcount) for c in reader.connections}
        messages: list[Any] = [
            reader.deserialize(data, connection.msgtype)
            for connection, _, data in reader.messages()
        ]
    assert counts["/gnss/vel"][0] == "geometry_msgs/msg/TwistStamped"
    assert counts["/gnss/vel"][1] == pytest.approx(360, abs=1)
    assert counts["/body/temperature"] == ("sensor_msgs/msg/Temperature", 36)
    assert {message.header.frame_id for message in messages} == {"gnss", "body"}
    assert written.body.read_bytes().startswith(b"#ROSBAG V2.0\n")


def test_the_sqlite_bag_is_one_file_with_its_definitions(written: SampleDrive) -> None:
    connection = sqlite3.connect(f"file:{written.localization}?immutable=1", uri=True)
    try:
        topics = connection.execute("SELECT name, type FROM topics").fetchall()
        definitions = connection.execute(
            "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions"
        ).fetchall()
        (count,) = connection.execute("SELECT count(*) FROM messages").fetchone()
    finally:
        connection.close()
    assert topics == [("/localization/odometry", "nav_msgs/msg/Odometry")]
    assert definitions[0][:2] == ("nav_msgs/msg/Odometry", "ros2msg")
    assert "MSG: geometry_msgs/PoseWithCovariance" in definitions[0][2]
    assert count == pytest.approx(1800, abs=1)


def test_the_sqlite_bag_opens_without_metadata(written: SampleDrive) -> None:
    with AnyReader([written.localization]) as reader:
        connection, _, data = next(reader.messages())
        message: Any = reader.deserialize(data, connection.msgtype)
    assert message.child_frame_id == "base_link"
