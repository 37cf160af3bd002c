"""Signals, pictures, points and calibration around a scene, and how little is read for them."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from rosbags.highlevel import AnyReader

import avdataops as av
from avdataops.lake.rows import SHOWN_ROWS
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import chunks_of
from tests.pipeline.test_clips import CountingStorage

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

S = 1_000_000_000
CAMERA, LIDAR = "/camera/front/image/compressed", "/lidar/top/points"


@pytest.fixture(scope="module")
def lake(finished: "Processed") -> Iterator[av.Lake]:
    with av.connect(finished.desk.workspace) as opened:
        yield opened


@pytest.fixture(scope="module")
def brake(lake: av.Lake) -> av.FoundScene:
    (found,) = lake.scenes("hard_brake")
    return found


@pytest.fixture(scope="module")
def recorded(finished: "Processed", brake: av.FoundScene) -> dict[str, list[tuple[int, Any]]]:
    """What rosbags reads of the recording during the scene, by topic."""
    found: dict[str, list[tuple[int, Any]]] = {}
    with AnyReader([finished.drive.sensors]) as reader:
        chosen = [one for one in reader.connections if one.topic in {CAMERA, LIDAR}]
        for one, t_ns, data in reader.messages(chosen, start=brake.t_start_ns, stop=brake.t_end_ns):
            found.setdefault(one.topic, []).append((t_ns, reader.deserialize(data, one.msgtype)))
    return found


def test_signals_are_the_columns_of_the_ego_table(lake: av.Lake, brake: av.FoundScene) -> None:
    rows = brake.signals(["accel_x_mps2", "ego_speed_mps"], before_s=1, after_s=2)
    ego = lake.table(brake.measurement, "ego")
    at = ego.column("t_ns").to_numpy()
    inside = (at >= brake.t_start_ns - S) & (at < brake.t_end_ns + 2 * S)
    assert rows.columns == ["t_ns", "accel_x_mps2", "ego_speed_mps"]
    assert rows["t_ns"].tolist() == at[inside].tolist()
    wanted = ego.column("accel_x_mps2").to_numpy()[inside]
    assert np.array_equal(rows["accel_x_mps2"], wanted, equal_nan=True)
    assert rows["accel_x_mps2"].min() == pytest.approx(brake.evidence["min_ax_mps2"], abs=0.3)


def test_rows_are_arrow_numpy_polars_and_pandas(brake: av.FoundScene) -> None:
    rows = brake.signals()
    frame = pl.DataFrame(rows)
    assert pa.table(rows).equals(rows.to_arrow())
    assert frame.equals(rows.to_polars())
    assert frame.height == len(rows) == len(rows.to_pandas()) == len(rows.to_numpy()["t_ns"])
    assert rows.unit("accel_x_mps2") == "m/s2"
    assert "ego_speed_mps" in repr(rows)


def test_a_signal_that_is_not_there_is_refused_with_the_near_miss(brake: av.FoundScene) -> None:
    with pytest.raises(av.AvdataopsError, match="did you mean 'ego_speed_mps'"):
        brake.signals(["ego_sped_mps"])
    with pytest.raises(av.AvdataopsError, match="did you mean '/lidar/top/points'"):
        brake.point_clouds("/lidar/top/point")
    with pytest.raises(av.AvdataopsError, match="holds no points"):
        brake.point_clouds("/imu/data")
    with pytest.raises(av.AvdataopsError, match="holds no data"):
        brake.images("/gnss/fix")


def test_objects_are_those_of_the_time(lake: av.Lake, brake: av.FoundScene) -> None:
    rows = brake.objects(after_s=1)
    whole = lake.table(brake.measurement, "objects").column("t_ns").to_numpy()
    inside = (whole >= brake.t_start_ns) & (whole < brake.t_end_ns + S)
    assert len(rows) == inside.sum()
    assert {"track_id", "x_m", "y_m", "object_class"} <= set(rows.columns)


def test_pictures_are_those_that_were_recorded(
    brake: av.FoundScene, recorded: dict[str, list[tuple[int, Any]]]
) -> None:
    pictures = brake.images(CAMERA)
    wanted = recorded[CAMERA]
    assert pictures.times.tolist() == [t_ns for t_ns, _ in wanted]
    for picture, (t_ns, message) in zip(pictures, wanted, strict=True):
        assert (picture.t_ns, picture.data) == (t_ns, bytes(message.data))
        assert (picture.format, picture.frame_id) == ("jpeg", message.header.frame_id)
    taken = cv2.imdecode(np.frombuffer(pictures[3].data, np.uint8), cv2.IMREAD_COLOR)
    assert taken is not None
    assert np.array_equal(pictures[3].decode(), taken[:, :, ::-1])
    assert [one.t_ns for one in pictures[1:4]] == [t_ns for t_ns, _ in wanted[1:4]]
    assert pictures[-1].t_ns == wanted[-1][0]


def test_the_nearest_picture_is_the_nearest(brake: av.FoundScene) -> None:
    pictures = brake.images(CAMERA)
    times = pictures.times
    for t_ns in (times[0] - 5, times[0], times[2] + 1, times[3] - 1, times[-1] + S):
        found = pictures.nearest(int(t_ns))
        assert abs(found.t_ref_ns - t_ns) == np.abs(times - t_ns).min()
    nothing = brake.images(CAMERA, before_s=-1000, after_s=1000.5)
    assert len(nothing) == 0
    assert repr(nothing) == f"<no messages of {CAMERA}>"
    with pytest.raises(av.AvdataopsError, match="no message"):
        nothing.nearest(0)


def test_all_pictures_are_an_arrow_table_too(brake: av.FoundScene) -> None:
    pictures = brake.images(CAMERA)
    table = pa.table(pictures)
    assert table.column("data").to_pylist() == [one.data for one in pictures]
    assert table.column("t_ref_ns").to_pylist() == pictures.times.tolist()
    assert pictures.to_polars().height == len(pictures)


def test_a_picture_that_cannot_be_decoded_says_which(brake: av.FoundScene) -> None:
    broken = replace(brake.images(CAMERA)[0], data=b"\xff\xd8\xff")
    with pytest.raises(av.AvdataopsError, match=r"compressed' at \d+ \(jpeg\) cannot be decoded"):
        broken.decode()
    assert "no picture" in broken._repr_html_()


def test_points_are_those_that_were_recorded(
    brake: av.FoundScene, recorded: dict[str, list[tuple[int, Any]]]
) -> None:
    sweeps = brake.point_clouds(LIDAR)
    assert sweeps.times.tolist() == [t_ns for t_ns, _ in recorded[LIDAR]]
    for sweep, (_, message) in zip(sweeps, recorded[LIDAR], strict=True):
        fields = {one.name: one.offset for one in message.fields}
        kinds = {"t": "<u4"}
        wanted = np.frombuffer(
            bytes(message.data),
            np.dtype(
                {
                    "names": list(fields),
                    "formats": [kinds.get(name, "<f4") for name in fields],
                    "offsets": list(fields.values()),
                    "itemsize": message.point_step,
                }
            ),
        )
        found = sweep.to_numpy()
        assert found.dtype.names == tuple(fields)
        for name in fields:
            assert np.array_equal(found[name], wanted[name]), name
        assert sweep.frame_id == message.header.frame_id
    first = sweeps[0]
    assert np.array_equal(first.xyz[:, 2], first.to_numpy()["z"].astype(float))
    assert pl.DataFrame(first).equals(first.to_polars())
    assert first.to_arrow().schema.names == list(first.to_numpy().dtype.names or ())


def test_calibration_is_what_the_recording_says(
    finished: "Processed", brake: av.FoundScene
) -> None:
    camera, lidar = brake.calibration().sensors
    with AnyReader([finished.drive.sensors]) as reader:
        chosen = [one for one in reader.connections if one.topic.endswith("camera_info")]
        one, _, data = next(reader.messages(chosen))
        info: Any = reader.deserialize(data, one.msgtype)
    assert camera.intrinsics is not None
    assert camera.intrinsics.matrix == tuple(info.k)
    assert camera.intrinsics_from == "/camera/front/camera_info"
    # Nothing was recorded that says where the sensors sit.
    assert camera.placement is None
    assert lidar.intrinsics is None


# How much is read.


@pytest.fixture
def counted(finished: "Processed") -> Iterator[tuple[av.Lake, CountingStorage]]:
    with av.connect(finished.desk.workspace) as opened:
        storage = CountingStorage(opened._workspace.storage)
        opened._tables = replace(opened._tables, storage=storage)
        yield opened, storage


def bytes_of(storage: CountingStorage, lake: av.Lake, measurement: str, name: str) -> float:
    """Return which share of the tables of a stream or kind was read."""
    tables = [one for one in lake._workspace.catalog.artifacts(measurement) if one.name == name]
    tables = [one for one in tables if one.kind in {"stream", "ego"}]
    taken = sum(sum(storage.taken.get(one.location.name, ())) for one in tables)
    return taken / sum(one.bytes for one in tables)


def test_of_a_long_camera_stream_only_the_row_groups_around_the_scene_are_read(
    counted: tuple[av.Lake, CountingStorage], finished: "Processed", tmp_path: Path
) -> None:
    lake, storage = counted
    catalog = lake._workspace.catalog
    (part,) = [
        one for one in catalog.artifacts(finished.measurement, kind="stream") if one.name == CAMERA
    ]
    # The sample's pictures are small; the same rows in row groups of 2 s, as large ones come.
    import pyarrow.parquet as pq

    source = pa.BufferReader(b"".join(chunks_of(storage.storage.open(part.location))))
    table = pq.read_table(source)
    sink = tmp_path / "camera.parquet"
    pq.write_table(table, sink, row_group_size=20, compression="none")
    at = Location(Zone.DERIVED, "stream/test/camera.parquet")
    storage.storage.put(at, [sink.read_bytes()])
    moved = replace(part, location=at, bytes=sink.stat().st_size)
    (brake,) = lake.scenes("hard_brake")
    span = brake.span()
    storage.taken.clear()
    found = list(brake.tables.batches(moved, span, None))
    many = sum(batch.num_rows for batch in found)
    read = sum(storage.taken["camera.parquet"])
    groups = sum(
        len(g) > 0
        for g in np.array_split(table.column("t_ns").to_numpy(), -(-table.num_rows // 20))
        if g[0] < span.stop_ns and g[-1] >= span.start_ns
    )
    assert many == len(brake.images(CAMERA))
    share = read / moved.bytes
    assert share < (groups + 1) / (table.num_rows / 20) + 0.02
    assert share < 0.1
    # Times alone cost next to nothing.
    storage.taken.clear()
    list(brake.tables.batches(moved, span, ["t_ns"]))
    assert sum(storage.taken["camera.parquet"]) / moved.bytes < 0.03
    storage.storage.delete(at)


def test_one_signal_costs_one_column(
    counted: tuple[av.Lake, CountingStorage], finished: "Processed"
) -> None:
    lake, storage = counted
    (brake,) = lake.scenes("hard_brake")
    storage.taken.clear()
    brake.signals(["gear"])
    one = bytes_of(storage, lake, finished.measurement, "ego")
    storage.taken.clear()
    brake.signals()
    everything = bytes_of(storage, lake, finished.measurement, "ego")
    assert one < everything / 3


# Notebooks.


def test_notebooks_show_scenes_with_pictures_bounded_and_escaped(lake: av.Lake) -> None:
    found = lake.scenes()
    html = found._repr_html_()
    assert html.count("<tr>") == 21
    assert 1 <= html.count("<img") <= 4
    assert f"and {len(found) - 20} more" in html
    assert len(html) < 100_000
    assert not re.search(r"<(?!/?(p|table|thead|tbody|tr|th|td|img|span)\b)", html)


def test_notebooks_show_names_as_text(brake: av.FoundScene) -> None:
    evil = "<script>alert(1)</script>"
    hostile = replace(
        brake, scene=replace(brake.scene, vehicle=evil, evidence={evil: evil}, measurement=evil)
    )
    assert "<script" not in hostile._repr_html_()
    assert "&lt;script&gt;" in hostile._repr_html_()
    rows = av.Rows(pa.table({evil: [evil, "x" * 10_000], "b": [b"\0" * 999, None]}), evil)
    shown = rows._repr_html_()
    assert "<script" not in shown
    assert "999 bytes" in shown
    assert len(shown) < 2_000
    many = av.Rows(pa.table({f"c{n}": list(range(1000)) for n in range(100)}), "many")
    assert many._repr_html_().count("<tr>") == SHOWN_ROWS + 1


def test_notebooks_show_a_scene_and_its_pictures(brake: av.FoundScene) -> None:
    assert brake._repr_html_().count("<img") == 1
    assert json.dumps(brake.id)[1:-1] in repr(brake)
    pictures = brake.images(CAMERA)
    assert pictures._repr_html_().count("<img") == min(6, len(pictures))
    assert pictures[0]._repr_html_().startswith("<img")
