"""Every other real recording: opened, taken in and counted as an independent reader counts."""

import json
import logging
import math
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from asammdf import MDF
from mcap.reader import make_reader
from nptdms import TdmsFile
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

import avdataops as av
from avdataops.testing.command_line import Answer, Desk

if TYPE_CHECKING:
    from tests.system.conftest import Taken

RECORDINGS = (".mf4", ".bag", ".db3", ".mcap")
EVERY_FIFTH = 5


def _recordings(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in RECORDINGS)


def _info(desk: Desk, path: Path) -> Answer:
    answer = desk.here("info", path, "--format", "json")
    assert "Traceback" not in answer.err
    return answer


def _rows(taken: "Taken") -> Counter[str]:
    """Return rows of messages by recording; rows of list elements are no messages."""
    shown = taken.show()
    children = {
        (recording["name"], stream["name"])
        for recording in shown["recordings"]
        for stream in recording["streams"]
        if stream["parent"]
    }
    found = Counter({one["name"]: 0 for one in shown["recordings"]})
    for one in shown["streams"]:
        if (one["recording"], one["name"]) not in children:
            found[one["recording"]] += one["rows"]
    return found


def _lost(taken: "Taken") -> Counter[str]:
    return Counter(
        {
            one["name"]: sum(problem["lost_rows"] or 0 for problem in one["problems"])
            for one in taken.show()["recordings"]
        }
    )


def _copied(files: list[Path], below: Path, to: Path) -> list[str]:
    names = []
    for path in files:
        name = path.relative_to(below).as_posix()
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, to / name)
        names.append(name)
    return names


def _count_mdf(path: Path) -> int:
    with MDF(path) as mdf:
        groups: Any = mdf.groups
        return sum(int(group.channel_group.cycles_nr) for group in groups)


def _count_db3(path: Path) -> int:
    # Immutable, or a database with a write-ahead log gets files beside it.
    database = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    try:
        return int(database.execute("SELECT count(*) FROM messages").fetchone()[0])
    finally:
        database.close()


def _count_bag(path: Path) -> int:
    with AnyReader([path]) as reader:
        return sum(1 for _ in reader.messages())


def _count_mcap(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in make_reader(stream).iter_messages())


def test_info_answers_for_every_recording(real_data: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "unused")
    count = {".mf4": _count_mdf, ".bag": _count_bag, ".db3": _count_db3, ".mcap": _count_mcap}
    files = [path for name in ("mdf4", "ros1", "ros2") for path in _recordings(real_data / name)]
    assert len(files) > 45
    for path in files:
        answer = _info(desk, path)
        assert answer.status == 0, (path.name, answer.err)
        told = answer.json
        streams = [one for one in told["streams"] if one["parent"] is None]
        assert sum(one["rows"] for one in streams) == count[path.suffix.lower()](path), path.name
        assert told["start_ns"] is None or told["start_ns"] < told["end_ns"], path.name


def test_every_measured_data_file_is_taken_in_whole(
    real_data: Path, take: "Callable[..., Taken]", tmp_path: Path
) -> None:
    folder = real_data / "mdf4"
    files = [path for path in _recordings(folder) if "3BA199E2_00000165" not in path.name]
    assert len(files) == 11
    _copied(files, folder, tmp_path)
    taken = take(tmp_path, last="extract")
    # One bogus time axis leaves the range of 64-bit nanoseconds, which is loss and is told.
    assert taken.ran.status == 3
    rows, lost = _rows(taken), _lost(taken)
    assert {path.name: rows[path.name] + lost[path.name] for path in files} == {
        path.name: _count_mdf(path) for path in files
    }
    assert {name for name, count in lost.items() if count} == {"simple.mf4"}


def test_every_ros_recording_is_taken_in_whole(
    real_data: Path, take: "Callable[..., Taken]", tmp_path: Path
) -> None:
    ros1 = _copied(_recordings(real_data / "ros1"), real_data, tmp_path)
    ros2 = _copied(_recordings(real_data / "ros2"), real_data, tmp_path)
    taken = take(tmp_path, last="extract")
    assert taken.ran.status == 0, taken.ran.err
    count = {".bag": _count_bag, ".db3": _count_db3, ".mcap": _count_mcap}
    assert _rows(taken) == {
        name: count[Path(name).suffix](real_data / name) for name in (*ros1, *ros2)
    }


def test_a_sample_of_the_mcap_conformance_files_is_taken_in_whole(
    real_data: Path, take: "Callable[..., Taken]", tmp_path: Path
) -> None:
    root = real_data / "mcap_conformance"
    files = _recordings(root)[::EVERY_FIFTH]
    assert len(files) > 35
    _copied(files, root, tmp_path)
    taken = take(tmp_path)
    assert taken.ran.status == 0
    assert taken.show()["state"] == "complete"
    expected = {}
    for path in files:
        records = json.loads(path.with_suffix(".json").read_text())["records"]
        name = path.relative_to(root).as_posix()
        expected[name] = sum(record["type"] == "Message" for record in records)
    assert sum(expected.values()) > 10
    assert _rows(taken) == expected


