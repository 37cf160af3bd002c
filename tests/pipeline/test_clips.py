"""Clips of a finished drive: what is in them, that it is what was recorded, and that it repeats."""

import hashlib
import json
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from mcap.reader import make_reader
from rosbags.highlevel import AnyReader

import avdataops as av
from avdataops.adapters.azure_blob import open_blob_storage
from avdataops.clips import CLIP_FORMATS
from avdataops.clips.clip import Clip
from avdataops.model.location import Location
from avdataops.ports.files import ReadableFile
from avdataops.ports.storage import Storage, chunks_of
from avdataops.testing.command_line import Answer, Desk
from avdataops.wiring.scene_clips import ClipWish, clip_of, export_clip
from avdataops.wiring.workspace import Workspace
from tests.doubles.azurite import Azurite
from tests.pipeline.cloud import opened

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

S = 1_000_000_000
BEFORE_S, AFTER_S = 2, 1
Row = tuple[int, int, int, bytes]
"""Log time, publish time, sequence, message."""


@pytest.fixture(scope="module")
def drive(finished_short: "Processed") -> "Processed":
    return finished_short


@pytest.fixture(scope="module")
def scene(drive: "Processed") -> Any:
    """The moment at which the car drives off: short, and everything moves."""
    (found,) = drive.desk.here("scenes", "find", "--type", "drive_off", "--format", "json").json
    return found


@pytest.fixture(scope="module")
def span(scene: Any) -> tuple[int, int]:
    return scene["t_start_ns"] - BEFORE_S * S, scene["t_end_ns"] + AFTER_S * S


