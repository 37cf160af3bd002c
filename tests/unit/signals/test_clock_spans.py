"""What was modelled of each clock, on the reference clock."""

import pyarrow as pa
import pytest

from avdataops.ports.detecting import ClockSpan
from avdataops.signals.clock_spans import clock_spans
from avdataops.tables.kinds import kind

S = 1_000_000_000
T0 = 1_760_000_000 * S
DRIVE = (T0 - S, T0 + 100 * S)


def _models(*rows: dict[str, object]) -> pa.Table:
    same = {"clock": "stamps", "stream": "/lidar", "reference": "ros", "method": "one_way"}
    return pa.Table.from_pylist([same | row for row in rows], schema=kind("clock_models").schema)


def _quality(offset_ms: float | None) -> pa.Table:
    row = {"t_ns": T0, "stream": "/lidar", "offset_ms": offset_ms}
    return pa.Table.from_pylist([row], schema=kind("sync_quality").schema)


def _piece(start_s: int, segment: int | None, **facts: object) -> dict[str, object]:
    span = {"t_ns": T0 + start_s * S, "stop_ns": T0 + (start_s + 10) * S, "segment": segment}
    return span | {"skew_ppm": 5.0} | facts


def test_pieces_of_stamps_are_moved_to_the_reference_clock() -> None:
    found = clock_spans(_models(_piece(0, 0)), _quality(-2000.0), DRIVE)
    expected = ClockSpan(start_ns=T0 - 2 * S, stop_ns=T0 + 8 * S, skew_ppm=5.0)
    assert found == {"/lidar": (expected,)}


def test_a_new_segment_begins_with_a_step_and_a_new_piece_does_not() -> None:
    models = _models(_piece(20, 1, step_ms=-50.0), _piece(10, 0), _piece(0, 0), _piece(30, 2))
    spans = clock_spans(models, _quality(0.0), DRIVE)["/lidar"]
    assert [(one.stepped, one.step_ms) for one in spans] == [
        (False, None),
        (False, None),
        (True, -50.0),
        (True, None),
    ]


def test_a_refused_piece_has_no_rate() -> None:
    models = _models(_piece(0, 0, skew_ppm=None, refused="too_few_samples (3)"))
    (span,) = clock_spans(models, _quality(0.0), DRIVE)["/lidar"]
    assert span.skew_ppm is None


@pytest.mark.parametrize("offset_ms", [None, 0.0])
def test_a_stream_without_pieces_or_without_a_place_has_no_spans(offset_ms: float | None) -> None:
    segment = 0 if offset_ms is None else None
    assert clock_spans(_models(_piece(0, segment)), _quality(offset_ms), DRIVE) == {}


def test_a_recorders_model_holds_for_the_whole_drive() -> None:
    row = {"t_ns": T0, "clock": "mdf", "stream": None, "method": "yaw_rate", "skew_ppm": -12.0}
    found = clock_spans(_models(row), None, DRIVE)
    assert found == {"mdf": (ClockSpan(start_ns=DRIVE[0], stop_ns=DRIVE[1], skew_ppm=-12.0),)}


def test_the_reference_and_refused_clocks_have_no_model() -> None:
    row = {"t_ns": T0, "clock": "ros", "stream": None, "method": "reference"}
    assert clock_spans(_models(row), None, DRIVE) == {}


def test_without_tables_nothing_is_known() -> None:
    assert clock_spans(None, None, DRIVE) == {}