def test_a_broken_off_tdms_gives_what_it_holds_and_says_how_much(
    real_data: Path, take: "Callable[..., Taken]"
) -> None:
    path = real_data / "tdms" / "sample_tdms_file_v4713.tdms"
    taken = take(path.parent, last="extract")
    assert taken.ran.status == 3
    assert any("216 of 30000" in text for text in taken.caveats())
    with av.connect(taken.desk.workspace) as lake:
        table = lake.stream(taken.measurement, "Measurement")
    columns = {
        field.metadata[b"source"].decode(): table[field.name].to_numpy()
        for field in table.schema
        if field.metadata and b"source" in field.metadata
    }
    logging.getLogger("nptdms").setLevel(logging.ERROR)
    with TdmsFile.open(path) as theirs:
        channels = theirs["Measurement"].channels()
        assert len(columns) == len(channels) == 2432
        for channel in channels[::100]:
            np.testing.assert_array_equal(columns[channel.name], channel[:])
    steps = np.diff(table["t_ns"].to_numpy())
    assert set(steps.tolist()) == {2_000_000}


@pytest.mark.parametrize(
    ("name", "dbc"),
    [
        ("css_11111111_00000012_00000001.MF4", "CSS-Electronics-SAE-J1939-DEMO.dbc"),
        ("css_2F6913DB_00000004_00000001.MF4", "canmod-gps.dbc"),
        ("ASAP2_Demo_V171.mf4", None),
        ("simple.mf4", None),
    ],
)
def test_other_measured_data_goes_all_the_way(
    real_data: Path, take: "Callable[..., Taken]", tmp_path: Path, name: str, dbc: str | None
) -> None:
    shutil.copy2(real_data / "mdf4" / name, tmp_path)
    taken = take(tmp_path, *([real_data / "dbc" / dbc] if dbc else []))
    assert taken.ran.status == (3 if name == "simple.mf4" else 0), taken.ran.err
    assert taken.show()["state"] == "complete"
    assert taken.ran.json["runs"][-1]["step"] == "full_rate"


@pytest.mark.parametrize(
    "name",
    [
        "ros1/embag_test.bag",
        "ros1/embag_array_test.bag",
        "ros1/ouster_512x10_raw.bag",
        "ros2/autoware_ego_trajectory",
        "ros2/nebula_ars548",
        "ros2/nebula_vlp16",
        "ros2/philips_test_bag",
        "ros2/rosbag2_py_resources/sqlite3/wbag",
        "ros2/rosbag2_py_resources/mcap/talker",
        "ros2/rosbag2_py_resources/mcap/reindex_test_bags",
    ],
)
def test_other_robots_go_all_the_way(
    real_data: Path, take: "Callable[..., Taken]", tmp_path: Path, name: str
) -> None:
    source = real_data / name
    if source.is_file():
        shutil.copy2(source, tmp_path)
    taken = take(source if source.is_dir() else tmp_path)
    assert taken.ran.status == 0, taken.ran.err
    assert taken.show()["state"] == "complete"
    assert taken.ran.json["runs"][-1]["step"] == "full_rate"
    assert not [run for run in taken.ran.json["runs"] if run["failure"]]


def test_turns_of_a_localised_vehicle_follow_its_pose(
    real_data: Path, take: "Callable[..., Taken]"
) -> None:
    folder = real_data / "ros2" / "autoware_ego_trajectory"
    taken = take(folder)
    found = taken.desk.here("scenes", "find", "--format", "json").json
    turns = [one for one in found if one["type"].startswith("turn")]
    assert [one["type"] for one in turns] == ["turn_left", "turn_right", "turn_left"]
    t, yaw = [], []
    store = get_typestore(Stores.ROS2_HUMBLE)
    with AnyReader([folder / "bag_ego_trajectory.db3"], default_typestore=store) as reader:
        for connection, t_ns, data in reader.messages():
            message: Any = reader.deserialize(data, connection.msgtype)
            q = message.pose.pose.orientation
            t.append(t_ns)
            yaw.append(math.atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y * q.y + q.z * q.z)))
    assert len(t) == 2130
    turned = np.degrees(np.unwrap(yaw))
    for one in turns:
        at_ns = np.array([one["t_start_ns"], one["t_end_ns"]]) - t[0]
        start, stop = np.interp(at_ns, np.array(t) - t[0], turned)
        assert one["evidence"]["heading_change_deg"] == pytest.approx(stop - start, abs=4)
