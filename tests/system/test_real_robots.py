"""Real ROS recordings through the whole product, against rosbags, mcap and sqlite3."""

import math
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mcap.reader import make_reader
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

import avdataops as av
from avdataops.signals.geo import haversine_m

if TYPE_CHECKING:
    from tests.system.conftest import Taken

Said = dict[str, tuple[list[int], list[bytes], str]]
SAMPLE = 60


def _said(path: Path) -> Said:
    """Return times, bytes and type of every message by topic."""
    found: Said = {}
    with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader:
        for connection, t_ns, data in reader.messages():
            empty: tuple[list[int], list[bytes], str] = ([], [], connection.msgtype)
            times, messages, _ = found.setdefault(connection.topic, empty)
            times.append(t_ns)
            messages.append(bytes(data))
    return found


def _field(message: Any, source: str) -> Any:
    for name in source.split("."):
        message = getattr(message, name)
    if hasattr(message, "nanosec"):
        return message.sec * 1_000_000_000 + message.nanosec
    return message.tolist() if isinstance(message, np.ndarray) else message


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and math.isnan(ours):
        return math.isnan(theirs)
    return bool(ours == theirs)


def _sources(table: pa.Table) -> dict[str, str]:
    return {
        field.name: field.metadata[b"source"].decode()
        for field in table.schema
        if field.metadata and b"source" in field.metadata
    }


