"""The sync step over tables in memory: clocks, grid, ego, objects, frames, gaps, quality."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.errors import ConfigError
from avdataops.ports.step import Inputs, Output, Table
from avdataops.steps.downsample import DOWNSAMPLE, DownsampleParams
from avdataops.steps.sync import SYNC, SyncParams
from avdataops.tables.kinds import kind
from avdataops.tables.signals import signals
from avdataops.testing.step_tables import (
    MemoryTable,
    RecordingContext,
    as_inputs,
    made_tables,
    memory_table,
)

Columns = Mapping[str, tuple[object, str, pa.DataType]]

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
S = 1_000_000_000
TICK = 20 * MS


def _number(values: object, unit: str = "1") -> tuple[object, str, pa.DataType]:
    return values, unit, pa.float64()


def _text(values: object) -> tuple[object, str, pa.DataType]:
    return values, "1", pa.string()


def _stream(
    name: str, kind_of: str, t_ns: np.ndarray, columns: Columns, **attributes: str
) -> MemoryTable:
    fields = [pa.field("t_ns", pa.int64()), pa.field("row", pa.int64())]
    arrays = [pa.array(t_ns), pa.array(np.arange(t_ns.size))]
    for column, (values, unit, dtype) in columns.items():
        fields.append(pa.field(column, dtype, metadata={"unit": unit, "source": column}))
        arrays.append(pa.array(values, dtype, from_pandas=True))
    facts = {"topic": name, "type": kind_of, "topic_class": "vehicle", "clock": "ros"}
    return memory_table(
        pa.Table.from_arrays(arrays, schema=pa.schema(fields)),
        kind="stream",
        name=name,
        part="a.mcap",
        attributes=facts | attributes,
    )


@dataclass(frozen=True, slots=True)
class Result:
    made: dict[Output, pa.Table]
    ctx: RecordingContext

    def table(self, name: str) -> pa.Table:
        (found,) = (table for output, table in self.made.items() if output.kind == name)
        return found

    def synced(self, stream: str) -> pa.Table:
        (found,) = (
            table for o, table in self.made.items() if (o.kind, o.name) == ("synced", stream)
        )
        return found

    def ego(self, name: str) -> np.ndarray:
        return np.asarray(self.table("ego")[name].to_numpy(zero_copy_only=False))

    def quality(self, stream: str) -> dict[str, object]:
        (row,) = (r for r in self.table("sync_quality").to_pylist() if r["stream"] == stream)
        return dict(row)

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.ctx.caveats]

    @property
    def t(self) -> np.ndarray:
        return np.asarray(self.table("ego")["t_ns"].to_numpy())


def _downsampled(*streams: MemoryTable) -> tuple[tuple[Table, ...], tuple[Table, ...]]:
    made: dict[Output, pa.Table] = {}
    for stream in streams:
        rows = DOWNSAMPLE.run(RecordingContext(), Inputs({"stream": (stream,)}), DownsampleParams())
        made |= made_tables(rows)
    return as_inputs(made, "thinned"), as_inputs(made, "stream_timing")


def _run(*streams: MemoryTable, params: SyncParams | None = None) -> Result:
    thinned, timing = _downsampled(*streams)
    return _sync(thinned, timing, params)


def _sync(
    thinned: tuple[Table, ...], timing: tuple[Table, ...], params: SyncParams | None = None
) -> Result:
    ctx = RecordingContext()
    inputs = Inputs({"thinned": thinned, "timing": timing})
    made = made_tables(SYNC.run(ctx, inputs, params or SyncParams()))
    for output, table in made.items():
        kind(output.kind).check(table.schema)
    assert all(account.balanced for account in ctx.accounts)
    return Result(made, ctx)


def _every(period_ms: float, count: int, start_ns: int = T0) -> np.ndarray:
    return start_ns + (np.arange(count) * period_ms * MS).astype(np.int64)


def _seconds(t: np.ndarray) -> np.ndarray:
    return np.asarray((t - T0) / S)


def _yaw_rate(t: np.ndarray) -> np.ndarray:
    """A drive with turns of different size and direction, in rad/s."""
    at = _seconds(t)
    rng = np.random.default_rng(5)
    result = np.zeros(t.size)
    for middle in np.arange(5.0, 400.0, 9.0):
        place, size = middle + rng.uniform(-3, 3), rng.uniform(-0.5, 0.5)
        result += size * np.exp(-(((at - place) / rng.uniform(0.8, 2.0)) ** 2))
    return result


def _speed(t: np.ndarray) -> np.ndarray:
    at = _seconds(t)
    return np.asarray(12 + 5 * np.sin(at / 7.0) + 3 * np.sin(at / 3.1 + 1) + np.sin(at * 0.83))


def _odometry(t: np.ndarray, yaw_rate: np.ndarray, speed: np.ndarray) -> MemoryTable:
    return _stream(
        "/odometry",
        "nav_msgs/msg/Odometry",
        t,
        {
            "twist_twist_linear_x_mps": _number(speed, "m/s"),
            "twist_twist_angular_z_radps": _number(yaw_rate, "rad/s"),
        },
    )


def _can(t: np.ndarray, yaw_rate: np.ndarray, speed: np.ndarray, **attributes: str) -> MemoryTable:
    return _stream(
        "CAN1.VehicleDynamics",
        "can/VehicleDynamics",
        t,
        {
            "VehicleSpeed": _number(speed * 3.6, "km/h"),
            "YawRate": _number(np.degrees(yaw_rate), "deg/s"),
        },
        **({"clock": "mdf"} | attributes),
    )


def _two_loggers(
    offset_ms: float, skew_ppm: float, seconds: int = 180, *, straight: bool = False
) -> tuple[MemoryTable, MemoryTable]:
    t_ros, t_true = _every(20, seconds * 50), _every(20, seconds * 50) + 7 * MS
    shown = t_true + round(offset_ms * MS) + np.rint((t_true - T0) * skew_ppm * 1e-6).astype(int)
    rng = np.random.default_rng(1)

    def noise(size: float) -> np.ndarray:
        return rng.normal(0, size, t_ros.size)

    if straight:
        return (
            _odometry(t_ros, noise(0.001), np.full(t_ros.size, 20.0) + noise(0.02)),
            _can(shown, noise(0.001), np.full(t_ros.size, 20.0) + noise(0.02)),
        )
    return (
        _odometry(t_ros, _yaw_rate(t_ros) + noise(0.002), _speed(t_ros) + noise(0.02)),
        _can(shown, _yaw_rate(t_true) + noise(0.002), _speed(t_true) + noise(0.02)),
    )


# Clocks


@pytest.mark.parametrize(("offset_ms", "skew_ppm"), [(3700.0, 40.0), (-12_345.0, -60.0)])
def test_offset_and_drift_of_a_second_logger_are_found(offset_ms: float, skew_ppm: float) -> None:
    result = _run(*_two_loggers(offset_ms, skew_ppm))
    row = result.quality("CAN1.VehicleDynamics")
    assert (row["method"], row["refused"]) == ("yaw_rate", None)
    assert isinstance(row["offset_ms"], float)
    assert abs(row["offset_ms"] + offset_ms) < 5
    assert isinstance(row["drift_ppm"], float)
    assert abs(row["drift_ppm"] + skew_ppm) < 30
    assert isinstance(row["sigma_ms"], float)
    assert row["sigma_ms"] < 10
    assert result.codes == []
    speed = result.ego("ego_speed_mps")
    known = np.isfinite(speed)
    assert known.mean() > 0.9
    assert np.sqrt(np.mean((speed[known] - _speed(result.t[known])) ** 2)) < 0.1
    source = result.table("ego").schema.field("ego_speed_mps").metadata[b"source"]
    assert source == b"CAN1.VehicleDynamics.VehicleSpeed"


def test_a_straight_drive_is_refused_and_its_values_are_not_mixed_in() -> None:
    result = _run(*_two_loggers(3700.0, 40.0, 60, straight=True))
    row = result.quality("CAN1.VehicleDynamics")
    assert row["method"] == "none"
    assert row["offset_ms"] is None
    assert "no_excitation" in str(row["refused"])
    assert result.codes == ["clock_unknown"]
    source = result.table("ego").schema.field("ego_speed_mps").metadata[b"source"]
    assert source == b"/odometry.twist_twist_linear_x_mps"
    assert not [o for o in result.made if (o.kind, o.name) == ("synced", "CAN1.VehicleDynamics")]
    assert set(result.table("gaps")["stream"].to_pylist()) == {"/odometry"}


def test_what_only_a_refused_clock_has_stays_null() -> None:
    odometry, can = _two_loggers(3700.0, 40.0, 60, straight=True)
    steering = _stream(
        "CAN1.Steering",
        "can/Steering",
        can.data["t_ns"].to_numpy(),
        {"SteeringAngle": _number(np.zeros(can.data.num_rows), "deg")},
        clock="mdf",
    )
    result = _run(odometry, can, steering)
    assert np.all(np.isnan(result.ego("steering_angle_rad")))
    assert b"source" not in result.table("ego").schema.field("steering_angle_rad").metadata


def test_a_refused_clock_can_be_taken_as_common_on_request() -> None:
    odometry, can = _two_loggers(0.0, 0.0, 60, straight=True)
    result = _run(odometry, can, params=SyncParams(assume_common_clock=True))
    row = result.quality("CAN1.VehicleDynamics")
    assert (row["method"], row["offset_ms"]) == ("none", 0.0)
    assert row["refused"] is not None
    assert result.codes == ["clock_unknown"]
    assert result.synced("CAN1.VehicleDynamics").num_rows > 2900


def test_clocks_whose_recordings_never_overlap_are_not_taken_as_common() -> None:
    odometry, can = _two_loggers(3_600_000.0, 0.0, 60, straight=True)
    result = _run(odometry, can, params=SyncParams(assume_common_clock=True))
    assert result.quality("CAN1.VehicleDynamics")["offset_ms"] is None


def test_speed_ties_the_clocks_where_one_side_has_no_yaw_rate() -> None:
    odometry, can = _two_loggers(1500.0, 0.0)
    data = can.data.drop_columns(["YawRate"])
    result = _run(odometry, MemoryTable(can.artifact, data))
    row = result.quality("CAN1.VehicleDynamics")
    assert row["method"] == "speed"
    assert isinstance(row["offset_ms"], float)
    assert abs(row["offset_ms"] + 1500) < 25


def test_a_single_clock_is_its_own_reference() -> None:
    _, can = _two_loggers(0.0, 0.0, 20)
    result = _run(can)
    row = result.quality("CAN1.VehicleDynamics")
    assert (row["method"], row["offset_ms"], row["sigma_ms"]) == ("reference", 0.0, None)
    assert result.ctx.facts["clocks"] == {
        "reference": "mdf",
        "scores": {"mdf": 0.45},
        "methods": {"mdf": "reference"},
    }


def test_the_user_chooses_the_reference_clock() -> None:
    streams = _two_loggers(3700.0, 0.0)
    result = _run(*streams, params=SyncParams(reference="mdf"))
    row = result.quality("/odometry")
    assert isinstance(row["offset_ms"], float)
    assert abs(row["offset_ms"] - 3700) < 5
    assert result.quality("CAN1.VehicleDynamics")["method"] == "reference"


def test_a_reference_clock_that_nobody_used_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"no clock 'rso' .* did you mean 'ros'"):
        _run(_two_loggers(0.0, 0.0, 20)[0], params=SyncParams(reference="rso"))


# The grid and the ego table


def test_ticks_are_multiples_of_the_period_and_values_are_interpolated_and_converted() -> None:
    t = _every(20, 500) + 3 * MS
    result = _run(_can(t, _yaw_rate(t), _speed(t), clock="ros"))
    assert np.all(result.t % TICK == 0)
    assert np.all(np.diff(result.t) == TICK)
    assert np.allclose(result.ego("ego_speed_mps"), _speed(result.t), atol=1e-3)
    assert np.allclose(result.ego("yaw_rate_radps"), _yaw_rate(result.t), atol=1e-3)


def test_every_canonical_signal_has_its_column_with_unit_and_method() -> None:
    t = _every(20, 10)
    schema = _run(_can(t, t * 0.0, t * 0.0)).table("ego").schema
    assert schema.names == ["t_ns", *signals()]
    for one in signals().values():
        metadata = schema.field(one.name).metadata
        assert metadata[b"unit"].decode() == one.unit
        assert metadata[b"method"].decode() == one.method


def test_gaps_are_never_bridged() -> None:
    t = np.concatenate((_every(20, 500), _every(20, 500, T0 + 12 * S)))
    result = _run(_can(t, t * 0.0, np.where(t < T0 + 11 * S, 1.0, 9.0)))
    last, first = T0 + 9980 * MS, T0 + 12 * S
    inside = (result.t > last) & (result.t < first)
    assert np.isnan(result.ego("ego_speed_mps")[inside]).all()
    assert np.isfinite(result.ego("ego_speed_mps")[~inside]).all()
    synced = result.synced("CAN1.VehicleDynamics")
    t_synced = synced["t_ns"].to_numpy()
    speeds = synced["VehicleSpeed"].to_numpy(zero_copy_only=False)
    assert np.isnan(speeds[(t_synced > last) & (t_synced < first)]).all()
    known = result.ego("ego_speed_mps")
    assert set(known[np.isfinite(known)].round(9)) == {1.0, 9.0}
    gap = [row for row in result.table("gaps").to_pylist() if row["gap_stop_ns"] is not None]
    assert [(row["t_ns"], row["gap_stop_ns"]) for row in gap] == [(last, first)]
    row = result.quality("CAN1.VehicleDynamics")
    assert (row["gaps"], row["longest_gap_s"]) == (1, 2.02)


def test_a_gap_of_one_stream_is_null_where_another_goes_on() -> None:
    t = _every(20, 1000)
    holed = np.concatenate((t[:200], t[400:]))
    angle = _stream("CAN1.Steering", "can/S", holed, {"SteeringAngle": _number(holed * 0.0, "deg")})
    result = _run(_can(t, t * 0.0, t * 0.0 + 1, clock="ros"), angle)
    unknown = np.isnan(result.ego("steering_angle_rad"))
    inside = (result.t > t[199]) & (result.t < t[400])
    assert np.array_equal(unknown, inside)
    assert not np.isnan(result.ego("ego_speed_mps")).any()


def test_slow_signals_are_joined_over_one_missed_message_and_no_further() -> None:
    t = np.array([0, 1, 2, 3, 5.1, 6, 7, 7 + 2.6, 10, 11]) * S + T0
    seconds = _seconds(t)
    result = _run(
        _stream(
            "obd",
            "can/OBD2",
            t.astype(np.int64),
            {
                "S1_PID_0D_VehicleSpeed": _number(seconds * 3.6, "km/h"),
            },
        )
    )
    speed = result.ego("ego_speed_mps")
    at = _seconds(result.t)
    known = np.isfinite(speed)
    assert np.allclose(speed[known], at[known])
    assert known[(at > 3) & (at < 5.1)].all()
    assert not known[(at > 7.01) & (at < 9.59)].any()


def test_a_state_is_held_and_never_comes_from_the_future() -> None:
    t = _every(100, 50) + 7 * MS
    words = ["Off"] * 20 + ["Left"] * 20 + ["Off"] * 10
    result = _run(
        _stream(
            "CAN1.Body",
            "can/Body",
            t,
            {
                "TurnIndicator": _number(np.zeros(50)),
                "turn_indicator_label": _text(words),
            },
        )
    )
    got = result.table("ego")["turn_indicator"].to_pylist()
    place = np.searchsorted(t, result.t, side="right") - 1
    assert got == [words[index].lower() for index in place]


def test_a_state_is_unknown_when_it_is_too_old() -> None:
    t = np.concatenate((_every(100, 20), _every(100, 20, T0 + 5 * S)))
    fast = _every(20, 300)
    result = _run(
        _stream("CAN1.Body", "can/Body", t, {"gear_label": _text(["D"] * 40)}),
        _can(fast, fast * 0.0, fast * 0.0, clock="ros"),
    )
    gear = np.array(result.table("ego")["gear"].to_pylist(), dtype=object)
    silent = (result.t > t[19] + 300 * MS) & (result.t < t[20])
    assert set(gear[silent]) == {None}
    assert set(gear[~silent]) == {"D"}


def test_a_word_that_is_not_known_is_null_and_told() -> None:
    t = _every(100, 3)
    result = _run(_stream("CAN1.Body", "can/Body", t, {"gear_label": _text(["D", "Limp", "D"])}))
    assert result.codes == ["unknown_word"]
    assert "'Limp'" in result.ctx.caveats[0].message
    assert None in result.table("ego")["gear"].to_pylist()


def test_a_column_without_a_known_unit_is_no_source() -> None:
    t = _every(20, 100)
    result = _run(
        _stream("CAN1.X", "can/X", t, {"VehicleSpeed": _number(t * 0.0, "furlong/fortnight")})
    )
    assert np.isnan(result.ego("ego_speed_mps")).all()


def test_positions_without_their_valid_flag_are_unknown() -> None:
    t = _every(1000, 10)
    valid = np.array([1, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    latitude = np.where(valid, 56.0, -90.0)
    result = _run(
        _stream(
            "CAN2.gnss_pos",
            "can/gnss_pos",
            t,
            {
                "Latitude": _number(latitude, "deg"),
                "Longitude": _number(latitude, "deg"),
                "PositionValid": (valid, "", pa.int64()),
            },
            topic_class="gnss",
        )
    )
    lat = result.ego("lat_deg")
    at = _seconds(result.t)
    assert np.nanmin(lat) == 56.0
    assert np.isnan(lat[(at > 3) & (at < 7)]).all()
    assert np.isfinite(lat[at <= 3]).all()
    fix = result.ego("gnss_fix")
    assert set(fix[(at >= 4) & (at < 7)]) == {-1.0}
    assert set(fix[at < 4]) == {0.0}


def test_headings_turn_the_short_way_and_come_from_map_poses_only() -> None:
    t = _every(20, 500)
    yaw = 0.8 * _seconds(t) + 2.5

    def pose(frame: str) -> MemoryTable:
        return _stream(
            "/odometry",
            "nav_msgs/msg/Odometry",
            t,
            {
                "header_frame_id": _text([frame] * t.size),
                "pose_pose_orientation_x": _number(t * 0.0),
                "pose_pose_orientation_y": _number(t * 0.0),
                "pose_pose_orientation_z": _number(np.sin(yaw / 2)),
                "pose_pose_orientation_w": _number(np.cos(yaw / 2)),
            },
        )

    result = _run(pose("map"))
    true = 0.8 * _seconds(result.t) + 2.5
    error = np.angle(np.exp(1j * (result.ego("heading_rad") - true)))
    assert np.abs(error).max() < 1e-4
    assert np.isnan(_run(pose("odom")).ego("heading_rad")).all()


def test_the_preferred_source_wins_unless_it_covers_too_little() -> None:
    t = _every(20, 1000)
    odometry = _odometry(t, t * 0.0, t * 0.0 + 1.0)
    whole, short = _can(t, t * 0.0, t * 0.0 + 2.0), _can(t[:100], t[:100] * 0.0, t[:100] * 0 + 2.0)
    same = [MemoryTable(table.artifact, table.data) for table in (whole, short)]
    for table in same:
        table.artifact.attributes["clock"] = "ros"
    assert np.nanmax(_run(odometry, same[0]).ego("ego_speed_mps")) == pytest.approx(2.0)
    assert np.nanmax(_run(odometry, same[1]).ego("ego_speed_mps")) == pytest.approx(1.0)


def test_synced_tables_have_no_more_ticks_than_the_stream_has_messages() -> None:
    t = _every(100, 100) + 3 * MS
    numbers: Columns = {"x": _number(np.arange(100.0), "m"), "note": _text(["a"] * 100)}
    synced = _run(_stream("/slow", "x/Y", t, numbers)).synced("/slow")
    ticks = synced["t_ns"].to_numpy()
    assert np.all(ticks % (100 * MS) == 0)
    assert np.all(np.diff(ticks) == 100 * MS)
    assert synced.num_rows <= 100
    assert np.allclose(synced["x"].to_numpy(), (ticks - t[0]) / (100 * MS))
    assert set(synced["note"].to_pylist()) == {"a"}
    assert synced.schema.field("x").metadata[b"unit"] == b"m"


def test_synced_tables_leave_the_extremes_to_the_thinned_ones() -> None:
    t = _every(5, 2000)
    synced = _run(_stream("/fast", "x/Y", t, {"a": _number(np.sin(_seconds(t)), "m/s2")}))
    assert synced.synced("/fast").column_names == ["t_ns", "a"]


# Objects


def _objects(
    t: np.ndarray, per_message: int, frame: str = "base_link"
) -> tuple[MemoryTable, MemoryTable, MemoryTable]:
    facts = {"topic_class": "objects"}
    kind_of = "autoware_perception_msgs/msg/TrackedObjects"
    messages = _stream(
        "/objects", kind_of, t, {"header_frame_id": _text([frame] * t.size)}, **facts
    )
    row = np.repeat(np.arange(t.size), per_message)
    element = np.tile(np.arange(per_message), t.size)
    zero = np.zeros(row.size)
    pose = "kinematics_pose_with_covariance_pose"
    twist = "kinematics_twist_with_covariance_twist_linear"
    identity = [bytes([number]) * 16 for number in element]
    objects = _stream(
        "/objects.objects",
        kind_of,
        t[row],
        {
            "element": (element, "1", pa.int64()),
            "object_id_uuid": (identity, "1", pa.binary()),
            "existence_probability": _number(zero + 0.9),
            f"{pose}_position_x_m": _number(10.0 + element, "m"),
            f"{pose}_position_y_m": _number(zero - 1.0, "m"),
            f"{pose}_position_z_m": _number(zero + 0.5, "m"),
            f"{pose}_orientation_x": _number(zero),
            f"{pose}_orientation_y": _number(zero),
            f"{pose}_orientation_z": _number(zero + np.sin(0.25)),
            f"{pose}_orientation_w": _number(zero + np.cos(0.25)),
            f"{twist}_x_mps": _number(zero + 5, "m/s"),
            f"{twist}_y_mps": _number(zero, "m/s"),
            "shape_dimensions_x_m": _number(zero + 4.5, "m"),
        },
        parent="/objects",
        **facts,
    )
    label = np.where(element[:, None] == 0, [1, 7], [99, 2]).ravel()
    twice = np.repeat(row, 2)
    classes = _stream(
        "/objects.objects.classification",
        kind_of,
        t[twice],
        {
            "element": (np.tile([0, 1], row.size), "1", pa.int64()),
            "parent_element": (np.repeat(element, 2), "1", pa.int64()),
            "label": (label, "1", pa.uint8()),
            "probability": (np.tile([0.7, 0.3], row.size), "1", pa.float32()),
        },
        parent="/objects.objects",
        **facts,
    )
    return messages, _with_row(objects, row), _with_row(classes, twice)


def _with_row(table: MemoryTable, row: np.ndarray) -> MemoryTable:
    return MemoryTable(table.artifact, table.data.set_column(1, "row", pa.array(row)))


def test_object_lists_come_out_with_identity_class_pose_and_velocity() -> None:
    t = _every(100, 5)
    result = _run(*_objects(t, 2))
    table = result.table("objects")
    first, second = table.to_pylist()[:2]
    assert table.num_rows == 10
    assert first == {
        "t_ns": T0,
        "track_id": "00" * 16,
        "object_class": "car",
        "class_probability": pytest.approx(0.7),
        "existence_probability": pytest.approx(0.9),
        "x_m": 10.0,
        "y_m": -1.0,
        "z_m": 0.5,
        "yaw_rad": pytest.approx(0.5),
        "vx_mps": 5.0,
        "vy_mps": 0.0,
        "length_m": 4.5,
        "width_m": None,
        "height_m": None,
        "stream": "/objects",
    }
    assert second["track_id"] == "01" * 16
    assert second["object_class"] is None
    assert second["x_m"] == 11.0
    assert result.ctx.accounts[0].rows_out == 10


def test_an_object_without_a_place_is_dropped_and_accounted() -> None:
    messages, objects, classes = _objects(_every(100, 2), 2)
    name = "kinematics_pose_with_covariance_pose_position_x_m"
    place = objects.data.schema.get_field_index(name)
    field = objects.data.schema.field(place)
    data = objects.data.set_column(place, field, pa.array([1.0, None, 3.0, 4.0]))
    result = _run(messages, MemoryTable(objects.artifact, data), classes)
    assert result.table("objects")["x_m"].to_pylist() == [1.0, 3.0, 4.0]
    assert result.ctx.accounts[0].dropped == {"no_place": 1}


def test_objects_in_another_frame_are_left_out_with_a_caveat() -> None:
    result = _run(*_objects(_every(100, 2), 1, frame="map"))
    assert result.table("objects").num_rows == 0
    assert result.codes == ["foreign_frame"]


def test_objects_without_classes_are_of_unknown_class() -> None:
    messages, objects, _ = _objects(_every(100, 2), 1)
    result = _run(messages, objects)
    assert result.table("objects")["object_class"].to_pylist() == [None, None]


# Frames


def _camera(name: str, t: np.ndarray, topic_class: str = "camera") -> MemoryTable:
    data = {"data": ([b"x"] * t.size, "1", pa.binary())}
    return _stream(name, "sensor_msgs/msg/CompressedImage", t, data, topic_class=topic_class)


def test_frames_of_all_sensors_are_put_to_the_nearest_sweep() -> None:
    lidar, camera = _every(100, 10), _every(100, 10) + 30 * MS
    result = _run(_camera("/lidar", lidar, "lidar"), _camera("/camera", camera[:8]))
    rows = result.table("frames").to_pylist()
    assert len(rows) == 20
    of_camera = [row for row in rows if row["stream"] == "/camera"]
    assert [row["t_ns"] for row in of_camera] == lidar.tolist()
    assert [row["frame_row"] for row in of_camera] == [*range(8), None, None]
    assert [row["dt_ms"] for row in of_camera][:8] == [30.0] * 8
    assert of_camera[0]["part"] == "a.mcap"
    assert of_camera[0]["frame_t_ns"] == camera[0]
    assert of_camera[9]["frame_t_ns"] is None
    used = [row["frame_row"] for row in of_camera if row["frame_row"] is not None]
    assert len(used) == len(set(used))


def test_the_user_chooses_whose_frames_are_the_ticks() -> None:
    lidar, camera = _every(100, 10), _every(100, 10) + 30 * MS
    params = SyncParams(frame_reference="/camera")
    result = _run(_camera("/lidar", lidar, "lidar"), _camera("/camera", camera), params=params)
    assert sorted(set(result.table("frames")["t_ns"].to_pylist())) == camera.tolist()


# The whole


def test_a_drive_without_anything_makes_nothing() -> None:
    assert _sync((), ()).made == {}


def test_raw_frames_alone_still_have_gaps_and_quality() -> None:
    data: Columns = {"data": ([b"x"] * 10, "1", pa.binary())}
    result = _run(_stream("CAN1", "can/frames", _every(1, 10), data, clock="mdf"))
    assert result.table("ego").num_rows == 0
    assert result.table("sync_quality")["stream"].to_pylist() == ["CAN1"]
    assert result.table("gaps").num_rows == 1


def test_times_without_end_do_not_make_a_grid_without_end() -> None:
    t = np.array([0, 10**18, 2 * 10**18, 3 * 10**18])
    result = _run(_stream("/odd", "x/Y", t, {"x": _number(np.zeros(4), "m")}))
    assert result.table("ego").num_rows == 0
    assert "synced" not in {output.kind for output in result.made}
    assert result.quality("/odd")["rows"] == 4


def _small_drive() -> list[MemoryTable]:
    t = _every(20, 400)
    return [
        _odometry(t, _yaw_rate(t), _speed(t)),
        _can(t + 3 * MS, _yaw_rate(t), _speed(t), clock="ros"),
        *_objects(_every(100, 20), 2),
        _camera("/lidar", _every(100, 20), "lidar"),
        _camera("/camera", _every(66, 30)),
    ]


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(7)), st.permutations(range(5)))
def test_the_order_of_inputs_does_not_matter(thinned_order: list[int], order: list[int]) -> None:
    thinned, timing = _downsampled(*_small_drive())
    straight = _sync(thinned, timing)
    mixed = _sync(tuple(thinned[i] for i in thinned_order), tuple(timing[i] for i in order))
    assert straight.made.keys() == mixed.made.keys()
    for output, table in straight.made.items():
        assert table.equals(mixed.made[output], check_metadata=True)


def test_the_same_drive_gives_the_same_bytes() -> None:
    def written() -> list[bytes]:
        made = _run(*_small_drive()).made
        return [_ipc(table) for table in made.values()]

    assert written() == written()


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def test_only_the_columns_of_canonical_signals_and_of_synced_streams_are_read() -> None:
    thinned, timing = _downsampled(_camera("/camera", _every(66, 30)))
    _sync(thinned, timing)
    (camera,) = thinned
    assert isinstance(camera, MemoryTable)
    facts = ("payload_hash", "phash", "luma", "sharpness")
    assert set(camera.asked) == {("t_ns", "row", "part", *facts)}
