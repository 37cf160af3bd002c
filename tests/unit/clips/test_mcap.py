"""Clips as MCAP from recordings made by hand: held topics, odd times, several clocks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from mcap.reader import make_reader
from mcap.writer import Writer

from avdataops.clips.clip import Clip, ClipClock, ClipRecording, ClipTable
from avdataops.clips.mcap import write_mcap
from avdataops.model.artifact import Artifact
from avdataops.model.location import Location, Zone
from avdataops.model.scene import Scene
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.signals.clocks import ClockModel

S = 1_000_000_000
T0 = 1_700_000_000 * S
ROS = ClipClock("ros")
LATE = ClipClock("mdf", ClockModel(T0, -2 * S, 0.0, 0.0, 0.0, None, 2))
SCENE = Scene(
    id="scn_1",
    type="cut_in",
    measurement="m_1",
    vehicle="v",
    t_start_ns=T0 + 10 * S,
    t_end_ns=T0 + 12 * S,
    detector="cut_in",
    detector_version=1,
    confidence=0.5,
    evidence={"ttc_s": 1.2, "side": "left", "unknown": None},
    actor="7",
)


def artifact(name: str, kind: str, part: str = "", **attributes: str) -> Artifact:
    return Artifact(
        id=f"art_{name}",
        kind=kind,
        measurement="m_1",
        name=name,
        location=Location(Zone.RAW, f"x/{kind}"),
        bytes=1,
        sha256="ab",
        part=part,
        attributes=attributes,
    )


def written(path: Path, topics: dict[str, tuple[dict[str, str], list[int]]]) -> bytes:
    with path.open("wb") as file:
        writer: Any = Writer(file, chunk_size=500)
        writer.start(profile="ros2", library="x")
        schema = writer.register_schema("std_msgs/msg/String", "ros2msg", b"string data\n")
        for topic, (facts, times) in topics.items():
            channel = writer.register_channel(topic, "cdr", schema, facts)
            for number, t_ns in enumerate(times):
                writer.add_message(
                    channel, log_time=t_ns, publish_time=t_ns - 1, data=b"%d" % number
                )
        writer.finish()
    return path.read_bytes()


def recording(name: str, data: bytes, clock: ClipClock = ROS) -> ClipRecording:
    return ClipRecording(
        artifact=artifact(name, "recording"), clock=clock, open=lambda: BytesFile(name, data)
    )


def table(name: str, kind: str, rows: pa.Table, clock: ClipClock = ROS) -> ClipTable:
    def taken(span: TimeRange, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        at = rows.column("t_ns").to_numpy()
        inside = rows.filter(pa.array((at >= span.start_ns) & (at < span.stop_ns)))
        yield from (inside.select(list(columns)) if columns else inside).to_batches()

    made_of = artifact(name, kind, part="bus.mf4", topic=name, clock=clock.name)
    return ClipTable(artifact=made_of, clock=clock, rows=taken, schema=lambda: rows.schema)


def clip(*recordings: ClipRecording, **more: Any) -> Clip:
    given: dict[str, Any] = {
        "scene": SCENE,
        "span": TimeRange(T0 + 9 * S, T0 + 13 * S),
        "recordings": recordings,
        "streams": (),
        "derived": (),
        "sources": {one.name: one.artifact.sha256 for one in recordings},
    }
    return Clip(**given | more)


def read(path: Path) -> dict[str, list[tuple[int, int, bytes]]]:
    found: dict[str, list[tuple[int, int, bytes]]] = {}
    with path.open("rb") as file:
        for _, channel, one in make_reader(file).iter_messages():
            row = (one.log_time, one.publish_time, one.data)
            found.setdefault(channel.topic, []).append(row)
    return found


EVERY_S = [T0 + number * S for number in range(20)]


def test_what_was_published_once_and_held_is_there_at_the_start(tmp_path: Path) -> None:
    topics = {
        "/tf_static": ({}, [T0, T0 + S]),
        "/held": ({"offered_qos_profiles": "- durability: transient_local"}, [T0 + 2 * S]),
        "/not_held": ({"offered_qos_profiles": "- durability: 2"}, [T0 + 2 * S]),
        "/often": ({}, EVERY_S),
    }
    one = recording("a.mcap", written(tmp_path / "a.mcap", topics))
    (tmp_path / "clip").mkdir()
    done = write_mcap(clip(one), tmp_path / "clip")
    found = read(done.files[0].path)
    start = T0 + 9 * S
    assert found["/tf_static"] == [(start, T0 - 1, b"0"), (start, T0 + S - 1, b"1")]
    assert found["/held"] == [(start, T0 + 2 * S - 1, b"0")]
    assert "/not_held" not in found
    assert [row[0] for row in found["/often"]] == [T0 + number * S for number in range(9, 13)]


def test_a_recording_on_another_clock_is_cut_and_stays_as_recorded(tmp_path: Path) -> None:
    data = written(tmp_path / "a.mcap", {"/often": ({}, EVERY_S)})
    (tmp_path / "clip").mkdir()
    done = write_mcap(clip(recording("a.mcap", data, LATE)), tmp_path / "clip")
    found = read(done.files[0].path)
    # The reference is two seconds behind, so 9 to 13 s of it are 11 to 15 s of this clock.
    assert [row[0] for row in found["/often"]] == [T0 + number * S for number in range(11, 15)]
    assert [row[0] for row in found["/avdataops/scene"]] == [T0 + 12 * S, T0 + 14 * S]
    assert done.files[0].facts["clock"] == "mdf"


def test_originals_of_two_clocks_do_not_go_into_one_clip(tmp_path: Path) -> None:
    data = written(tmp_path / "a.mcap", {"/often": ({}, EVERY_S)})
    given = clip(recording("a.mcap", data), recording("b.mcap", data, LATE))
    (tmp_path / "clip").mkdir()
    done = write_mcap(given, tmp_path / "clip")
    assert [one.code for one in done.caveats] == ["other_clock"]
    assert "b.mcap" in done.caveats[0].message
    assert len(read(done.files[0].path)["/often"]) == 4


def test_an_unreadable_recording_costs_only_itself(tmp_path: Path) -> None:
    data = written(tmp_path / "a.mcap", {"/often": ({}, EVERY_S)})
    given = clip(recording("a.mcap", data), recording("b.mcap", b"\x89MCAP0\r\n"))
    (tmp_path / "clip").mkdir()
    done = write_mcap(given, tmp_path / "clip")
    assert [one.code for one in done.caveats] == ["unreadable"]
    assert done.lost_data
    assert len(read(done.files[0].path)["/often"]) == 4


def test_rows_before_1970_cannot_be_written_and_are_counted(tmp_path: Path) -> None:
    rows = pa.table({"t_ns": pa.array([-5, T0 + 10 * S]), "x": [1.0, 2.0]})
    bus = table("bus", "stream", rows)
    given = clip(streams=(bus,), span=TimeRange(-10, T0 + 20 * S))
    (tmp_path / "clip").mkdir()
    done = write_mcap(given, tmp_path / "clip")
    assert [(one.code, one.lost_rows) for one in done.caveats] == [("bad_time", 1)]
    assert len(read(done.files[0].path)["bus"]) == 1


def test_a_place_that_is_not_known_is_no_place(tmp_path: Path) -> None:
    at = [T0 + 9 * S, T0 + 10 * S, T0 + 11 * S]
    ego = pa.table(
        {
            "t_ns": at,
            "lat_deg": pa.array([56.1, None, 56.3]),
            "lon_deg": pa.array([10.1, 10.2, None]),
        }
    )
    (tmp_path / "clip").mkdir()
    done = write_mcap(clip(derived=(table("ego", "ego", ego),)), tmp_path / "clip")
    found = read(done.files[0].path)
    assert [row[0] for row in found["/avdataops/location"]] == at[:1]
    assert [row[0] for row in found["/avdataops/ego"]] == at
    assert [one.id for one in done.used] == ["art_ego"]


def test_objects_of_one_moment_are_one_message(tmp_path: Path) -> None:
    rows = pa.table(
        {
            "t_ns": [T0 + 9 * S, T0 + 9 * S, T0 + 10 * S],
            "track_id": ["1", "2", "1"],
            "object_class": pa.array(["car", None, "car"]),
            "stream": ["/objects"] * 3,
            "x_m": [1.0, 2.0, 3.0],
            "y_m": [0.0] * 3,
            "z_m": pa.array([None, 1.0, 2.0], pa.float64()),
            "yaw_rad": pa.array([None, 0.5, 0.5], pa.float64()),
            "length_m": pa.array([4.0, None, 4.0], pa.float64()),
            "width_m": [2.0] * 3,
            "height_m": [1.5] * 3,
        }
    )
    (tmp_path / "clip").mkdir()
    done = write_mcap(clip(derived=(table("objects", "objects", rows),)), tmp_path / "clip")
    found = read(done.files[0].path)
    assert [row[0] for row in found["/avdataops/objects"]] == [T0 + 9 * S, T0 + 10 * S]


@pytest.mark.parametrize("only", [True, False])
def test_only_originals_means_only_originals(tmp_path: Path, *, only: bool) -> None:
    data = written(tmp_path / "a.mcap", {"/often": ({}, EVERY_S)})
    (tmp_path / "clip").mkdir()
    done = write_mcap(clip(recording("a.mcap", data), originals_only=only), tmp_path / "clip")
    topics = set(read(done.files[0].path))
    assert topics == {"/often"} if only else topics > {"/often", "/avdataops/scene"}
    with done.files[0].path.open("rb") as file:
        assert make_reader(file).get_header().profile == ("ros2" if only else "")
