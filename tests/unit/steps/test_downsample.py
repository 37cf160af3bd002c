"""The downsample step over tables in memory."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.ports.step import Inputs
from avdataops.steps import downsample
from avdataops.steps.downsample import DOWNSAMPLE, DownsampleParams
from avdataops.tables.kinds import kind
from avdataops.testing.step_tables import MemoryTable, RecordingContext, made_tables, memory_table
from tests.unit.signals.test_pictures import jpeg, street

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
S = 1_000_000_000


def _field(name: str, kind: pa.DataType, unit: str | None = None) -> pa.Field:
    metadata = {"source": name} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, metadata=metadata)


def _stream(
    fields: Sequence[tuple[pa.Field, object]],
    t_ns: np.ndarray,
    *,
    part: str = "a.mcap",
    name: str = "/s",
    **attributes: str,
) -> MemoryTable:
    rows = pa.array(np.arange(t_ns.size))
    schema = pa.schema([_field("t_ns", pa.int64(), "ns"), _field("row", pa.int64())])
    columns = [pa.array(t_ns), rows]
    for field, values in fields:
        schema = schema.append(field)
        columns.append(pa.array(values, field.type))
    facts = {"topic": name, "type": "x/Y", "topic_class": "vehicle", "clock": "ros"} | attributes
    data = pa.Table.from_arrays(columns, schema=schema)
    return memory_table(data, kind="stream", name=name, part=part, attributes=facts)


def _run(
    *parts: MemoryTable, params: DownsampleParams | None = None
) -> tuple[dict[str, pa.Table], RecordingContext]:
    ctx = RecordingContext()
    made = made_tables(DOWNSAMPLE.run(ctx, Inputs({"stream": parts}), params or DownsampleParams()))
    by_kind = {output.kind: table for output, table in made.items()}
    assert len(by_kind) == len(made)
    for name, table in by_kind.items():
        kind(name).check(table.schema)
        t = table["t_ns"].to_numpy()
        assert np.all(np.diff(t) >= 0)
    assert all(account.balanced for account in ctx.accounts)
    return by_kind, ctx


def _every(period_ms: float, count: int) -> np.ndarray:
    return T0 + (np.arange(count) * period_ms * MS).astype(np.int64)


def test_a_tone_above_the_new_nyquist_rate_does_not_alias() -> None:
    t = _every(1, 5000)
    seconds = (t - T0) / S
    slow = np.sin(2 * np.pi * 1.0 * seconds)
    tone = np.sin(2 * np.pi * 93.0 * seconds)
    made, _ = _run(_stream([(_field("ax", pa.float64(), "m/s2"), slow + tone)], t))
    thinned = made["thinned"]
    at = (thinned["t_ns"].to_numpy() - T0) / S
    inside = (at > 0.5) & (at < 4.5)
    error = thinned["ax"].to_numpy()[inside] - np.sin(2 * np.pi * at[inside])
    assert np.sqrt(np.mean(error**2)) < 0.01
    assert np.array_equal(np.diff(thinned["t_ns"].to_numpy()), np.full(at.size - 1, 20 * MS))
    assert thinned["t_ns"][0].as_py() % (20 * MS) == 0


def test_the_envelope_keeps_a_peak_that_the_filter_flattens() -> None:
    t = _every(1, 2000)
    x = np.zeros(t.size)
    x[1003] = 100.0
    x[1007] = -50.0
    made, _ = _run(_stream([(_field("ax", pa.float64(), "m/s2"), x)], t))
    thinned = made["thinned"]
    assert thinned["ax_max"].to_numpy().max() == 100.0
    assert thinned["ax_min"].to_numpy().min() == -50.0
    assert abs(thinned["ax"].to_numpy()).max() < 20.0


def test_the_envelope_can_be_left_out() -> None:
    t = _every(1, 2000)
    table = _stream([(_field("ax", pa.float64(), "m/s2"), np.zeros(t.size))], t)
    made, _ = _run(table, params=DownsampleParams(envelope=False))
    assert made["thinned"].column_names == ["t_ns", "ax"]


def test_a_slow_stream_keeps_its_own_times_and_has_no_envelope() -> None:
    t = _every(37, 50)
    made, ctx = _run(_stream([(_field("v", pa.float32(), "m/s"), np.arange(50.0))], t))
    thinned = made["thinned"]
    assert thinned.column_names == ["t_ns", "v"]
    assert np.array_equal(thinned["t_ns"].to_numpy(), t)
    assert thinned["v"].to_pylist() == list(np.arange(50.0))
    assert thinned.schema.field("v").type == pa.float64()
    assert thinned.schema.field("v").metadata[b"unit"] == b"m/s"
    assert ctx.accounts[0].rows_out == 50
    assert ctx.accounts[0].dropped == {}


def test_rows_that_the_rate_has_no_place_for_are_accounted() -> None:
    t = _every(10, 1001)
    _, ctx = _run(_stream([(_field("v", pa.float64(), "m/s"), np.zeros(1001))], t))
    (account,) = ctx.accounts
    assert (account.stream, account.rows_in, account.rows_out) == ("/s", 1001, 501)
    assert account.dropped == {"rate": 500}


def test_rows_of_one_time_are_dropped_as_duplicates_and_the_last_one_stays() -> None:
    t = np.array([T0, T0 + 100 * MS, T0 + 100 * MS, T0 + 200 * MS])
    made, ctx = _run(_stream([(_field("v", pa.float64(), "m/s"), [0.0, 1.0, 2.0, 3.0])], t))
    assert made["thinned"]["v"].to_pylist() == [0.0, 2.0, 3.0]
    assert ctx.accounts[0].dropped == {"duplicate": 1}
    assert made["stream_timing"]["duplicates"][0].as_py() == 1


def test_a_gap_gets_no_row_and_no_filter_reaches_across_it() -> None:
    t = np.concatenate((_every(5, 401), _every(5, 401) + 5 * S))
    x = np.where(t < T0 + 4 * S, 0.0, 1000.0)
    made, _ = _run(_stream([(_field("v", pa.float64(), "m/s"), x)], t))
    thinned = made["thinned"]
    at = thinned["t_ns"].to_numpy()
    assert not np.any((at > T0 + 2 * S) & (at < T0 + 5 * S))
    v = thinned["v"].to_numpy()
    assert np.allclose(v[at <= T0 + 2 * S], 0.0, atol=1e-9)
    assert np.allclose(v[at >= T0 + 5 * S], 1000.0, atol=1e-6)


def test_gaps_are_measured_on_every_message_over_all_parts() -> None:
    first, second = _every(10, 101), _every(10, 101) + 3 * S
    fields = [(_field("v", pa.float64(), "m/s"), np.zeros(101))]
    made, ctx = _run(_stream(fields, second, part="b.mcap"), _stream(fields, first, part="a.mcap"))
    summary, gap = made["stream_timing"].to_pylist()
    assert summary["rows"] == 202
    assert summary["gap_stop_ns"] is None
    assert (summary["t_ns"], summary["last_ns"]) == (T0, T0 + 4 * S)
    assert abs(summary["period_ns"] - 10 * MS) < 0.001 * 10 * MS
    assert summary["clock"] == "ros"
    assert summary["topic_class"] == "vehicle"
    assert (gap["t_ns"], gap["gap_stop_ns"]) == (T0 + S, T0 + 3 * S)
    assert ctx.accounts[0].rows_in == 202


def test_states_are_held_and_never_come_from_the_future() -> None:
    t = _every(5, 400) + 1
    state = (np.arange(400) // 40).astype(np.int64)
    label = np.array([f"s{value}" for value in state])
    made, _ = _run(
        _stream(
            [
                (_field("v", pa.float64(), "m/s"), np.zeros(400)),
                (_field("gear", pa.float64()), state),
                (_field("gear_label", pa.string()), label),
                (_field("count", pa.uint8()), state),
            ],
            t,
        )
    )
    thinned = made["thinned"]
    expected = state[np.searchsorted(t, thinned["t_ns"].to_numpy(), side="right") - 1]
    assert np.array_equal(thinned["gear"].to_numpy(), expected)
    assert thinned["gear_label"].to_pylist() == [f"s{value}" for value in expected]
    assert thinned["count"].to_pylist() == expected.tolist()
    assert thinned.schema.field("count").type == pa.uint8()
    assert not {"gear_min", "count_min"} & set(thinned.column_names)


def test_whole_numbers_with_a_unit_are_quantities() -> None:
    t = _every(5, 400)
    ramp = np.arange(400)
    made, _ = _run(_stream([(_field("speed", pa.int64(), "km/h"), ramp)], t))
    thinned = made["thinned"]
    at = (thinned["t_ns"].to_numpy() - T0) / (5 * MS)
    assert np.allclose(thinned["speed"].to_numpy(), at, atol=0.5)
    assert "speed_max" in thinned.column_names


def test_an_angle_that_wraps_is_not_averaged_over_the_jump() -> None:
    t = _every(5, 800)
    turning = np.arange(800) * 2.0
    made, _ = _run(_stream([(_field("heading", pa.float64(), "deg"), turning % 360)], t))
    thinned = made["thinned"]
    true = (thinned["t_ns"].to_numpy() - T0) / (5 * MS) * 2.0
    error = (thinned["heading"].to_numpy() - true + 180) % 360 - 180
    assert np.abs(error).max() < 0.1
    assert thinned["heading"].to_numpy().min() >= 0


def test_quaternions_that_flip_their_sign_keep_their_length() -> None:
    t = _every(5, 800)
    yaw = np.arange(800) * 0.02
    sign = np.where(np.arange(800) % 2, -1.0, 1.0)
    zero = np.zeros(800)
    columns = (zero, zero, np.sin(yaw / 2) * sign, np.cos(yaw / 2) * sign)
    fields = [
        (_field(f"orientation_{axis}", pa.float64()), values)
        for axis, values in zip("xyzw", columns, strict=True)
    ]
    made, _ = _run(_stream(fields, t))
    thinned = made["thinned"]
    z, w = thinned["orientation_z"].to_numpy(), thinned["orientation_w"].to_numpy()
    assert np.allclose(np.hypot(z, w), 1.0, atol=1e-3)


def test_unknown_values_stay_null() -> None:
    t = _every(100, 5)
    values = [1.0, None, float("nan"), 4.0, 5.0]
    made, _ = _run(_stream([(_field("v", pa.float64(), "m/s"), values)], t))
    assert made["thinned"]["v"].to_pylist() == [1.0, None, None, 4.0, 5.0]


def test_fields_that_take_turns_keep_their_own_rate() -> None:
    t = _every(5, 2000)
    turn = np.arange(2000) % 4
    fields = []
    for number in range(4):
        ramp = np.where(turn == number, np.arange(2000.0), np.nan)
        values = [None if np.isnan(x) else x for x in ramp]
        fields.append((_field(f"pid_{number}", pa.float64(), "km/h"), values))
    made, _ = _run(_stream(fields, t))
    thinned = made["thinned"]
    at = (thinned["t_ns"].to_numpy() - T0) / (5 * MS)
    for number in range(4):
        got = thinned[f"pid_{number}"].to_numpy(zero_copy_only=False)
        known = np.isfinite(got)
        assert known.mean() > 0.98
        assert np.allclose(got[known], at[known], atol=1e-6)


def test_samples_that_their_source_marks_invalid_do_not_reach_the_filter() -> None:
    t = _every(10, 1000)
    valid = np.ones(1000, dtype=np.int64)
    valid[500] = 0
    x = np.where(valid == 1, 1.0, -64.0)
    x[700] = -64.0
    made, ctx = _run(
        _stream(
            [
                (_field("AccelerationX", pa.float64(), "m/s^2"), x),
                (_field("ImuValid", pa.int64()), valid),
            ],
            t,
            type="can/gnss_imu",
        )
    )
    thinned = made["thinned"]
    assert thinned["AccelerationX_min"].to_numpy().min() == 1.0
    assert np.allclose(thinned["AccelerationX"].to_numpy(), 1.0)
    assert ctx.facts["unusable_values"] == {"AccelerationX": 2}


def test_a_receiver_without_a_fix_has_no_position_but_keeps_its_status() -> None:
    t = _every(100, 3)
    made, _ = _run(
        _stream(
            [
                (
                    pa.field("status_status", pa.int8(), metadata={"source": "status.status"}),
                    [0, -1, 0],
                ),
                (_field("latitude_deg", pa.float64(), "deg"), [56.0, 0.0, 56.1]),
            ],
            t,
            type="sensor_msgs/msg/NavSatFix",
        )
    )
    assert made["thinned"]["latitude_deg"].to_pylist() == [56.0, None, 56.1]
    assert made["thinned"]["status_status"].to_pylist() == [0, -1, 0]


def _frames(period_ms: float, count: int, part: str = "a.mcap", shift_ns: int = 0) -> MemoryTable:
    t = _every(period_ms, count) + shift_ns
    return _stream(
        [
            (_field("format", pa.string()), ["jpeg"] * count),
            (_field("data", pa.binary()), [b"x" * 1000] * count),
        ],
        t,
        part=part,
        name="/camera",
        topic_class="camera",
        type="sensor_msgs/msg/CompressedImage",
    )


FACTS = ["payload_hash", "phash", "luma", "sharpness"]


def test_frames_are_picked_by_rate_and_their_bytes_need_not_be_read() -> None:
    table = _frames(33.3, 300)
    made, ctx = _run(table, params=DownsampleParams(payload_facts=False))
    thinned = made["thinned"]
    assert thinned.column_names == ["t_ns", "row", "format", "part"]
    assert 99 <= thinned.num_rows <= 101
    assert np.diff(thinned["t_ns"].to_numpy()).min() > 60 * MS
    assert ctx.accounts[0].dropped == {"rate": 300 - thinned.num_rows}
    assert ctx.facts["left_in_raw"] == {"columns": ["data"], "bytes": table.artifact.bytes}
    assert not any("data" in columns or not columns for columns in table.asked)


def test_what_frames_show_stays_when_their_bytes_do_not() -> None:
    pictures = [jpeg(street(seed=seed)) for seed in (1, 2)]
    data = [pictures[0], pictures[0], pictures[1], b"broken", b"broken"]
    table = _camera(100, data, "jpeg")
    made, _ = _run(table)
    thinned = made["thinned"]
    assert thinned.column_names == ["t_ns", "row", "format", "part", *FACTS]
    hashes = thinned["payload_hash"].to_pylist()
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[3] == hashes[4]
    assert [value is None for value in thinned["luma"].to_pylist()] == [False] * 3 + [True] * 2
    assert thinned["phash"][0] == thinned["phash"][1] != thinned["phash"][2]


def test_frames_out_of_order_keep_what_they_show() -> None:
    table = _camera(100, [jpeg(street(seed=seed)) for seed in range(4)], "jpeg")
    straight, _ = _run(table)
    shuffled = MemoryTable(table.artifact, table.data.take(pa.array([2, 0, 3, 1])))
    mixed, _ = _run(shuffled)
    assert mixed["thinned"].equals(straight["thinned"])


def _camera(period_ms: float, data: Sequence[bytes], stated: str) -> MemoryTable:
    return _stream(
        [
            (_field("format", pa.string()), [stated] * len(data)),
            (_field("data", pa.binary()), data),
        ],
        _every(period_ms, len(data)),
        name="/camera",
        topic_class="camera",
    )


def test_a_video_is_cut_at_its_key_frames_only() -> None:
    group = [b"\x00\x00\x01\x65\x88"] + [b"\x00\x00\x01\x41\x88"] * 9
    made, ctx = _run(_camera(33.3, group * 10, "h264"))
    assert made["thinned"]["row"].to_pylist() == list(range(0, 100, 10))
    assert ctx.accounts[0].dropped == {"between_key_frames": 90}
    assert ctx.caveats == []


def test_key_frames_are_thinned_like_others() -> None:
    made, ctx = _run(_camera(20, [b"\x00\x00\x01\x65\x88"] * 101, "h264"))
    assert made["thinned"].num_rows == 21
    assert ctx.accounts[0].dropped == {"rate": 80}


def test_a_video_without_a_key_frame_is_told_and_kept_by_rate() -> None:
    made, ctx = _run(_camera(100, [b"\x00\x00\x01\x41\x88"] * 20, "h264"))
    assert made["thinned"].num_rows == 20
    assert [problem.code for problem in ctx.caveats] == ["no_key_frame"]


def test_a_cloud_can_leave_a_thinner_one() -> None:
    lists = pa.list_(pa.float32())
    cloud = [(_field(f"points_{axis}_m", lists), [[0.01, 0.02, 9.0]] * 3) for axis in "xyz"]
    table = _stream(cloud, _every(100, 3), name="/lidar", topic_class="lidar")
    whole, _ = _run(table)
    assert whole["thinned"].column_names == ["t_ns", "row", "part", *FACTS]
    made, _ = _run(table, params=DownsampleParams(voxel_m=0.2))
    assert np.allclose(made["thinned"]["voxels_x_m"][0].as_py(), [0.015, 9.0])


def test_states_alone_keep_their_changes_and_a_heartbeat() -> None:
    t = _every(10, 300)
    gear = np.repeat(["P", "D", "D"], 100)
    made, ctx = _run(_stream([(_field("gear_label", pa.string()), gear)], t))
    thinned = made["thinned"]
    at = thinned["t_ns"].to_numpy()
    assert {T0, T0 + 1000 * MS, T0 + 2990 * MS} <= set(at.tolist())
    assert np.diff(at).max() == 60 * MS
    assert thinned.num_rows < 60
    expected = gear[(at - T0) // (10 * MS)].tolist()
    assert thinned["gear_label"].to_pylist() == expected
    assert ctx.accounts[0].dropped == {"unchanged": 300 - thinned.num_rows}


def test_headers_and_unknown_states_are_no_changes() -> None:
    t = _every(10, 100)
    fields = [
        (_field("header_stamp_ns", pa.int64(), "ns"), t),
        (_field("mode", pa.int32()), [None] * 50 + [3] * 50),
    ]
    made, _ = _run(_stream(fields, t), params=DownsampleParams(heartbeat_s=100.0))
    assert made["thinned"]["t_ns"].to_pylist() == [T0, T0 + 500 * MS, T0 + 990 * MS]
    assert made["thinned"]["mode"].to_pylist() == [None, 3, 3]


def test_a_counter_that_never_rests_is_held_at_the_rate() -> None:
    t = _every(5, 401)
    made, ctx = _run(_stream([(_field("alive", pa.uint8()), np.arange(401) % 16)], t))
    assert made["thinned"].num_rows == 101
    assert ctx.accounts[0].dropped == {"rate": 300}


def test_the_last_state_before_a_gap_stays() -> None:
    t = np.concatenate((_every(10, 100), _every(10, 100) + 5 * S))
    made, _ = _run(
        _stream([(_field("mode", pa.int32()), [1] * 200)], t),
        params=DownsampleParams(heartbeat_s=100.0),
    )
    edges = [T0, T0 + 990 * MS, T0 + 5 * S, T0 + 5 * S + 990 * MS]
    assert made["thinned"]["t_ns"].to_pylist() == edges


def test_the_mean_of_a_bucket_is_that_of_its_samples() -> None:
    t = _every(1, 2000)
    x = np.where(np.arange(2000) % 2 == 0, 0.0, 10.0)
    made, _ = _run(_stream([(_field("ax", pa.float64(), "m/s2"), x)], t))
    mean = made["thinned"]["ax_mean"].to_numpy()
    assert np.abs(mean[1:-1] - 5.0).max() <= 0.51
    low, high = made["thinned"]["ax_min"].to_numpy(), made["thinned"]["ax_max"].to_numpy()
    assert np.all((low <= mean) & (mean <= high))


def test_frames_of_several_parts_know_which_recording_holds_them() -> None:
    made, _ = _run(_frames(100, 5, "b.mcap", shift_ns=S), _frames(100, 5, "a.mcap"))
    thinned = made["thinned"]
    assert thinned["part"].to_pylist() == ["a.mcap"] * 5 + ["b.mcap"] * 5
    assert thinned["row"].to_pylist() == [0, 1, 2, 3, 4] * 2


def test_frames_of_streams_without_row_numbers_are_numbered_by_part() -> None:
    parts = [_frames(100, 3, "a.mcap"), _frames(100, 3, "b.mcap", shift_ns=S)]
    bare = [MemoryTable(part.artifact, part.data.drop_columns(["row"]), 2) for part in parts]
    made, _ = _run(*bare)
    assert made["thinned"]["row"].to_pylist() == [0, 1, 2, 0, 1, 2]


def test_frames_that_came_out_of_order_are_sorted() -> None:
    table = _frames(100, 4)
    shuffled = table.data.take(pa.array([2, 0, 3, 1]))
    made, _ = _run(MemoryTable(table.artifact, shuffled))
    assert made["thinned"]["row"].to_pylist() == [0, 1, 2, 3]


def test_every_parent_that_stays_finds_its_children() -> None:
    parent = _stream(
        [(_field("header_stamp_ns", pa.int64(), "ns"), _every(50, 100))],
        _every(50, 100),
        name="/radar",
        topic_class="radar",
    )
    has_children = np.arange(100) % 3 != 0
    child_rows = np.repeat(np.flatnonzero(has_children), 2)
    child = _stream(
        [(_field("x", pa.float64(), "m"), np.zeros(child_rows.size))],
        _every(50, 100)[child_rows],
        name="/radar.tracks",
        topic_class="radar",
        parent="/radar",
    )
    data = child.data.set_column(1, "row", pa.array(child_rows))
    parents, _ = _run(parent)
    children, ctx = _run(MemoryTable(child.artifact, data))
    kept = set(parents["thinned"]["row"].to_pylist())
    assert len(kept) < 60
    rows = children["thinned"]["row"].to_pylist()
    assert all(rows.count(row) == 2 * has_children[row] for row in kept)
    assert "stream_timing" not in children
    assert ctx.accounts[0].dropped == {}


def test_object_lists_keep_every_message() -> None:
    t = _every(20, 100)
    made, _ = _run(
        _stream(
            [(_field("header_frame_id", pa.string()), ["base_link"] * 100)],
            t,
            topic_class="objects",
        )
    )
    assert made["thinned"].num_rows == 100
    assert made["thinned"]["part"].to_pylist() == ["a.mcap"] * 100


def test_raw_can_frames_are_timed_and_not_copied() -> None:
    made, ctx = _run(
        _stream([(_field("data", pa.binary()), [b"1"] * 10)], _every(1, 10), type="can/frames")
    )
    assert set(made) == {"stream_timing"}
    assert ctx.accounts[0].dropped == {"raw_only": 10}


def test_an_empty_stream_makes_empty_tables() -> None:
    made, ctx = _run(_stream([(_field("v", pa.float64(), "m/s"), [])], _every(1, 0)))
    assert made["thinned"].num_rows == 0
    assert made["thinned"].column_names == ["t_ns", "v"]
    assert made["stream_timing"].num_rows == 0
    assert ctx.accounts[0].rows_out == 0


def test_an_empty_stream_of_frames_makes_empty_tables() -> None:
    made, _ = _run(_frames(100, 0))
    assert made["thinned"].column_names == ["t_ns", "row", "format", "part", *FACTS]
    assert made["thinned"].num_rows == 0


def test_one_sample_stays() -> None:
    made, _ = _run(_stream([(_field("v", pa.float64(), "m/s"), [3.0])], _every(1, 1)))
    assert made["thinned"].to_pylist() == [{"t_ns": T0, "v": 3.0}]
    assert made["stream_timing"]["period_ns"][0].as_py() is None


def test_parts_with_other_columns_are_joined_with_null() -> None:
    a = _stream([(_field("v", pa.float32(), "m/s"), [1.0])], _every(100, 1), part="a")
    b = _stream([(_field("w", pa.float64(), "m/s"), [2.0])], _every(100, 1) + S, part="b")
    made, _ = _run(a, b)
    assert made["thinned"]["v"].to_pylist() == [1.0, None]
    assert made["thinned"]["w"].to_pylist() == [None, 2.0]


def test_the_facts_about_a_stream_go_on_to_its_outputs() -> None:
    ctx = RecordingContext()
    table = _stream([(_field("v", pa.float64(), "m/s"), [1.0])], _every(1, 1), recording="a.mcap")
    outputs = made_tables(DOWNSAMPLE.run(ctx, Inputs({"stream": (table,)}), DownsampleParams()))
    for output in outputs:
        assert output.name == "/s"
        assert dict(output.attributes) == {
            "topic": "/s",
            "type": "x/Y",
            "topic_class": "vehicle",
            "clock": "ros",
        }


def test_nothing_comes_of_nothing() -> None:
    assert list(DOWNSAMPLE.run(RecordingContext(), Inputs(), DownsampleParams())) == []


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.integers(0, 60), min_size=0, max_size=120),
    hole=st.integers(0, 5000),
    seed=st.integers(0, 1000),
)
def test_rows_balance_and_order_of_rows_does_not_matter(
    steps: list[int], hole: int, seed: int
) -> None:
    offsets = np.cumsum(np.array([0, *steps], dtype=np.int64))
    offsets[len(offsets) // 2 :] += hole
    t = np.unique(T0 + offsets * MS)
    values = np.sin(np.arange(t.size))
    table = _stream([(_field("v", pa.float64(), "m/s"), values)], t)
    index = np.random.default_rng(seed).permutation(t.size)
    shuffled = MemoryTable(table.artifact, table.data.take(pa.array(index)))
    straight, _ = _run(table)
    mixed, ctx = _run(shuffled)
    assert mixed["thinned"].equals(straight["thinned"])
    assert all(rows >= 0 for rows in ctx.accounts[0].dropped.values())


def test_the_step_says_what_it_needs_and_makes() -> None:
    assert DOWNSAMPLE.makes == ("thinned", "stream_timing", "stamp_models")
    assert list(DOWNSAMPLE.needs) == ["stream"]


def _uncounted(part: MemoryTable) -> MemoryTable:
    """Return a part whose number of rows nobody stated, so that it may be a large one."""
    return replace(part, artifact=replace(part.artifact, rows=None))


def _parts_with_flags(count: int) -> list[MemoryTable]:
    """Two parts that overlap, of messages with flags, late stamps and values to be blanked."""
    rng = np.random.default_rng(5)
    parts = []
    for name, shift_ms in (("a.mcap", 0), ("b.mcap", count - 100)):
        t = _every(1, count) + shift_ms * MS
        stamped = t - (rng.uniform(1, 8, count) * MS).astype(np.int64)
        fields = [
            (_field("header_stamp_ns", pa.int64(), "ns"), stamped),
            (_field("GNSS_Valid", pa.int64()), rng.integers(0, 2, count)),
            (_field("accel_x", pa.float64(), "m/s2"), rng.normal(size=count)),
            (_field("latitude", pa.float64(), "deg"), rng.normal(size=count)),
            (_field("status_status", pa.int64()), rng.integers(-1, 2, count)),
        ]
        parts.append(_stream(fields, t, part=name, type="sensor_msgs/msg/NavSatFix"))
    return parts


def test_a_stream_too_large_to_hold_comes_out_the_same() -> None:
    parts = _parts_with_flags(3000)
    whole, whole_ctx = _run(*parts)
    chunked, chunked_ctx = _run(*map(_uncounted, parts))
    assert chunked.keys() == whole.keys()
    assert all(chunked[name].equals(whole[name], check_metadata=True) for name in whole)
    assert chunked_ctx.facts == whole_ctx.facts
    assert whole_ctx.facts["unusable_values"]
    assert chunked_ctx.accounts == [replace(one, rows_in=None) for one in whole_ctx.accounts]


def test_a_large_stream_is_never_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    part = _stream([(_field("v", pa.float64(), "m/s"), np.arange(500.0))], _every(1, 500))
    expected, _ = _run(part)
    monkeypatch.setattr(downsample, "_WHOLE_VALUES", 999)
    part.asked.clear()
    with monkeypatch.context() as patched:
        patched.delattr(MemoryTable, "read")
        made, ctx = _run(part)
    assert made["thinned"].equals(expected["thinned"])
    assert ctx.accounts[0].rows_in == 500
