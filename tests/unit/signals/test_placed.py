"""Streams with their timing, placed on the reference clock."""

import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.errors import ConfigError
from avdataops.signals.clocks import ClockModel
from avdataops.signals.gridding import Limits
from avdataops.signals.placed import (
    PlacedStream,
    TimedStream,
    assume_common,
    reference_of,
    ties_of,
    timed_streams,
)
from avdataops.signals.stream_timing import StreamTiming, measure
from avdataops.signals.ties import Tie, reference_tie
from avdataops.testing.step_tables import MemoryTable, memory_table

MS = 1_000_000
S = 1_000_000_000
LATER = Tie(
    clock="mdf",
    method="yaw_rate",
    model=ClockModel(
        t0_ns=0,
        offset_ns=40 * MS,
        skew_ppm=0.0,
        residual_p50_ms=0.0,
        residual_p95_ms=0.0,
        sigma_ms=1.0,
        points=1,
    ),
)


def _timing(name: str, t: np.ndarray, clock: str = "ros", kind: str = "vehicle") -> StreamTiming:
    found = measure(name, kind, clock, [t])
    assert found is not None
    return found


def _table(name: str, t: np.ndarray, columns: dict[str, object], **attributes: str) -> MemoryTable:
    data = pa.table({"t_ns": pa.array(t)} | columns)
    fields = [field.with_metadata({"source": field.name, "unit": "m/s"}) for field in data.schema]
    return memory_table(
        data.cast(pa.schema(fields)),
        kind="thinned",
        name=name,
        attributes={"type": "can/V", "clock": "ros"} | attributes,
    )


def _stream(t: np.ndarray, **columns: object) -> TimedStream:
    return TimedStream(_table("s", t, columns), _timing("s", t))


T = np.arange(50, dtype=np.int64) * 20 * MS


def test_streams_have_messages_of_their_own_and_come_by_name() -> None:
    tables = [
        _table("b", T, {}),
        _table("a", T, {}),
        _table("a.child", T, {}, parent="a"),
        _table("untimed", T, {}),
    ]
    timings = {name: _timing(name, T) for name in ("a", "b", "a.child")}
    assert [stream.name for stream in timed_streams(tables, timings)] == ["a", "b"]


def test_a_stream_is_read_by_its_matches_and_only_where_needed() -> None:
    stream = _stream(T, VehicleSpeed=np.full(50, 3.0), other=np.zeros(50))
    (match,) = stream.matches
    assert stream.read(match).x.tolist() == [3.0] * 50
    assert isinstance(stream.table, MemoryTable)
    assert stream.table.asked == [("t_ns", "VehicleSpeed")]


def test_the_reference_is_the_wanted_clock_else_that_of_the_best_score() -> None:
    scores = {"mdf": 0.4, "ros": 0.9, "tdms": 0.2}
    assert reference_of(scores, "") == "ros"
    assert reference_of(scores, "tdms") == "tdms"
    assert reference_of({}, "") is None


def test_the_wanted_reference_clock_must_be_in_use() -> None:
    with pytest.raises(ConfigError, match="no clock 'mfd' in this measurement; did you mean 'mdf'"):
        reference_of({"mdf": 0.4, "tdms": 0.2}, "mfd")


def test_a_single_clock_is_tied_without_reading_anything() -> None:
    stream = _stream(T, VehicleSpeed=np.zeros(50))
    ties = ties_of((stream,), [stream.timing], "ros", max_lag_s=1.0)
    assert ties == {"ros": reference_tie("ros")}
    assert isinstance(stream.table, MemoryTable)
    assert stream.table.asked == []


def test_clocks_are_compared_by_the_preferred_source_of_each() -> None:
    t = np.arange(3000, dtype=np.int64) * 20 * MS
    speed = 10 + 5 * np.sin(t / S / 3) + 3 * np.sin(t / S / 1.1)
    good = TimedStream(_table("good", t, {"VehicleSpeed": speed}), _timing("good", t))
    worse = TimedStream(_table("worse", t, {"x_VehicleSpeed": speed * 0}), _timing("worse", t))
    named = TimedStream(_table("xworse", t, {"a.VehicleSpeed": speed * 0}), _timing("xworse", t))
    other = TimedStream(
        _table("other", t + S, {"VehicleSpeed": speed}, clock="mdf"),
        _timing("other", t + S, "mdf"),
    )
    streams = (good, named, other, worse)
    ties = ties_of(streams, [s.timing for s in streams], "ros", max_lag_s=5.0)
    assert ties["mdf"].method == "speed"
    offset = ties["mdf"].offset_ms(30 * S)
    assert offset is not None
    assert abs(offset + 1000) < 25


def test_refused_clocks_are_assumed_common_only_where_recordings_overlap() -> None:
    refused = Tie(clock="mdf", method="none", refused="straight")
    ties = {"ros": reference_tie("ros"), "mdf": refused}
    ours = _timing("a", T)
    near = assume_common(ties, [ours, _timing("b", T + 10 * MS, "mdf")])
    assert near["mdf"].assumed
    assert near["mdf"].refused == "straight"
    far = assume_common(ties, [ours, _timing("b", T + 3600 * S, "mdf")])
    assert not far["mdf"].assumed
    assert far["ros"] == ties["ros"]


def test_stretches_and_values_move_with_the_clock() -> None:
    placed = PlacedStream(_stream(T, VehicleSpeed=np.arange(50.0)), LATER)
    assert placed.stretches.tolist() == [[40 * MS, 40 * MS + 49 * 20 * MS + 1]]
    table = placed.on_own_grid(50.0, Limits())
    assert table["t_ns"][0].as_py() == 40 * MS
    assert table["VehicleSpeed"].to_pylist() == list(np.arange(50.0))
    (match,) = placed.stream.matches
    offer = placed.offer(match, placed.stream.read(match), np.array([0, 40, 60]) * MS, Limits())
    assert np.array_equal(offer.values, [np.nan, 0.0, 1.0], equal_nan=True)


def test_slow_streams_are_told_from_fast_ones() -> None:
    limits = Limits()
    slow = np.arange(5, dtype=np.int64) * 3 * S
    assert PlacedStream(_stream(T, v=np.zeros(50)), LATER).is_fast_enough(limits)
    assert not PlacedStream(_stream(slow, v=np.zeros(5)), LATER).is_fast_enough(limits)
    assert PlacedStream(_stream(slow[:1], v=np.zeros(1)), LATER).is_fast_enough(limits)


def _frames(kind: str, type_name: str, **columns: object) -> PlacedStream:
    table = _table("/c", T, {"row": np.arange(50)} | columns, type=type_name)
    return PlacedStream(TimedStream(table, _timing("/c", T, "ros", kind)), reference_tie("ros"))


def test_frames_are_those_of_sensors_with_a_place_in_the_raw_zone() -> None:
    part = ["a"] * 50
    found = _frames("camera", "sensor_msgs/msg/Image", part=part).frames()
    assert found is not None
    assert (found.stream, found.topic_class, found.t.size) == ("/c", "camera", 50)
    assert _frames("camera", "sensor_msgs/msg/CameraInfo", part=part).frames() is None
    assert _frames("objects", "x/TrackedObjects", part=part).frames() is None
    assert _frames("lidar", "sensor_msgs/msg/Imu").frames() is None


def test_streams_with_a_place_in_the_raw_zone_are_no_signals() -> None:
    assert not _frames("camera", "x/Y", part=["a"] * 50).is_signals
    assert PlacedStream(_stream(T, v=np.zeros(50)), LATER).is_signals
    assert not PlacedStream(_stream(T, note=["a"] * 50), LATER).is_signals
