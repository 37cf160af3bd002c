"""Stamps of messages and time of satellites through downsampling and sync, with exact truth."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.ports.step import Inputs, Output
from avdataops.steps.downsample import DOWNSAMPLE, DownsampleParams
from avdataops.steps.sync import SYNC, SyncParams
from avdataops.tables.kinds import kind
from avdataops.testing.step_tables import (
    MemoryTable,
    RecordingContext,
    as_inputs,
    made_tables,
    memory_table,
)

Columns = Mapping[str, tuple[object, str, pa.DataType]]

MS = 1_000_000
S = 1_000_000_000
T0 = 1_760_000_000 * S
COUNT = 600


def _true(period_ms: int, count: int = COUNT) -> np.ndarray:
    return T0 + np.arange(count, dtype=np.int64) * period_ms * MS


def _late(count: int, seed: int = 1) -> np.ndarray:
    return 3 * MS + np.random.default_rng(seed).exponential(4 * MS, count).astype(np.int64)


def _stream(name: str, t: np.ndarray, columns: Columns, **facts: str) -> MemoryTable:
    fields = [pa.field("t_ns", pa.int64()), pa.field("row", pa.int64())]
    arrays = [pa.array(t), pa.array(np.arange(t.size))]
    for column, (values, unit, dtype) in columns.items():
        fields.append(pa.field(column, dtype, metadata={"unit": unit, "source": column}))
        arrays.append(pa.array(values, dtype, from_pandas=True))
    attributes = {"topic": name, "topic_class": "vehicle", "clock": "ros"} | facts
    data = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    return memory_table(data, kind="stream", name=name, part="a.mcap", attributes=attributes)


def _header(stamps: np.ndarray) -> dict[str, tuple[object, str, pa.DataType]]:
    return {"header_stamp_ns": (stamps, "ns", pa.int64())}


def _odometry(t: np.ndarray, stamps: np.ndarray, speed: np.ndarray) -> MemoryTable:
    columns = {**_header(stamps), "twist_twist_linear_x_mps": (speed, "m/s", pa.float64())}
    return _stream("/odometry", t, columns, type="nav_msgs/msg/Odometry")


def _lidar(t: np.ndarray, stamps: np.ndarray) -> MemoryTable:
    columns = {**_header(stamps), "data": ([b"x"] * t.size, "1", pa.binary())}
    kind_of = "sensor_msgs/msg/PointCloud2"
    return _stream("/lidar", t, columns, type=kind_of, topic_class="lidar")


def _gnss_time(utc: np.ndarray, t: np.ndarray, clock: str) -> MemoryTable:
    columns = {"time_ref_ns": (utc, "ns", pa.int64())}
    facts = {"type": "sensor_msgs/msg/TimeReference", "topic_class": "gnss", "clock": clock}
    return _stream("/time", t, columns, **facts)


def _run(
    *streams: MemoryTable, params: SyncParams | None = None
) -> tuple[dict[str, pa.Table], RecordingContext]:
    made: dict[Output, pa.Table] = {}
    for stream in streams:
        rows = DOWNSAMPLE.run(RecordingContext(), Inputs({"stream": (stream,)}), DownsampleParams())
        made |= made_tables(rows)
    tables = {
        "thinned": as_inputs(made, "thinned"),
        "timing": as_inputs(made, "stream_timing"),
        "stamps": as_inputs(made, "stamp_models"),
    }
    ctx = RecordingContext()
    found = made_tables(SYNC.run(ctx, Inputs(tables), params or SyncParams()))
    for output, table in found.items():
        kind(output.kind).check(table.schema)
    return {output.kind: table for output, table in found.items()}, ctx


def _quality(made: dict[str, pa.Table], stream: str) -> dict[str, object]:
    (row,) = (row for row in made["sync_quality"].to_pylist() if row["stream"] == stream)
    return dict(row)


def _speed_error_mps(made: dict[str, pa.Table]) -> float:
    """Worst error of a speed that rises by 1 m/s a second: 0.001 m/s is one millisecond."""
    ego = made["ego"]
    true = (ego["t_ns"].to_numpy() - T0) / S
    return float(np.nanmax(np.abs(ego["ego_speed_mps"].to_numpy(zero_copy_only=False) - true)))


def test_stamps_of_the_recorders_clock_take_latency_out_of_signals() -> None:
    true = _true(20)
    speed = (true - T0) / S
    made, _ = _run(_odometry(true + _late(COUNT), true, speed))
    assert _quality(made, "/odometry")["stamp_kind"] == "common"
    assert _speed_error_mps(made) < 1e-4


def test_stamps_of_a_clock_of_its_own_take_jitter_out_of_signals() -> None:
    true = _true(20, 3000)
    sensor = true - 90 * S + ((true - T0) * 40e-6).astype(np.int64)
    made, _ = _run(_odometry(true + _late(3000), sensor, (true - T0) / S))
    assert _quality(made, "/odometry")["stamp_kind"] == "own"
    # The least latency of 3 ms stays, the queueing of up to 30 ms does not.
    assert _speed_error_mps(made) == pytest.approx(0.003, abs=0.0005)


def test_stamps_put_on_at_arrival_leave_signals_where_they_were() -> None:
    receive = _true(20)
    made, _ = _run(_odometry(receive, receive - 10_000, (receive - T0) / S))
    assert _quality(made, "/odometry")["stamp_kind"] == "software"
    assert _speed_error_mps(made) < 1e-6


def test_frames_are_associated_by_their_stamps_and_found_by_their_arrival() -> None:
    true = _true(100)
    receive = true + _late(COUNT)
    made, _ = _run(_lidar(receive, true))
    frames = made["frames"]
    np.testing.assert_array_equal(frames["t_ns"].to_numpy(), true)
    np.testing.assert_array_equal(frames["frame_t_ns"].to_numpy(), receive)


@pytest.mark.parametrize(("reference", "moved_ms"), [("start", 40), ("mid", 0), ("end", -40)])
def test_frames_lie_in_the_middle_of_their_sweep(reference: str, moved_ms: int) -> None:
    true = _true(100)
    params = SyncParams(lidar_stamp=reference, lidar_sweep_ms=80.0)
    made, _ = _run(_lidar(true + _late(COUNT), true), params=params)
    np.testing.assert_array_equal(made["frames"]["t_ns"].to_numpy(), true + moved_ms * MS)


def test_a_step_of_a_sensors_clock_is_in_the_table_of_clocks() -> None:
    true = _true(100)
    sensor = true.copy()
    sensor[300:] += 50 * MS
    receive = true + _late(COUNT)
    made, _ = _run(_lidar(receive, sensor))
    rows = [row for row in made["clock_models"].to_pylist() if row["clock"] == "stamps"]
    assert [row["segment"] for row in rows] == [0, 1]
    assert rows[1]["step_ms"] == pytest.approx(50.0, abs=1.0)
    assert abs(rows[1]["t_ns"] - receive[300]) <= S
    late = made["frames"]["t_ns"].to_numpy() - true
    settled = np.abs(true - true[300]) > S
    assert np.abs(late[settled] - 3 * MS).max() < 1 * MS


def test_the_recorders_clock_goes_to_utc_where_satellites_tell_it() -> None:
    utc = _true(1000, 400)
    recorded = utc + 5600 * MS + _late(400)
    true = _true(20, 20_000)
    odometry = _odometry(true + 5600 * MS, np.zeros(20_000, dtype=np.int64), (true - T0) / S)
    made, ctx = _run(_gnss_time(utc, recorded, "ros"), odometry)
    row = _quality(made, "/odometry")
    assert row["method"] == "gnss_time"
    # The least latency of 3 ms cannot be seen.
    assert row["offset_ms"] == pytest.approx(-5603.0, abs=1.0)
    assert _speed_error_mps(made) == pytest.approx(0.003, abs=0.001)
    assert "'stream': '/time'" in str(ctx.facts["utc"])
    (link,) = (row for row in made["clock_models"].to_pylist() if row["reference"] == "utc")
    assert (link["clock"], link["stream"], link["method"]) == ("ros", "/time", "gnss_time")


def test_a_reference_that_the_user_names_keeps_its_own_time() -> None:
    utc = _true(1000, 400)
    made, _ = _run(
        _gnss_time(utc, utc + 5600 * MS + _late(400), "ros"), params=SyncParams(reference="ros")
    )
    assert _quality(made, "/time")["offset_ms"] == 0.0
    assert "utc" in made["clock_models"]["reference"].to_pylist()


def test_satellite_time_that_cannot_be_trusted_is_a_caveat() -> None:
    utc = _true(1000, 400)
    recorded = utc + 5600 * MS + _late(400)
    recorded[200:] += 30 * S
    made, ctx = _run(_gnss_time(utc, recorded, "ros"))
    assert _quality(made, "/time")["offset_ms"] == 0.0
    assert [problem.code for problem in ctx.caveats] == ["utc_unknown"]


def test_two_loggers_on_a_straight_drive_are_tied_over_utc() -> None:
    utc = _true(1000, 400)
    ours = _gnss_time(utc, utc + 2 * S + _late(400), "ros")
    columns = {"epoch": (utc / S, "s", pa.float64())}
    facts = {"type": "can/GnssTime", "topic_class": "gnss", "clock": "mdf"}
    theirs = _stream("CAN2.GnssTime", utc - 7 * S + _late(400, 2), columns, **facts)
    made, ctx = _run(ours, theirs)
    row = _quality(made, "CAN2.GnssTime")
    assert (row["method"], row["refused"]) == ("gnss_time", None)
    assert row["offset_ms"] == pytest.approx(7000.0, abs=5.0)
    assert ctx.caveats == []


def test_objects_lie_where_their_message_was_stamped() -> None:
    true = _true(100)
    receive = true + _late(COUNT)
    kind_of = "autoware_perception_msgs/msg/TrackedObjects"
    frame = {**_header(true), "header_frame_id": (["base_link"] * COUNT, "1", pa.string())}
    facts = {"type": kind_of, "topic_class": "objects"}
    messages = _stream("/objects", receive, frame, **facts)
    pose = "kinematics_pose_with_covariance_pose_position"
    columns: dict[str, tuple[object, str, pa.DataType]] = {
        "element": (np.zeros(COUNT, dtype=np.int64), "1", pa.int64()),
        "object_id_uuid": ([b"\1" * 16] * COUNT, "1", pa.binary()),
    }
    for axis in "xyz":
        columns[f"{pose}_{axis}_m"] = (np.zeros(COUNT), "m", pa.float64())
    objects = _stream("/objects.objects", receive, columns, parent="/objects", **facts)
    made, _ = _run(messages, objects)
    np.testing.assert_array_equal(made["objects"]["t_ns"].to_numpy(), true)


def test_a_drive_without_stamps_has_none_to_judge() -> None:
    t = _true(20)
    columns = {"x": (np.zeros(COUNT), "m", pa.float64())}
    made, _ = _run(_stream("/plain", t, columns, type="x/Y"))
    assert _quality(made, "/plain")["stamp_kind"] is None
    assert made["clock_models"]["clock"].to_pylist() == ["ros"]


def test_the_clock_that_devices_keep_is_the_reference() -> None:
    true = _true(20)
    ours = _odometry(true + _late(COUNT), true, np.zeros(COUNT))
    other = _stream("/imu", true, {}, type="sensor_msgs/msg/Imu", topic_class="imu", clock="aux")
    _, ctx = _run(other, ours)
    told: Any = ctx.facts["clocks"]
    assert told["reference"] == "ros"
    assert told["scores"]["ros"] > 0.9 > told["scores"]["aux"]