def _compare_sample(path: Path, lake: av.Lake, measurement: str) -> int:
    """Compare every field of messages all over each topic; return how many fields there were."""
    compared = 0
    said = _said(path)
    with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader:
        for topic, (times, messages, kind) in said.items():
            table = lake.stream(measurement, topic)
            assert table["t_ns"].to_pylist() == times, topic
            if kind not in reader.typestore.fielddefs:
                assert table["data"].to_pylist() == messages
                continue
            columns = _sources(table)
            assert columns, topic
            for row in range(0, len(times), max(len(times) // SAMPLE, 1)):
                message = reader.deserialize(messages[row], kind)
                for name, source in columns.items():
                    ours, theirs = table[name][row].as_py(), _field(message, source)
                    assert _same(ours, theirs), (topic, name)
                    compared += 1
    return compared


@pytest.fixture(scope="module")
def husky(
    real_data: Path, take: "Callable[..., Taken]", tmp_path_factory: pytest.TempPathFactory
) -> "Taken":
    folder = tmp_path_factory.mktemp("husky")
    (folder / "outdoors.bag").symlink_to(real_data / "ros1" / "robot_localization_test1.bag")
    return take(folder)


@pytest.fixture(scope="module")
def ackermann(real_data: Path, take: "Callable[..., Taken]") -> "Taken":
    return take(real_data / "ros2" / "uf_gps_nav_bag")


def test_a_ros_1_drive_has_every_message_and_field(husky: "Taken", real_data: Path) -> None:
    assert husky.ran.status == 0
    assert husky.show()["state"] == "complete"
    with av.connect(husky.desk.workspace) as lake:
        path = real_data / "ros1" / "robot_localization_test1.bag"
        assert _compare_sample(path, lake, husky.measurement) > 2_500


def test_speed_and_path_of_a_slow_robot_are_plausible(husky: "Taken") -> None:
    with av.connect(husky.desk.workspace) as lake:
        ego = lake.table(husky.measurement, "ego")
        odometry = lake.stream(husky.measurement, "/husky_velocity_controller/odom")
    seconds = (ego["t_ns"].to_numpy() - ego["t_ns"][0].as_py()) / 1e9
    speed = ego["ego_speed_mps"].to_numpy()
    # A Husky drives at 1 m/s at most.
    assert -0.05 < np.nanmin(speed) < 0.01
    assert 0.95 < np.nanmax(speed) < 1.05
    theirs = odometry["twist_twist_linear_x_mps"].to_numpy()
    t = (odometry["t_ns"].to_numpy() - ego["t_ns"][0].as_py()) / 1e9
    assert np.nanmax(np.abs(speed - np.interp(seconds, t, theirs))) < 0.02
    fixed = ego.filter(ego["lat_deg"].is_valid())
    place = [fixed[name].to_numpy()[::100] for name in ("lat_deg", "lon_deg")]
    steps = haversine_m(place[0][:-1], place[1][:-1], place[0][1:], place[1][1:])
    driven = float(np.sum(speed[:-1] * np.diff(seconds)))
    # Positions scatter, so that their path is somewhat longer.
    assert driven == pytest.approx(float(np.sum(steps)), rel=0.15)


def test_a_robot_stands_only_where_its_wheels_do(husky: "Taken") -> None:
    with av.connect(husky.desk.workspace) as lake:
        odometry = lake.stream(husky.measurement, "/husky_velocity_controller/odom")
        stops = list(lake.scenes("standstill"))
        assert len(lake.scenes("hard_brake")) == 0
        assert len(lake.scenes("standstill", near=(42.376, -71.147, 500.0))) == len(stops)
        assert len(lake.scenes(near=(55.0, 10.0, 500.0))) == 0
    t, speed = odometry["t_ns"].to_numpy(), odometry["twist_twist_linear_x_mps"].to_numpy()
    assert stops
    for scene in stops:
        inside = speed[(t >= scene.t_start_ns) & (t < scene.t_end_ns)]
        assert np.abs(inside).max() < 0.55


def test_a_type_that_nothing_defines_is_kept_bit_exact_and_told(
    ackermann: "Taken", real_data: Path
) -> None:
    topic = "/vehicle_command_ackermann"
    path = real_data / "ros2" / "uf_gps_nav_bag"
    assert ackermann.ran.status == 0
    told = [text for text in ackermann.caveats() if topic in text]
    assert len(told) == 1
    assert "ackermann_msgs/msg/AckermannDriveStamped" in told[0]
    # Immutable, or sqlite may leave files beside the database.
    database = sqlite3.connect(f"file:{path / 'bag_0.db3'}?immutable=1", uri=True)
    wanted = (
        "SELECT timestamp, data FROM messages JOIN topics ON topics.id = topic_id"
        " WHERE name = ? ORDER BY timestamp"
    )
    rows = database.execute(wanted, (topic,)).fetchall()
    database.close()
    with av.connect(ackermann.desk.workspace) as lake:
        table = lake.stream(ackermann.measurement, topic)
        assert table.num_rows == len(rows) == 1034
        assert list(zip(table["t_ns"].to_pylist(), table["data"].to_pylist(), strict=True)) == rows
        assert _compare_sample(path, lake, ackermann.measurement) > 1_000


def test_scenes_of_a_robot_on_a_campus_are_where_it_was(ackermann: "Taken") -> None:
    with av.connect(ackermann.desk.workspace) as lake:
        context = lake.table(ackermann.measurement, "context")
        placed = [one for one in lake.scenes() if one.lat_deg is not None]
    # Gainesville in December, 15:06 local time.
    assert set(context["light"].drop_null().to_pylist()) == {"day"}
    assert 20 < np.nanmedian(context["sun_elevation_deg"].to_numpy(zero_copy_only=False)) < 30
    assert all(haversine_m(one.lat_deg, one.lon_deg, 29.6469, -82.3467) < 100 for one in placed)


def test_split_mcap_files_are_one_stream_in_five_parts(
    real_data: Path, take: "Callable[..., Taken]"
) -> None:
    folder = real_data / "ros2" / "rosbag2_py_resources" / "mcap" / "wbag"
    taken = take(folder, last="downsample")
    assert taken.ran.status == 0
    expected: dict[str, list[tuple[int, int]]] = {}
    parts: dict[tuple[str, str], int] = {}
    for path in sorted(folder.glob("*.mcap")):
        with path.open("rb") as stream:
            for _, channel, message in make_reader(stream).iter_messages(log_time_order=True):
                pair = (message.log_time, message.publish_time)
                expected.setdefault(channel.topic, []).append(pair)
                place = (channel.topic, path.name)
                parts[place] = parts.get(place, 0) + 1
    streams = taken.show()["streams"]
    assert {(one["name"], one["recording"]): one["rows"] for one in streams} == parts
    assert len(parts) == 40
    with av.connect(taken.desk.workspace) as lake:
        for topic, pairs in expected.items():
            table = lake.stream(taken.measurement, topic)
            times = table["t_ns"].to_pylist()
            got = list(zip(times, table["publish_ns"].to_pylist(), strict=True))
            assert sorted(got) == sorted(pairs)
        timing = lake.table(taken.measurement, "stream_timing")
    # One timing for each stream, over all five parts.
    assert timing.num_rows >= len(expected) == 8


def _tables(taken: "Taken") -> dict[tuple[str, str], pa.Table]:
    """Return what was extracted, by stream and recording."""
    return {
        (one["name"], one["recording"]): pq.read_table(
            taken.desk.workspace / one["location"]
        ).replace_schema_metadata(None)
        for one in taken.show()["streams"]
    }


def test_the_same_bag_in_three_compressions_gives_the_same_tables(
    real_data: Path, take: "Callable[..., Taken]", tmp_path: Path
) -> None:
    twins = ("webviz_example.bag", "webviz_example-bz2.bag", "foxglove_rosbag_example-lz4.bag")
    for name in twins:
        shutil.copy2(real_data / "ros1" / name, tmp_path)
    taken = take(tmp_path, last="extract")
    assert taken.ran.status == 0
    tables = _tables(taken)
    streams = {stream for stream, _ in tables}
    assert len(streams) == 11
    assert sum(tables[stream, twins[0]].num_rows for stream in streams) > 8_000
    for stream in streams:
        assert all(tables[stream, twins[0]].equals(tables[stream, other]) for other in twins[1:])


def test_the_same_messages_in_sqlite_and_in_mcap_give_the_same_rows(
    real_data: Path, take: "Callable[..., Taken]"
) -> None:
    root = real_data / "ros2" / "rosbag2_py_resources"
    for name, counts in (
        ("convert_a", {"a_empty": 100, "b_basictypes": 50}),
        ("convert_b", {"a_empty": 25, "c_strings": 50}),
    ):
        mcap = _tables(take(root / "mcap" / name, last="extract"))
        db3 = _tables(take(root / "sqlite3" / name, last="extract"))
        theirs: dict[str, list[bytes]] = {}
        for path in (root / "mcap" / name).glob("*.mcap"):
            with path.open("rb") as opened:
                for _, channel, message in make_reader(opened).iter_messages():
                    theirs.setdefault(channel.topic, []).append(message.data)
        ours = {stream: table for (stream, _), table in mcap.items()}
        kept = {stream: table for (stream, _), table in db3.items()}
        assert {stream: table.num_rows for stream, table in ours.items()} == counts
        assert kept.keys() == ours.keys()
        for stream, table in ours.items():
            # These old db3 files define no types, so that their bytes are what there is.
            assert kept[stream]["t_ns"].to_pylist() == table["t_ns"].to_pylist()
            assert kept[stream]["data"].to_pylist() == theirs[stream]