@pytest.fixture(scope="module")
def made(drive: "Processed", scene: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip as MCAP."""
    path = tmp_path_factory.mktemp("clips") / "clip.mcap"
    exported(drive.desk, scene["id"], "--to", "mcap", "-o", str(path))
    return path


def exported(desk: Desk, *arguments: str) -> Any:
    around = ("--before", f"{BEFORE_S}s", "--after", f"{AFTER_S}s")
    done = desk.here("scenes", "export", *around, *arguments)
    assert done.status == 0, done.err
    return done.json


def rows_of(path: Path, span: tuple[int, int]) -> dict[str, list[Row]]:
    """Return what the mcap library reads, by topic."""
    found: dict[str, list[Row]] = {}
    with path.open("rb") as file:
        for _, channel, message in make_reader(file).iter_messages(
            starting_at=span[0], ending_before=span[1]
        ):
            row = (message.log_time, message.publish_time, message.sequence, message.data)
            found.setdefault(channel.topic, []).append(row)
    return found


def messages_of(path: Path, topic: str) -> list[Any]:
    """Decode a protobuf topic with nothing but what the file holds."""
    found = []
    with path.open("rb") as file:
        for schema, _, message in make_reader(file).iter_messages(topics=[topic]):
            assert schema is not None
            files = descriptor_pb2.FileDescriptorSet.FromString(schema.data)
            pool = descriptor_pool.DescriptorPool()
            for one in files.file:
                pool.Add(one)
            kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(schema.name))
            found.append((message.log_time, kind.FromString(message.data)))
    return found


def metadata_of(path: Path) -> dict[str, dict[str, str]]:
    with path.open("rb") as file:
        return {one.name: one.metadata for one in make_reader(file).iter_metadata()}


def test_messages_of_an_mcap_recording_are_copied_bit_for_bit(
    drive: "Processed", made: Path, span: tuple[int, int]
) -> None:
    recorded = rows_of(drive.drive.sensors, span)
    copied = rows_of(made, span)
    assert set(recorded) == {
        "/camera/front/image/compressed",
        "/camera/front/camera_info",
        "/lidar/top/points",
        "/radar/front/tracks",
        "/perception/objects",
        "/imu/data",
        "/gnss/fix",
    }
    for topic, rows in recorded.items():
        assert copied[topic] == rows, topic
        assert len(rows) >= 3
    assert min(row[0] for row in recorded["/imu/data"]) < span[0] + S // 50


def test_schemas_and_channels_of_an_mcap_recording_are_kept(drive: "Processed", made: Path) -> None:
    def facts(path: Path) -> dict[str, Any]:
        with path.open("rb") as file:
            summary: Any = make_reader(file).get_summary()
        return {
            one.topic: (
                one.message_encoding,
                one.metadata,
                summary.schemas[one.schema_id].name,
                summary.schemas[one.schema_id].encoding,
                summary.schemas[one.schema_id].data,
            )
            for one in summary.channels.values()
        }

    copied = facts(made)
    recorded = facts(drive.drive.sensors)
    assert {topic: copied[topic] for topic in recorded} == recorded


@pytest.mark.parametrize("name", ["body", "localization"])
def test_messages_of_bags_are_those_that_rosbags_reads(
    drive: "Processed", made: Path, span: tuple[int, int], name: str
) -> None:
    path = getattr(drive.drive, name)
    copied = rows_of(made, span)
    found: dict[str, list[Row]] = {}
    with AnyReader([path]) as reader:
        for one, t_ns, data in reader.messages(start=span[0], stop=span[1]):
            found.setdefault(one.topic, []).append((t_ns, t_ns, 0, bytes(data)))
    assert found
    for topic, rows in found.items():
        assert copied[topic] == rows


def test_a_ros_1_topic_stays_ros_1(made: Path) -> None:
    with made.open("rb") as file:
        summary: Any = make_reader(file).get_summary()
    (one,) = [c for c in summary.channels.values() if c.topic == "/gnss/vel"]
    schema = summary.schemas[one.schema_id]
    assert (one.message_encoding, schema.encoding) == ("ros1", "ros1msg")
    assert schema.name == "geometry_msgs/TwistStamped"
    assert set(one.metadata) >= {"md5sum"}


def test_rosbags_reads_a_clip_of_ros_2_topics(
    drive: "Processed", scene: Any, tmp_path: Path
) -> None:
    path = tmp_path / "ros2.mcap"
    wanted = "/camera/front/image/compressed,/localization/odometry"
    exported(drive.desk, scene["id"], "--originals-only", "--topics", wanted, "-o", str(path))
    assert metadata_of(path)["avdataops.clip"]["scene"] == scene["id"]
    with AnyReader([path]) as reader:
        cameras = [one for one in reader.connections if one.topic.endswith("compressed")]
        pictures: list[Any] = [
            reader.deserialize(data, one.msgtype)
            for one, _, data in reader.messages(connections=cameras)
        ]
    assert len(pictures) > 30
    assert {bytes(one.data[:3]) for one in pictures} == {b"\xff\xd8\xff"}


def test_rows_of_mdf_are_typed_messages_on_the_clock_of_the_clip(
    drive: "Processed", made: Path, scene: Any, span: tuple[int, int]
) -> None:
    with av.connect(drive.desk.workspace) as lake:
        rows = lake.scene(scene["id"]).stream(
            "CAN1.VehicleDynamics", before_s=BEFORE_S, after_s=AFTER_S
        )
    found = messages_of(made, "CAN1.VehicleDynamics")
    assert len(found) == rows.num_rows > 100
    speeds = [message.vehicle_speed for _, message in found]
    assert speeds == rows.column("vehicle_speed").to_pylist()
    assert [message.t_ns for _, message in found] == rows.column("t_ns").to_pylist()
    at = np.array([t_ns for t_ns, _ in found])
    assert np.abs(at - rows.column("t_ref_ns").to_numpy()).max() < 1_000
    assert span[0] <= at.min() < at.max() < span[1]
    with made.open("rb") as file:
        summary: Any = make_reader(file).get_summary()
    (one,) = [c for c in summary.channels.values() if c.topic == "CAN1.VehicleDynamics"]
    assert one.metadata["unit.vehicle_speed"] == "km/h"
    assert one.metadata["source.vehicle_speed"] == "VehicleSpeed"


def test_the_scene_is_told_at_its_start_and_at_its_end(made: Path, scene: Any) -> None:
    (start, first), (end, last) = messages_of(made, "/avdataops/scene")
    assert (start, end) == (scene["t_start_ns"], scene["t_end_ns"])
    assert (first.phase, last.phase) == ("start", "end")
    assert (first.id, first.type) == (scene["id"], "drive_off")
    assert (first.start_ns, first.end_ns) == (start, end)
    assert json.loads(first.evidence_json) == scene["evidence"]
    assert first.scenes_table == scene["artifact"]
    assert not first.HasField("actor")
    texts = [message.message for _, message in messages_of(made, "/avdataops/log")]
    assert [text.split(" (")[0] for text in texts] == ["drive_off start", "drive_off end"]


def test_the_place_of_the_ego_is_a_location_that_maps_show(
    drive: "Processed", made: Path, span: tuple[int, int]
) -> None:
    with av.connect(drive.desk.workspace) as lake:
        ego = lake.table(drive.measurement, "ego")
    at = ego.column("t_ns").to_numpy()
    inside = (at >= span[0]) & (at < span[1])
    lat = ego.column("lat_deg").to_numpy()[inside]
    found = messages_of(made, "/avdataops/location")
    known = lat[np.isfinite(lat)]
    assert [message.latitude for _, message in found] == known.tolist()
    assert len(found) > 150
    boxes = messages_of(made, "/avdataops/objects")
    assert all(one.entities[0].frame_id == "base_link" for _, one in boxes)


def test_the_metadata_name_scene_sources_and_clocks(
    drive: "Processed", made: Path, scene: Any
) -> None:
    told = metadata_of(made)
    clip = told["avdataops.clip"]
    assert (clip["scene"], clip["measurement"]) == (scene["id"], drive.measurement)
    assert (clip["clock"], clip["clock_statement"]) == ("ros", "log times as recorded")
    paths = (drive.drive.sensors, drive.drive.body, drive.drive.chassis, drive.drive.localization)
    assert told["avdataops.recordings"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }
    assert told["avdataops.clock.ros"]["offset_ns"] == "0"
    truth = json.loads(drive.drive.truth.read_text(encoding="utf-8"))["clock"]
    assert abs(int(told["avdataops.clock.mdf"]["offset_ns"]) + truth["offset_ns"]) < 20_000_000
    lineage = drive.desk.here("lineage", "show", scene["id"], "--up", "--format", "json").json
    known = {one["id"] for one in lineage["nodes"]}
    table = scene["artifact"]
    assert {clip["scene"], table} <= known
    assert set(told["avdataops.artifacts"]) & known


def test_the_same_clip_has_the_same_bytes(
    drive: "Processed", made: Path, scene: Any, tmp_path: Path
) -> None:
    again = exported(drive.desk, scene["id"], "-o", str(tmp_path / "again.mcap"))
    (file,) = again["clips"][0]["files"]
    assert (tmp_path / "again.mcap").read_bytes() == made.read_bytes()
    assert file["sha256"] == hashlib.sha256(made.read_bytes()).hexdigest()
    assert file["bytes"] == made.stat().st_size
    assert file["messages"] == sum(len(rows) for rows in rows_of(made, (0, 2**62)).values())
    assert list(tmp_path.iterdir()) == [tmp_path / "again.mcap"]


def test_only_the_topics_that_were_asked_for_are_in_it(
    drive: "Processed", scene: Any, tmp_path: Path
) -> None:
    path = tmp_path / "some.mcap"
    exported(
        drive.desk, scene["id"], "--topics", "/gnss/fix, CAN1.Steering", "--topics", "/gnss/vel",
        "-o", str(path),
    )  # fmt: skip
    topics = {name for name in rows_of(path, (0, 2**62)) if not name.startswith("/avdataops/")}
    assert topics == {"/gnss/fix", "CAN1.Steering", "/gnss/vel"}


def test_a_clip_of_mdf_topics_alone_is_on_the_reference_clock(
    drive: "Processed", scene: Any, tmp_path: Path
) -> None:
    path = tmp_path / "can.mcap"
    done = exported(drive.desk, scene["id"], "--topics", "CAN1.Steering", "-o", str(path))
    assert set(done["clips"][0]["recordings"]) == {"chassis.mf4"}
    told = metadata_of(path)
    assert told["avdataops.clip"]["clock_statement"] == "times of the reference clock"


def test_several_scenes_go_into_a_folder(drive: "Processed", tmp_path: Path) -> None:
    rows = drive.desk.here("scenes", "find", "--format", "json").json[:2]
    ids = [row["id"] for row in rows]
    done = exported(drive.desk, *ids, "--topics", "/gnss/fix", "-o", str(tmp_path / "many"))
    assert sorted(path.name for path in (tmp_path / "many").iterdir()) == sorted(
        f"{one}.mcap" for one in ids
    )
    assert [one["scene"] for one in done["clips"]] == ids


def test_scenes_that_were_found_are_piped_into_the_export(
    drive: "Processed", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = drive.desk.here("scenes", "find", "--type", "rain", "--format", "ndjson")
    lines = tmp_path / "lines"
    lines.write_bytes(found.out)
    with lines.open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        done = exported(drive.desk, "-", "--topics", "/gnss/fix", "-o", str(tmp_path / "rain.mcap"))
    assert [one["type"] for one in done["clips"]] == ["rain"]


def refused(desk: Desk, *arguments: str) -> Answer:
    return desk.here("scenes", "export", *arguments)


@pytest.mark.parametrize(
    ("given", "status", "message"),
    [
        (("scn_0", "-o", "x"), 4, "scn_0"),
        (("SCENE", "--topics", "/gnss/fx", "-o", "x"), 65, "did you mean '/gnss/fix'"),
        (("SCENE", "--before", "ten", "-o", "x"), 2, "write 5s, 500ms or 1.5min"),
        (("SCENE", "--before", "90min", "-o", "x"), 65, "from 0 to 3600"),
        (("SCENE", "--to", "avi", "-o", "x"), 2, "'avi'"),
        (("SCENE",), 2, "--output"),
        (("-o", "x"), 4, "no scene was named"),
        (("SCENE", "-o", "FILE/inside.mcap"), 65, "cannot write"),
        (("SCENE", "scn_1", "-o", "FILE"), 65, "need a folder"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_nothing_is_written(
    drive: "Processed", scene: Any, tmp_path: Path, given: Sequence[str], status: int, message: str
) -> None:
    (tmp_path / "a").write_text("kept")
    names = {"SCENE": scene["id"], "x": str(tmp_path / "x.mcap"), "FILE": str(tmp_path / "a")}
    words = [names.get(word, word.replace("FILE", str(tmp_path / "a"))) for word in given]
    done = refused(drive.desk, *words)
    assert done.status == status
    assert message in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "kept"


@dataclass
class Counted:
    """A file that counts what is read of it."""

    file: ReadableFile
    taken: list[int]

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


@dataclass
class CountingStorage:
    """A storage that counts what is read, by object."""

    storage: Storage
    taken: dict[str, list[int]] = field(default_factory=dict)

    def open(self, at: Location) -> ReadableFile:
        file = self.storage.open(at)
        return Counted(file, self.taken.setdefault(at.name, []))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)


@pytest.fixture
def workspace(drive: "Processed") -> Iterator[Workspace]:
    with opened(drive.desk) as found:
        yield found


MakeClip = Callable[[Storage, ClipWish], Clip]


@pytest.fixture
def clip_with(workspace: Workspace, scene: Any) -> MakeClip:
    def made_with(storage: Storage, wish: ClipWish) -> Clip:
        return clip_of(workspace.catalog, storage, workspace.catalog.scene(scene["id"]), wish)

    return made_with


def test_of_a_recording_only_the_chunks_around_the_scene_are_read(
    workspace: Workspace, clip_with: MakeClip, tmp_path: Path
) -> None:
    storage = CountingStorage(workspace.storage)
    clip = clip_with(storage, ClipWish(before_s=0, after_s=0, topics=("/lidar/top/points",)))
    export_clip(clip, CLIP_FORMATS["mcap"], tmp_path / "x.mcap")
    size = workspace.storage.open(clip.recordings[0].artifact.location).size
    sizes = {
        one.name: workspace.storage.open(one.artifact.location).size for one in clip.recordings
    }
    read = sum(storage.taken["sensors.mcap"])
    assert size
    assert read < sizes["sensors.mcap"] / 3


def test_a_clip_from_blob_storage_has_the_same_bytes(
    workspace: Workspace,
    clip_with: MakeClip,
    azurite: Azurite,
    tmp_path: Path,
) -> None:
    wish = ClipWish(before_s=BEFORE_S, after_s=AFTER_S)
    here = clip_with(workspace.storage, wish)
    with open_blob_storage(azurite.connection_strings()) as blobs:
        for one in workspace.catalog.artifacts(here.scene.measurement):
            if one.kind not in {"upload", "thinned", "synced"}:
                blobs.put(one.location, chunks_of(workspace.storage.open(one.location)))
        there = clip_with(blobs, wish)
        far = export_clip(there, CLIP_FORMATS["mcap"], tmp_path / "far.mcap")
    near = export_clip(here, CLIP_FORMATS["mcap"], tmp_path / "near.mcap")
    assert far.files[0]["sha256"] == near.files[0]["sha256"]
    azurite.wipe()


def test_a_damaged_recording_gives_what_it_holds_and_says_what_is_lost(
    drive: "Processed", scene: Any, tmp_path: Path
) -> None:
    shutil.copytree(drive.desk.workspace, tmp_path / "lake")
    (path,) = (tmp_path / "lake").rglob("recordings/*/sensors.mcap")
    with path.open("rb") as file:
        summary: Any = make_reader(file).get_summary()
    middle = (scene["t_start_ns"] + scene["t_end_ns"]) // 2
    (index,) = [
        one
        for one in summary.chunk_indexes
        if one.message_start_time <= middle < one.message_end_time
    ]
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(index.chunk_start_offset + index.chunk_length - 100)
        file.write(struct.pack("<QQQQ", 1, 2, 3, 4))
    done = refused(Desk(tmp_path / "lake"), scene["id"], "-o", str(tmp_path / "clip.mcap"))
    assert done.status == 3
    assert "is lost" in done.err
    assert done.json["clips"][0]["lost_data"] is True
    kept = rows_of(tmp_path / "clip.mcap", (0, 2**62))
    assert len(kept["CAN1.Steering"]) > 100


def test_a_recording_that_was_extracted_in_pieces_gives_the_same_clip(
    drive: "Processed", made: Path, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "lake")
    given = ("--vehicle", drive.drive.vehicle, "--dbc", drive.drive.dbc, "--format", "json")
    uploaded = desk.here("upload", drive.drive.drive, *given).json["measurement"]
    ran = desk.here("run", uploaded, "--param", "extract.piece_bytes=500000")
    assert ran.status == 0, ran.err
    (found,) = desk.here("scenes", "find", "--type", "drive_off", "--format", "json").json
    path = tmp_path / "clip.mcap"
    exported(desk, found["id"], "-o", str(path))
    whole, pieces = rows_of(made, (0, 2**62)), rows_of(path, (0, 2**62))
    told = {"/avdataops/scene", "/avdataops/log"}
    assert set(pieces) == set(whole)
    assert {name: rows for name, rows in pieces.items() if name not in told} == {
        name: rows for name, rows in whole.items() if name not in told
    }
    with av.connect(desk.workspace) as lake:
        streams = lake._workspace.catalog.artifacts(uploaded, kind="stream")
        parts = [one for one in streams if one.name == "/camera/front/image/compressed"]
        pictures = lake.scene(found["id"]).images(
            "/camera/front/image/compressed", before_s=BEFORE_S, after_s=AFTER_S
        )
        recorded = whole["/camera/front/image/compressed"]
        assert len(parts) > 1
        assert pictures.times.tolist() == [row[0] for row in recorded]
        assert all(one.data in row[3] for one, row in zip(pictures, recorded, strict=True))
