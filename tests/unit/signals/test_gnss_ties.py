"""Clocks tied to UTC, and by UTC to each other."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.clocks import ClockModel, Refusal
from avdataops.signals.gnss_ties import GnssClock, gnss_clocks, on_utc, tied_by_gnss
from avdataops.signals.placed import TimedStream
from avdataops.signals.stream_timing import measure
from avdataops.signals.ties import Tie, reference_tie
from avdataops.testing.step_tables import memory_table

MS = 1_000_000
S = 1_000_000_000
T0 = 1_760_000_000 * S


def _model(offset_ms: float, skew_ppm: float = 0.0) -> ClockModel:
    return ClockModel(
        t0_ns=T0,
        offset_ns=round(offset_ms * MS),
        skew_ppm=skew_ppm,
        residual_p50_ms=1.0,
        residual_p95_ms=2.0,
        sigma_ms=None,
        points=100,
    )


def _stream(name: str, clock: str, ahead_s: float, count: int, kind: str) -> TimedStream:
    utc = T0 + np.arange(count, dtype=np.int64) * S
    t = utc + round(ahead_s * S)
    field = pa.field("time_ref_ns", pa.int64(), metadata={"source": "time_ref", "unit": "ns"})
    schema = pa.schema([pa.field("t_ns", pa.int64()), field])
    data = pa.Table.from_arrays([pa.array(t), pa.array(utc)], schema=schema)
    table = memory_table(data, kind="thinned", name=name, attributes={"type": kind, "clock": clock})
    timing = measure(name, "gnss", clock, [t])
    assert timing is not None
    return TimedStream(table, timing)


TIME = "sensor_msgs/msg/TimeReference"


def test_each_clock_has_the_stream_that_tells_most_often() -> None:
    streams = [
        _stream("/a", "ros", 1.0, 100, TIME),
        _stream("/b", "ros", 2.0, 200, TIME),
        _stream("/c", "mdf", 5.5, 100, TIME),
        _stream("/d", "mdf", 9.0, 900, "sensor_msgs/msg/Imu"),
    ]
    found = gnss_clocks(streams)
    assert {clock: one.stream for clock, one in found.items()} == {"mdf": "/c", "ros": "/b"}
    models = [found[clock].found for clock in ("ros", "mdf")]
    assert [m.offset_ns for m in models if isinstance(m, ClockModel)] == [-2 * S, -5500 * MS]


def test_a_stream_with_too_little_time_is_a_refusal() -> None:
    found = gnss_clocks([_stream("/a", "ros", 1.0, 10, TIME)])["ros"].found
    assert isinstance(found, Refusal)
    assert found.reason == "too_few_samples"


def test_without_such_streams_nothing_is_known() -> None:
    assert gnss_clocks([_stream("/d", "mdf", 9.0, 900, "sensor_msgs/msg/Imu")]) == {}


REFUSED = Tie(clock="mdf", method="none", refused="yaw_rate: no_excitation")


def test_a_clock_that_no_motion_tied_is_tied_over_utc() -> None:
    known = {
        "ros": GnssClock("ros", "/a", _model(-1000.0)),
        "mdf": GnssClock("mdf", "/b", _model(-5500.0)),
    }
    ties = tied_by_gnss({"ros": reference_tie("ros"), "mdf": REFUSED}, known, "ros")
    assert (ties["mdf"].method, ties["mdf"].refused) == ("gnss_time", None)
    assert ties["mdf"].offset_ms(T0) == pytest.approx(-4500.0)
    assert ties["ros"] == reference_tie("ros")


def test_a_tie_by_motion_is_better_than_one_over_utc() -> None:
    known = {
        "ros": GnssClock("ros", "/a", _model(-1000.0)),
        "mdf": GnssClock("mdf", "/b", _model(-5500.0)),
    }
    moved = Tie(clock="mdf", method="yaw_rate", model=_model(-4490.0))
    assert tied_by_gnss({"mdf": moved}, known, "ros") == {"mdf": moved}


@pytest.mark.parametrize("missing", ["ros", "mdf"])
def test_both_sides_must_know_utc(missing: str) -> None:
    known = {
        "ros": GnssClock("ros", "/a", _model(-1000.0)),
        "mdf": GnssClock("mdf", "/b", _model(-5500.0)),
    }
    ties = {"ros": reference_tie("ros"), "mdf": REFUSED}
    refused = Refusal("clock_stepped", "it stepped")
    assert (
        tied_by_gnss(ties, known | {missing: replace(known[missing], found=refused)}, "ros") == ties
    )
    del known[missing]
    assert tied_by_gnss(ties, known, "ros") == ties


def test_all_ties_go_on_to_utc() -> None:
    ties = {
        "ros": reference_tie("ros"),
        "mdf": Tie(clock="mdf", method="yaw_rate", model=_model(300.0)),
        "tdms": replace(REFUSED, clock="tdms"),
        "can": replace(REFUSED, clock="can", assumed=True),
    }
    found = on_utc(ties, _model(-5600.0))
    offsets = {clock: tie.offset_ms(T0) for clock, tie in found.items()}
    assert offsets == {"ros": -5600.0, "mdf": -5300.0, "tdms": None, "can": -5600.0}
    methods = {clock: tie.method for clock, tie in found.items()}
    assert methods == {"ros": "gnss_time", "mdf": "yaw_rate", "tdms": "none", "can": "none"}
    assert found["tdms"] == ties["tdms"]
