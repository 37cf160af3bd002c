"""Recordings opened for copying: channels and messages word for word, and no more read."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer
from rosbags.rosbag1 import Reader as Bag1Reader
from rosbags.rosbag1 import Writer as Bag1Writer
from rosbags.rosbag2 import Writer as Bag2Writer

from avdataops.model.errors import UnreadableFile
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile, ReadableFile
from avdataops.ports.originals import Channel, Original, Originals
from avdataops.readers.formats import open_originals
from sample_data.ros_types import ROS1, ROS2

MS = 1_000_000
ALL = TimeRange(0, 2**62)
PAYLOAD = bytes(range(256)) * 40


@dataclass
class Counted:
    """A file that counts what is read of it."""

    file: ReadableFile
    taken: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def size(self) -> int:
        return self.file.size

    def read_at(self, offset: int, length: int) -> bytes:
        data = self.file.read_at(offset, length)
        self.taken.append(len(data))
        return data


def opened(file: ReadableFile) -> Originals:
    found = open_originals(file)
    assert found is not None
    return found


def on_disk(path: Path) -> BytesFile:
    return BytesFile(path.name, path.read_bytes())


@pytest.fixture(scope="module")
def mcap_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mcap") / "drive.mcap"
    with path.open("wb") as file:
        writer: Any = Writer(file, chunk_size=64_000, compression=CompressionType.ZSTD)
        writer.start(profile="ros2", library="somebody")
        proto = writer.register_schema("a.B", "protobuf", b"\xff\x00\x01 not text")
        text = writer.register_schema("std_msgs/msg/String", "ros2msg", b"string data\n")
        first = writer.register_channel("/a", "protobuf", proto, {"k": "v", "é": "ü"})
        second = writer.register_channel("/b", "cdr", text)
        bare = writer.register_channel("/c", "json", 0)
        for number in range(200):
            for channel in (first, second, bare):
                writer.add_message(
                    channel,
                    log_time=number * MS,
                    publish_time=number * MS + 7,
                    sequence=number + channel,
                    data=PAYLOAD + bytes([number, channel]),
                )
        writer.finish()
    return path


def test_channels_of_mcap_are_those_that_the_mcap_library_tells(mcap_file: Path) -> None:
    with mcap_file.open("rb") as file:
        summary: Any = make_reader(file).get_summary()
    with opened(on_disk(mcap_file)) as originals:
        for one in originals.channels:
            told = summary.channels[one.number]
            schema = summary.schemas.get(told.schema_id)
            assert (one.topic, one.encoding) == (told.topic, told.message_encoding)
            assert dict(one.facts) == told.metadata
            assert one.type == (schema.name if schema else "")
            assert one.language == (schema.encoding if schema else "")
            assert one.definition == (schema.data if schema else b"")
        assert len(originals.channels) == 3


def test_messages_of_mcap_are_those_that_the_mcap_library_tells(mcap_file: Path) -> None:
    span = TimeRange(40 * MS, 60 * MS)
    with mcap_file.open("rb") as file:
        told = [
            Original(m.log_time, m.publish_time, m.channel_id, m.sequence, m.data)
            for _, _, m in make_reader(file).iter_messages(
                starting_at=span.start_ns, ending_before=span.stop_ns
            )
        ]
    with opened(on_disk(mcap_file)) as originals:
        numbers = [one.number for one in originals.channels]
        found = list(originals.messages(numbers, span))
        assert originals.problems() == ()
    assert sorted(found) == sorted(told)
    assert len(found) == 60
    assert [one.t_ns for one in found] == sorted(one.t_ns for one in found)


def test_of_mcap_only_the_chunks_that_the_time_touches_are_read(mcap_file: Path) -> None:
    file = Counted(on_disk(mcap_file))
    with opened(file) as originals:
        index_bytes = sum(file.taken)
        list(originals.messages([1, 2, 3], TimeRange(100 * MS, 101 * MS)))
    content = mcap_file.stat().st_size - index_bytes
    assert sum(file.taken) - index_bytes < content / 10


def test_a_channel_that_is_not_asked_for_stays_out(mcap_file: Path) -> None:
    with opened(on_disk(mcap_file)) as originals:
        found = {one.channel for one in originals.messages([2], ALL)}
    assert found == {2}


def test_a_bag_gives_its_types_checksums_and_publishers_as_it_states_them(tmp_path: Path) -> None:
    path = tmp_path / "body.bag"
    with Bag1Writer(path) as writer:
        one = writer.add_connection(
            "/t", "std_msgs/msg/String", typestore=ROS1, callerid="/node", latching=1
        )
        for number in range(5):
            writer.write(one, number * MS, b"\x01\x00\x00\x00" + bytes([65 + number]))
    with Bag1Reader(path) as reader:
        (told,) = reader.connections
    with opened(on_disk(path)) as originals:
        (channel,) = originals.channels
        found = list(originals.messages([channel.number], ALL))
    assert (channel.type, channel.encoding, channel.language) == (
        "std_msgs/String",
        "ros1",
        "ros1msg",
    )
    assert channel.definition.decode() == told.msgdef.data
    facts = dict(channel.facts)
    assert facts["md5sum"] == told.digest
    assert (facts["callerid"], facts["latching"]) == ("/node", "1")
    assert [(one.t_ns, one.publish_ns, one.data[4:]) for one in found] == [
        (number * MS, number * MS, bytes([65 + number])) for number in range(5)
    ]


def db3(folder: Path) -> Path:
    with Bag2Writer(folder / "bag", version=9) as writer:
        one = writer.add_connection("/t", "std_msgs/msg/String", typestore=ROS2)
        for number in range(50):
            writer.write(one, number * MS, bytes([0, 1, 0, 0, number]))
    return folder / "bag" / "bag.db3"


def the_one_channel(path: Path) -> Channel:
    with opened(on_disk(path)) as originals:
        (channel,) = originals.channels
    return channel


def test_a_database_gives_messages_definition_and_quality_of_service(tmp_path: Path) -> None:
    path = db3(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE topics SET offered_qos_profiles = '- history: 3'")
    connection.close()
    channel = the_one_channel(path)
    assert (channel.type, channel.language) == ("std_msgs/msg/String", "ros2msg")
    assert b"string data" in channel.definition
    assert dict(channel.facts) == {"offered_qos_profiles": "- history: 3"}
    with opened(on_disk(path)) as originals:
        found = list(originals.messages([channel.number], TimeRange(10 * MS, 12 * MS)))
    assert [one.data[-1] for one in found] == [10, 11]


def test_a_database_without_definitions_gets_the_standard_ones_and_says_so(tmp_path: Path) -> None:
    path = db3(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE message_definitions")
    connection.close()
    channel = the_one_channel(path)
    assert channel.language == "ros2msg"
    assert b"string data" in channel.definition
    assert dict(channel.facts)["avdataops.definition"] == "ROS 2 Humble"


def test_an_own_type_without_definition_stays_without(tmp_path: Path) -> None:
    path = db3(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE message_definitions")
        connection.execute("UPDATE topics SET type = 'own_msgs/msg/Thing'")
    connection.close()
    channel = the_one_channel(path)
    assert (channel.type, channel.language, channel.definition) == ("own_msgs/msg/Thing", "", b"")


def test_a_cut_off_file_gives_what_it_holds_and_says_that_it_is_cut(
    mcap_file: Path, tmp_path: Path
) -> None:
    for path in (mcap_file, db3(tmp_path)):
        data = path.read_bytes()
        with opened(BytesFile(path.name, data[: len(data) * 2 // 3])) as originals:
            numbers = [one.number for one in originals.channels]
            list(originals.messages(numbers, ALL))
            assert "truncated" in {one.code for one in originals.problems()}


def test_a_broken_chunk_is_counted_as_lost(mcap_file: Path) -> None:
    data = bytearray(mcap_file.read_bytes())
    with mcap_file.open("rb") as file:
        summary: Any = make_reader(file).get_summary()
    index = summary.chunk_indexes[2]
    at = index.chunk_start_offset + index.chunk_length - 40
    data[at : at + 20] = bytes(20)
    with opened(BytesFile("broken.mcap", bytes(data))) as originals:
        found = list(originals.messages([1, 2, 3], ALL))
        lost = sum(one.lost_rows or 0 for one in originals.problems() if one.stream)
    assert 0 < lost == 600 - len(found)


def test_what_has_no_messages_of_its_own_cannot_be_copied() -> None:
    assert open_originals(BytesFile("a.mf4", b"MDF     4.10    " + bytes(200))) is None
    assert open_originals(BytesFile("a.txt", b"nothing known")) is None
    with pytest.raises(UnreadableFile):
        open_originals(BytesFile("a.mcap", b"\x89MCAP0\r\n"))
